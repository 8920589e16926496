"""Who may be contacted, by every account, spelling and moment: the ledger and the profiles as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from liuke.app.addresses import ShopAddressBook, ShopPermissions
from liuke.collect.consent import ConsentLedger, ConsentRecord, SuppressionList
from liuke.collect.identity import ProfileBook, ProfileRecord
from liuke.store.operations import FieldCipher, Operations

NOON = datetime(2026, 10, 5, 12)
LATER = NOON + timedelta(days=9)
CIPHER = FieldCipher(b"k" * 32)


@dataclass
class Identities:
    """An identity map that the test sets: identity to customer."""

    owner: dict[int, int] = field(default_factory=dict)

    def persons(self, identity_ids: Iterable[int]) -> dict[int, int]:
        return {one: self.owner.get(one, one) for one in identity_ids}

    def of(self, customer_ids: Iterable[int]) -> dict[int, list[int]]:
        found = {}
        for customer in customer_ids:
            person = self.owner.get(customer, customer)
            found[customer] = [
                customer,
                *sorted({person, *(i for i, c in self.owner.items() if c == person)} - {customer}),
            ]
        return found


class Desk:
    def __init__(self, operations: Operations) -> None:
        self.operations, self.identities = operations, Identities()
        book = ProfileBook(CIPHER)
        self.book, self.addresses = book, ShopAddressBook(book, self.identities)
        self.permissions = ShopPermissions(ConsentLedger(), SuppressionList(CIPHER), book, self.identities)

    def account(self, identity_id: int, email: str, *said: tuple[bool, datetime]) -> None:
        with self.operations.begin() as connection:
            self.book.record(connection, [ProfileRecord(1, identity_id, identity_id, NOON, email=email)])
            rows = [ConsentRecord(identity_id, "marketing", "email", yes, "", at, at) for yes, at in said]
            ConsentLedger().record(connection, rows)

    def mailable(self, *customers: int) -> set[int]:
        with self.operations.read() as connection:
            allowed = self.permissions.may_contact(connection, customers, "marketing", "email", LATER)
            recipients = self.addresses.look_up(connection, list(allowed), "email")
            barred = {*self.permissions.suppressed(connection, recipients, "email")}
            barred |= {*self.permissions.refused_inboxes(connection, recipients, "marketing", "email", LATER)}
        return set(recipients) - barred


@pytest.fixture
def desk(tmp_path: object) -> Desk:
    operations = Operations(f"sqlite:///{tmp_path}/operations.db")
    operations.create_all()
    return Desk(operations)


YES, NO = (True, NOON), (False, NOON + timedelta(days=1))


def test_a_refusal_counts_for_the_inbox_whatever_account_is_meant(desk: Desk) -> None:
    for customer in range(1, 7):
        desk.account(customer, "office@x.cn" if customer % 2 else " Office@X.CN", YES, *([NO] if customer == 3 else []))
    desk.account(7, "own@x.cn", YES)
    assert desk.mailable(*range(1, 8)) == {7}


def test_a_person_joined_of_several_accounts_has_one_last_word(desk: Desk) -> None:
    desk.account(1, "a@x.cn", YES, NO)
    desk.account(2, "a@x.cn", (True, NOON + timedelta(days=2)))
    assert desk.mailable(1, 2) == set()  # two persons, one of whom said no
    desk.identities.owner = {2: 1}
    assert desk.mailable(1, 2) == {1, 2}  # one person, who said yes again


def test_a_message_planned_before_the_accounts_were_joined_is_the_joined_persons(desk: Desk) -> None:
    desk.account(1, "a@x.cn", YES, NO)
    desk.account(2, "b@x.cn", YES)
    assert desk.mailable(2) == {2}
    desk.identities.owner = {2: 1}
    assert desk.mailable(2) == set()
    desk.identities.owner = {}
    assert desk.mailable(2) == {2}


def test_an_address_that_refused_stays_closed_when_its_holder_is_joined_to_somebody_who_agrees(desk: Desk) -> None:
    desk.account(1, "a@x.cn", YES, NO)
    desk.account(2, "b@x.cn", (True, NOON + timedelta(days=2)))
    desk.identities.owner = {2: 1}
    with desk.operations.begin() as connection:  # the latest address of the two is the one that refused
        again = ProfileRecord(2, 1, 1, NOON + timedelta(days=3), email="a@x.cn")
        desk.book.record(connection, [again])
    assert desk.mailable(1) == set()


def test_a_list_of_bare_addresses_closes_inboxes_that_no_link_joins(desk: Desk) -> None:
    desk.account(1, "a@x.cn", YES)
    with desk.operations.begin() as connection:
        (itself,) = desk.book.holders(connection, "email", ["A@x.cn"])["A@x.cn"] - {1}
        ConsentLedger().record(connection, [ConsentRecord(itself, "marketing", "E-Mail", False, "", NOON, NOON)])
    assert desk.mailable(1) == set()


@pytest.mark.parametrize("spelt", ["a@x.cn", "A@X.cn ", "ａ＠x.cn"])
def test_a_suppressed_address_is_closed_in_any_spelling(desk: Desk, spelt: str) -> None:
    desk.account(1, "A@x.cn", YES)
    desk.account(2, "b@x.cn", YES)
    with desk.operations.begin() as connection:
        desk.permissions.suppress(connection, "email", [spelt, "none", "***"], "hard_bounce", NOON)
    assert desk.mailable(1, 2) == {2}


@pytest.mark.parametrize("no_address", ["none", "w***@example.com", "a", "-"])
def test_what_is_no_address_is_not_written_to(desk: Desk, no_address: str) -> None:
    desk.account(1, no_address, YES)
    assert desk.mailable(1) == set()
