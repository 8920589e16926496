"""Joins the outbox's questions about customers to what `collect` knows of identities: addresses and permissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from liuke.app.languages import CustomerLanguages
from liuke.collect.consent import ConsentLedger, SuppressionList
from liuke.collect.identity import ProfileBook
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
        self._parts: dict[int, list[int]] | None = None

    def of(self, customer_ids: Collection[int]) -> dict[int, list[int]]:
        """Return each customer's identities, its own id first."""
        if self._parts is None:
            merged = self._lake.arrow("identity_map") if self._lake.exists("identity_map") else None
            self._parts = defaultdict(list)
            if merged is not None:
                pairs = zip(merged["identity_id"].to_pylist(), merged["customer_id"].to_pylist(), strict=True)
                for identity_id, customer_id in pairs:
                    self._parts[customer_id].append(identity_id)
        return {customer: [customer, *sorted(self._parts.get(customer, ()))] for customer in customer_ids}


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
        parts = self._identities.of(customer_ids)
        found = self._profiles.look_up(connection, parts, unmasked=True)
        recipients = {}
        for customer, profile in found.items():
            address = getattr(profile, field)
            if address:
                language = self._languages.of(parts[customer]) if self._languages else ""
                recipients[customer] = Recipient(address, language, variables={"name": profile.name or ""})
        return recipients


class ShopPermissions:
    """Who may be contacted: the ``Permissions`` that outreach asks for.

    A customer who is several identities may be contacted if the latest word of any of them is a yes.
    """

    def __init__(self, ledger: ConsentLedger, suppressions: SuppressionList, identities: CustomerIdentities) -> None:
        self._ledger = ledger
        self._suppressions = suppressions
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
            said = [words[identity] for identity in identities if identity in words]
            latest = max((occurred_at for _, occurred_at in said), default=None)
            # of several words at one instant a refusal counts
            if latest is not None and all(granted for granted, occurred_at in said if occurred_at == latest):
                allowed.append(customer)
        return allowed

    def suppressed(
        self, connection: sa.Connection, recipients: Mapping[int, Recipient], channel: str
    ) -> Collection[int]:
        """Return the customers whose address or identity must not be contacted."""
        parts = self._identities.of(recipients.keys())
        names = {str(identity) for identities in parts.values() for identity in identities}
        barred_names = self._suppressions.contains(connection, "identity", names, channel)
        addresses = {recipient.address for recipient in recipients.values()}
        kind = _FIELD_OF_CHANNEL.get(channel, channel)
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
        self._suppressions.add(connection, kind, addresses, reason=reason, since=since)

    @staticmethod
    def _customers(parts: Mapping[int, list[int]], allowed: Collection[int]) -> list[int]:
        return [customer for customer, identities in parts.items() if any(one in allowed for one in identities)]
