"""The book of profiles: personal values by identity, sealed at rest, masked on the way out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from liuke.collect.identity.contracts import PERSONAL_FIELDS, Profile, ProfileRecord
from liuke.collect.identity.masking import masked
from liuke.collect.identity.normal import normal_value
from liuke.collect.identity.tables import profiles
from liuke.store.operations import FieldCipher

INDEXED = ("phone", "email", "member_no")
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
            Every identity that belongs to the customer, the customer's own among them.
        unmasked : bool
            Whether values come in the clear; whoever asks for that writes it into the audit chain.

        Returns
        -------
        dict of customer id to Profile
            Customers without any profile row are left out. Of several rows the latest recorded value counts.
        """
        owner = {identity: customer for customer, identities in customers.items() for identity in identities}
        found: dict[int, dict[str, str]] = {}
        for row in self._rows(connection, sorted(owner)):
            values = found.setdefault(owner[row.identity_id], {})
            for field in PERSONAL_FIELDS:
                sealed = getattr(row, field)
                if sealed is not None and field not in values:
                    clear = self._cipher.open(sealed)
                    values[field] = clear if unmasked else masked(field, clear)
        return {customer: Profile(**values) for customer, values in found.items()}

    def find(self, connection: sa.Connection, value: str) -> list[int]:
        """Return the identities that have exactly this phone number, e-mail address or member number, sorted."""
        matches = [
            profiles.c[f"{field}_index"] == self._cipher.blind_index(field, normal_value(field, value))
            for field in INDEXED
        ]
        query = sa.select(profiles.c.identity_id).where(sa.or_(*matches), profiles.c.superseded_at.is_(None))
        return sorted(set(connection.execute(query).scalars()))

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
        for field in INDEXED:
            value = getattr(row, field)
            values[f"{field}_index"] = self._cipher.blind_index(field, normal_value(field, value)) if value else None
        return values

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
