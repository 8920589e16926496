"""The book of profiles: personal values by identity, sealed at rest, masked on the way out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from liuke.collect.identity.contracts import PERSONAL_FIELDS, Inbox, Profile, ProfileRecord
from liuke.collect.identity.masking import masked
from liuke.collect.identity.normal import keys_of, normal_field, personal_identity
from liuke.collect.identity.tables import profiles
from liuke.store.operations import FieldCipher

INDEXED = ("name", "phone", "email", "member_no")
NO_KEY = ""  # in an index column: the row has no value that is a key; NULL is a row that was never indexed
ROWS_PER_STATEMENT = 5_000
IDS_PER_QUERY = 5_000  # SQLite allows 32,766 variables in a statement


class ProfileBook:
    """Keeps and finds personal values. Holds no connection: every call works on the caller's transaction.

    Parameters
    ----------
    cipher : FieldCipher
    """

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def record(self, connection: sa.Connection, rows: Iterable[ProfileRecord]) -> int:
        """Seal and keep profile rows; return how many."""
        written = 0
        sealed = map(self._sealed, rows)
        while chunk := list(islice(sealed, ROWS_PER_STATEMENT)):
            connection.execute(sa.insert(profiles), chunk)
            written += len(chunk)
        return written

    def supersede(self, connection: sa.Connection, load_ids: Collection[int], at: datetime) -> None:
        """Stop showing the rows of loads that a corrected file replaces."""
        connection.execute(
            sa.update(profiles)
            .where(profiles.c.load_id.in_(sorted(load_ids)), profiles.c.superseded_at.is_(None))
            .values(superseded_at=at)
        )

    def look_up(
        self, connection: sa.Connection, customers: Mapping[int, Sequence[int]], *, unmasked: bool = False
    ) -> dict[int, Profile]:
        """Return the profile of each customer.

        Parameters
        ----------
        customers : mapping of customer id to identity ids
            Every identity that belongs to the customer, the customer's own among them; one may belong to several, such
            as to a customer and to the one that it was joined to.
        unmasked : bool
            Whether values come in the clear; whoever asks for that writes it into the audit chain.

        Returns
        -------
        dict of customer id to Profile
            Customers without any profile row are left out. Of several rows the latest recorded value counts.
        """
        owners: dict[int, list[int]] = {}
        for customer, identities in customers.items():
            for identity in identities:
                owners.setdefault(identity, []).append(customer)
        found: dict[int, dict[str, str]] = {}
        for row in self._rows(connection, sorted(owners)):
            for customer in owners[row.identity_id]:
                values = found.setdefault(customer, {})
                for field in PERSONAL_FIELDS:
                    sealed = getattr(row, field)
                    if sealed is not None and field not in values:
                        clear = self._cipher.open(sealed)
                        values[field] = clear if unmasked else masked(field, clear)
        return {customer: Profile(**values) for customer, values in found.items()}

    def find(self, connection: sa.Connection, value: str) -> list[int]:
        """Return the identities that have exactly this name, phone, e-mail or member number in any spelling, sorted."""
        asked = {field: self._key(field, value) for field in INDEXED}
        matches = [profiles.c[f"{field}_index"] == key for field, key in asked.items() if key != NO_KEY]
        if not matches:
            return []
        query = sa.select(profiles.c.identity_id).where(sa.or_(*matches), profiles.c.superseded_at.is_(None))
        return sorted(set(connection.execute(query).scalars()))

    def inboxes(self, field: str, addresses: Collection[str]) -> dict[str, Inbox]:
        """Return the inbox that each address is, of those that are addresses at all."""
        keys = keys_of(field, addresses)
        return {address: Inbox(key, self._cipher.blind_index(field, key)) for address, key in keys.items()}

    def holders(self, connection: sa.Connection, field: str, addresses: Collection[str]) -> dict[str, set[int]]:
        """Return for each address the identities that speak for it.

        Those are every record that ever had the address, corrected ones too, and the address itself, under which a list
        of addresses without member numbers speaks.

        Parameters
        ----------
        field
            ``email`` or ``phone``.
        addresses
            In any spelling; what is no address has no holders.
        """
        found = {
            address: {personal_identity(self._cipher.pepper, field, key)}
            for address, key in keys_of(field, addresses).items()
        }
        by_hash: dict[str, list[str]] = {}
        for address, inbox in self.inboxes(field, addresses).items():
            by_hash.setdefault(inbox.key, []).append(address)
        index, hashes = profiles.c[f"{field}_index"], sorted(by_hash)
        for start in range(0, len(hashes), IDS_PER_QUERY):
            query = sa.select(index, profiles.c.identity_id).where(index.in_(hashes[start : start + IDS_PER_QUERY]))
            for inbox, identity_id in connection.execute(query.distinct()):
                for address in by_hash[inbox]:
                    found[address].add(identity_id)
        return found

    def index_missing(self, connection: sa.Connection) -> int:
        """Index rows that a version before this one wrote, by what is a key today; return how many."""
        old = sa.select(profiles).where(profiles.c.name_index.is_(None)).limit(ROWS_PER_STATEMENT)
        place = (profiles.c.load_id == sa.bindparam("load"), profiles.c.row_number == sa.bindparam("row"))
        statement = sa.update(profiles).where(*place)
        indexed = 0
        while rows := connection.execute(old).all():
            values = [
                {"load": row.load_id, "row": row.row_number, **self._indexes(self._opened(row, INDEXED))}
                for row in rows
            ]
            connection.execute(statement.values({name: sa.bindparam(name) for name in self._indexes({})}), values)
            indexed += len(rows)
        return indexed

    def _opened(self, row: sa.Row[Any], fields: Iterable[str]) -> dict[str, str]:
        sealed = ((field, getattr(row, field)) for field in fields)
        return {field: self._cipher.open(value) for field, value in sealed if value is not None}

    def _key(self, field: str, value: str | None) -> str:
        key = normal_field(field, value) if value else None
        return self._cipher.blind_index(field, key) if key is not None else NO_KEY

    def _indexes(self, values: Mapping[str, str | None]) -> dict[str, str]:
        return {f"{field}_index": self._key(field, values.get(field)) for field in INDEXED}

    def _sealed(self, row: ProfileRecord) -> dict[str, object]:
        values: dict[str, object] = {
            "load_id": row.load_id,
            "row_number": row.row_number,
            "identity_id": row.identity_id,
            "recorded_at": row.recorded_at,
        }
        for field in PERSONAL_FIELDS:
            value = getattr(row, field)
            values[field] = self._cipher.seal(value) if value else None
        return values | self._indexes({field: getattr(row, field) for field in INDEXED})

    def _rows(self, connection: sa.Connection, identity_ids: Sequence[int]) -> Iterator[sa.Row[tuple[object, ...]]]:
        """Yield visible rows of the identities, the latest recorded first within each query."""
        for start in range(0, len(identity_ids), IDS_PER_QUERY):
            query = (
                sa.select(profiles)
                .where(
                    profiles.c.identity_id.in_(identity_ids[start : start + IDS_PER_QUERY]),
                    profiles.c.superseded_at.is_(None),
                )
                .order_by(profiles.c.recorded_at.desc(), profiles.c.load_id, profiles.c.row_number.desc())
            )
            yield from connection.execute(query)
