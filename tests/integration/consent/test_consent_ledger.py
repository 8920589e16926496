"""The last word of each person counts; without a word there is no marketing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from liuke.collect.consent import (
    ANY_CHANNEL,
    ConsentError,
    ConsentLedger,
    ConsentRecord,
    SuppressionList,
    consents,
    suppressions,
)
from liuke.store.operations import FieldCipher, Operations

NOON = datetime(2026, 10, 5, 12)
LEDGER = ConsentLedger()


def said(identity_id: int, granted: bool, at: datetime = NOON, channel: str = "email", **changes) -> ConsentRecord:
    record = ConsentRecord(identity_id, "marketing", channel, granted, "2026-01", at, at, "sign-up form")
    return replace(record, **changes)


def ask(operations: Operations, ids: list[int], *, purpose="marketing", channel="email", at=NOON + timedelta(days=9)):
    with operations.read() as connection:
        return LEDGER.may_contact(connection, ids, purpose, channel, at)


def write(operations: Operations, *rows: ConsentRecord) -> None:
    with operations.begin() as connection:
        assert LEDGER.record(connection, rows) == len(rows)


def test_without_a_record_only_marketing_is_barred(operations):
    assert ask(operations, [1, 2]) == set()
    assert ask(operations, [1, 2], purpose="transactional") == {1, 2}
    assert ask(operations, [1, 2], purpose="safety") == {1, 2}


def test_the_last_statement_stands_whatever_the_order_of_writing(operations):
    later = NOON + timedelta(hours=1)
    write(operations, said(1, False, later), said(1, True), said(2, True, later), said(2, False))
    assert ask(operations, [1, 2]) == {2}


def test_of_two_statements_at_the_same_instant_the_refusal_stands_whatever_the_order_of_writing(operations):
    write(operations, said(1, True), said(1, False), said(2, False), said(2, True), said(3, True), said(3, True))
    assert ask(operations, [1, 2, 3]) == {3}


def test_a_grant_counts_once_it_was_made_and_known_and_a_refusal_at_once(operations):
    write(operations, said(1, True), said(1, False, NOON + timedelta(days=2)))
    write(operations, said(2, True, recorded_at=NOON + timedelta(days=3)), said(3, True, NOON + timedelta(days=3)))
    assert ask(operations, [1, 2, 3], at=NOON + timedelta(days=1)) == set()
    assert ask(operations, [1, 2, 3], at=NOON + timedelta(days=4)) == {2, 3}


@pytest.mark.parametrize(
    ("written", "speaks_for"),
    [
        ("email", {"email"}), ("E-MAIL", {"email"}), ("Ｅｍａｉｌ", {"email"}), ("邮件", {"email"}),
        (" e_mail ", {"email"}),
        ("SMS", {"sms"}), ("短信", {"sms"}), ("*", {"email", "sms"}), ("All", {"email", "sms"}),
        ("全部", {"email", "sms"}),
        ("", {"email", "sms"}), ("carrier pigeon", {"email", "sms"}), ("app", {"email", "sms"}),
    ],
)  # fmt: skip
def test_a_refusal_is_understood_in_any_spelling_and_otherwise_speaks_for_every_medium(operations, written, speaks_for):
    write(operations, said(1, True, channel="*"), said(1, False, NOON + timedelta(days=1), channel=written))
    barred = {channel for channel in ("email", "sms") if not ask(operations, [1], channel=channel)}
    assert barred == speaks_for


def test_a_refusal_that_an_earlier_version_wrote_as_the_source_spelt_it_still_bars(operations):
    write(operations, said(1, True), said(1, False, NOON + timedelta(days=1)))
    with operations.begin() as connection:
        connection.execute(sa.update(consents).where(consents.c.granted.is_(False)).values(channel="E-Mail-Kanal"))
    assert ask(operations, [1]) == set()


def test_a_refusal_for_an_unknown_purpose_is_one_of_marketing(operations):
    write(operations, said(1, True), said(1, False, NOON + timedelta(days=1), purpose="whatever"))
    assert ask(operations, [1]) == set()


def test_what_a_quarantined_row_says_ends_with_its_release_and_isnt_said_twice(operations):
    later = NOON + timedelta(days=1)
    write(operations, said(1, True), said(2, True))
    held = [said(n, False, later, load_id=7, held_row=n) for n in (1, 2)]
    with operations.begin() as connection:
        assert LEDGER.hold(connection, held, 7, later) == 2
        assert LEDGER.hold(connection, [replace(one, occurred_at=later) for one in held], 7, later) == 0
    assert ask(operations, [1, 2]) == set()
    with operations.begin() as connection:
        LEDGER.released(connection, 7, [1], later)
    assert ask(operations, [1, 2]) == {1}


def test_a_corrected_file_ends_what_was_unclear_only_about_those_it_speaks_of(operations):
    later, last = NOON + timedelta(days=1), NOON + timedelta(days=2)
    write(operations, said(1, True), said(2, True), said(3, True))
    with operations.begin() as connection:
        LEDGER.hold(connection, [said(n, False, later, load_id=7, held_row=n) for n in (1, 2, 3)], 7, later)
        LEDGER.record(connection, [said(1, True, load_id=8)])
        LEDGER.record(connection, [said(3, True, later + timedelta(hours=1))])  # given since, in another file
        LEDGER.hold(connection, [said(3, False, last, load_id=8, held_row=3)], 8, last, [7])
        LEDGER.restated(connection, [7], 8, last)
    assert ask(operations, [1, 2, 3]) == {1, 3}


def test_channels_are_apart_and_a_word_for_every_channel_reaches_each(operations):
    write(operations, said(1, True), said(2, True, channel="sms"), said(3, True, channel=ANY_CHANNEL))
    write(operations, said(1, False, NOON + timedelta(days=1), ANY_CHANNEL))
    assert ask(operations, [1, 2, 3]) == {3}
    assert ask(operations, [1, 2, 3], channel="sms") == {2, 3}


def test_more_people_than_fit_into_one_statement(operations):
    write(operations, *(said(n, n % 3 == 0) for n in range(12_000)))
    assert ask(operations, list(range(12_000))) == {n for n in range(12_000) if n % 3 == 0}


def test_a_corrected_load_takes_back_its_grants_but_never_a_refusal(operations):
    write(operations, said(1, True, load_id=7), said(2, False, load_id=7), said(2, True, NOON - timedelta(days=1)))
    with operations.begin() as connection:
        assert LEDGER.supersede(connection, 7, NOON + timedelta(days=2)) == 1
    assert ask(operations, [1, 2]) == set()
    assert ask(operations, [1, 2], at=NOON + timedelta(days=1)) == {1}  # as it was known before the correction


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "spam"},
        {"channel": ""},
        {"channel": "pigeon"},
        {"occurred_at": datetime.fromisoformat("2026-10-05T12:00+08:00")},
    ],
)
def test_a_record_that_cannot_stand_is_refused_and_nothing_is_written(operations, changes):
    with pytest.raises(ConsentError) as caught, operations.begin() as connection:
        LEDGER.record(connection, [said(1, True), said(2, True, **changes)])
    assert caught.value.hint
    assert ask(operations, [1, 2]) == set()


def test_suppression_is_by_channel_or_for_all_and_keeps_the_first_reason(operations):
    people = SuppressionList(FieldCipher(bytes(range(32))))
    with operations.begin() as connection:
        assert people.add(connection, "email", ["a@example.org"], reason="erased", since=NOON) == 1
        assert people.add(connection, "email", ["b@example.org"], reason="bounce", since=NOON, channel="email") == 1
        assert people.add(connection, "email", ["a@example.org"], reason="other", since=NOON) == 0
        asked = ["a@example.org", "b@example.org", "c@example.org"]
        assert people.contains(connection, "email", asked, "email") == {"a@example.org", "b@example.org"}
        assert people.contains(connection, "email", asked, "sms") == {"a@example.org"}
        assert people.contains(connection, "phone", asked, "sms") == set()
        reasons = set(connection.scalars(sa.select(suppressions.c.reason)))
        rows = connection.execute(sa.select(suppressions)).all()
    assert reasons == {"erased", "bounce"}
    assert not any("example" in str(value) for row in rows for value in row)


def test_another_key_gives_other_hashes(operations):
    with operations.begin() as connection:
        SuppressionList(FieldCipher(bytes(range(32)))).add(connection, "phone", ["138"], reason="erased", since=NOON)
        other = SuppressionList(FieldCipher(bytes(range(1, 33))))
        assert other.contains(connection, "phone", ["138"], "sms") == set()
