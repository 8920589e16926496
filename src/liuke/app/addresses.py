"""Joins the outbox's questions about customers to what `collect` knows of identities: addresses and permissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from liuke.app.languages import CustomerLanguages
from liuke.collect.consent import ConsentLedger, SuppressionList
from liuke.collect.identity import ProfileBook, keys_of
from liuke.engage.outreach import Recipient
from liuke.store.lake import Lake

_FIELD_OF_CHANNEL = {"email": "email", "sms": "phone"}


class CustomerIdentities:
    """Which identities each customer is made of, from the published identity map.

    Parameters
    ----------
    lake : Lake
        Its ``identity_map`` is read once, at the first question.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._map: tuple[dict[int, list[int]], dict[int, int]] | None = None

    def of(self, customer_ids: Collection[int]) -> dict[int, list[int]]:
        """Return the identities of each customer's person, its own id first.

        A customer that was joined to another since is that person too: a message planned for it before is its.
        """
        parts, owner = self._read()
        found = {}
        for customer in customer_ids:
            person = owner.get(customer, customer)
            others = {person, *parts.get(person, ())} - {customer}
            found[customer] = [customer, *sorted(others)]
        return found

    def persons(self, identity_ids: Collection[int]) -> dict[int, int]:
        """Return the customer that each identity belongs to."""
        _, owner = self._read()
        return {identity_id: owner.get(identity_id, identity_id) for identity_id in identity_ids}

    def _read(self) -> tuple[dict[int, list[int]], dict[int, int]]:
        if self._map is None:
            merged = self._lake.arrow("identity_map") if self._lake.exists("identity_map") else None
            parts: dict[int, list[int]] = defaultdict(list)
            owner: dict[int, int] = {}
            if merged is not None:
                owner = dict(zip(merged["identity_id"].to_pylist(), merged["customer_id"].to_pylist(), strict=True))
            for identity_id, customer_id in owner.items():
                parts[customer_id].append(identity_id)
            self._map = parts, owner
        return self._map


class ShopAddressBook:
    """Where customers are reached: the ``AddressBook`` that outreach asks for.

    Parameters
    ----------
    languages : CustomerLanguages, optional
        What each reads; without it, everybody's is unknown, which is enough for counting.
    """

    def __init__(
        self, profiles: ProfileBook, identities: CustomerIdentities, languages: CustomerLanguages | None = None
    ) -> None:
        self._profiles = profiles
        self._identities = identities
        self._languages = languages

    def look_up(
        self, connection: sa.Connection, customer_ids: Collection[int], channel: str
    ) -> Mapping[int, Recipient]:
        """Return the recipients that have an address on the medium."""
        field = _FIELD_OF_CHANNEL.get(channel)
        if field is None:
            return {}
        accounts = self._identities.of(customer_ids)
        found = self._profiles.look_up(connection, accounts, unmasked=True)
        written = {customer: getattr(profile, field) for customer, profile in found.items()}
        inboxes = self._profiles.inboxes(field, {address for address in written.values() if address})
        return {
            customer: Recipient(
                address=inboxes[address].address,
                language=self._languages.of(accounts[customer]) if self._languages else "",
                variables={"name": found[customer].name or ""},
                inbox=inboxes[address].key,
                accounts=tuple(accounts[customer]),
            )
            for customer, address in written.items()
            if address in inboxes
        }


class ShopPermissions:
    """Who may be contacted: the ``Permissions`` that outreach asks for.

    A customer who is several identities may be contacted if the latest word of any of them is a yes. An inbox that
    several customers have may be written to only if none of them, by what their accounts with this address said last,
    refused: whoever wrote "never again" doesn't care under which account the next message comes.
    """

    def __init__(
        self,
        ledger: ConsentLedger,
        suppressions: SuppressionList,
        profiles: ProfileBook,
        identities: CustomerIdentities,
    ) -> None:
        self._ledger = ledger
        self._suppressions = suppressions
        self._profiles = profiles
        self._identities = identities

    def may_contact(
        self, connection: sa.Connection, customer_ids: Collection[int], purpose: str, channel: str, at: datetime
    ) -> Collection[int]:
        """Return the customers with a permission that stands at an instant."""
        parts = self._identities.of(customer_ids)
        everyone = [identity for identities in parts.values() for identity in identities]
        if purpose != "marketing":
            return self._customers(parts, self._ledger.may_contact(connection, everyone, purpose, channel, at))
        words = self._ledger.standing(connection, everyone, purpose, channel, at)
        allowed = []
        for customer, identities in parts.items():
            if _last(words[identity] for identity in identities if identity in words):
                allowed.append(customer)
        return allowed

    def refused_inboxes(
        self, connection: sa.Connection, recipients: Mapping[int, Recipient], purpose: str, channel: str, at: datetime
    ) -> Collection[int]:
        """Return the customers whose inbox somebody has refused messages to."""
        field = _FIELD_OF_CHANNEL.get(channel)
        if purpose != "marketing" or field is None:
            return []
        addresses = {recipient.address for recipient in recipients.values()}
        holders = self._profiles.holders(connection, field, addresses)
        everyone = {identity for identities in holders.values() for identity in identities}
        words = self._ledger.standing(connection, everyone, purpose, channel, at)
        persons = self._identities.persons(words)
        refused = set()
        for address, identities in holders.items():
            said: dict[int, list[tuple[bool, datetime]]] = defaultdict(list)
            for identity in identities & words.keys():
                said[persons[identity]].append(words[identity])
            if not all(_last(theirs) for theirs in said.values()):
                refused.add(address)
        return [customer for customer, recipient in recipients.items() if recipient.address in refused]

    def suppressed(
        self, connection: sa.Connection, recipients: Mapping[int, Recipient], channel: str
    ) -> Collection[int]:
        """Return the customers whose address or identity must not be contacted."""
        parts = self._identities.of(recipients.keys())
        names = {str(identity) for identities in parts.values() for identity in identities}
        barred_names = self._suppressions.contains(connection, "identity", names, channel)
        kind = _FIELD_OF_CHANNEL.get(channel, channel)
        addresses = {recipient.address for recipient in recipients.values()}
        barred_addresses = self._suppressions.contains(connection, kind, addresses, channel)
        return [
            customer
            for customer, recipient in recipients.items()
            if recipient.address in barred_addresses or any(str(one) in barred_names for one in parts[customer])
        ]

    def suppress(
        self, connection: sa.Connection, channel: str, addresses: Collection[str], reason: str, since: datetime
    ) -> None:
        """Remember addresses that nothing may be sent to any more."""
        kind = _FIELD_OF_CHANNEL.get(channel, channel)
        keys = set(keys_of(kind, addresses).values())
        self._suppressions.add(connection, kind, keys, reason=reason, since=since, channel=channel)

    @staticmethod
    def _customers(parts: Mapping[int, list[int]], allowed: Collection[int]) -> list[int]:
        return [customer for customer, identities in parts.items() if any(one in allowed for one in identities)]


def _last(words: Iterable[tuple[bool, datetime]]) -> bool:
    """Tell whether the latest of several words is a yes; of words at one instant a no counts, and silence is none."""
    said = list(words)
    latest = max((occurred_at for _, occurred_at in said), default=None)
    return latest is not None and all(granted for granted, occurred_at in said if occurred_at == latest)
