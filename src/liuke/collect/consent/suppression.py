"""Who must never be contacted again, even after everything else about them was deleted.

Only a keyed hash is kept. A plain or salted hash of a phone number could be enumerated in minutes; without the
workspace's key this one says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from liuke.collect.consent.contracts import ANY_CHANNEL
from liuke.collect.consent.tables import suppressions

HASHES_PER_QUERY = 5_000
"""Hashes bound in one statement; SQLite allows 32,766 variables, PostgreSQL 65,535."""


class BlindIndex(Protocol):
    """The part of ``liuke.store.operations.FieldCipher`` that this room needs."""

    def blind_index(self, namespace: str, value: str) -> str:
        """Return the keyed hash of a value, equal for equal values."""
        ...


class SuppressionList:
    """Add subjects and ask for them. A subject is an address or an identity, named by its namespace and value."""

    def __init__(self, cipher: BlindIndex) -> None:
        self._cipher = cipher

    def add(
        self,
        connection: sa.Connection,
        namespace: str,
        values: Iterable[str],
        *,
        reason: str,
        since: datetime,
        channel: str = ANY_CHANNEL,
    ) -> int:
        """Suppress subjects on a channel; one who is on the list already keeps the first reason and date.

        Parameters
        ----------
        namespace
            What the values are: ``email``, ``phone`` or ``identity``.
        values
            Normalised as the sources do it, such as a lower-case e-mail address.
        reason
            A short word: ``unsubscribed``, ``hard_bounce``, ``erased``, ``complaint``.
        since
            UTC instant.

        Returns
        -------
        int
            How many subjects were not on the list before.
        """
        hashes = {self._cipher.blind_index(namespace, value) for value in values}
        new = hashes - self._present(connection, hashes, (channel,))
        rows = [{"subject_hash": h, "channel": channel, "reason": reason, "since": since} for h in sorted(new)]
        if rows:
            connection.execute(sa.insert(suppressions), rows)
        return len(rows)

    def contains(
        self, connection: sa.Connection, namespace: str, values: Iterable[str], channel: str
    ) -> frozenset[str]:
        """Return those of the values that are suppressed on a channel (or on all)."""
        by_hash = {self._cipher.blind_index(namespace, value): value for value in values}
        present = self._present(connection, by_hash, (channel, ANY_CHANNEL))
        return frozenset(by_hash[h] for h in present)

    def _present(self, connection: sa.Connection, hashes: Iterable[str], channels: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        ordered = sorted(hashes)
        for start in range(0, len(ordered), HASHES_PER_QUERY):
            chunk = ordered[start : start + HASHES_PER_QUERY]
            query = sa.select(suppressions.c.subject_hash).where(
                suppressions.c.subject_hash.in_(chunk), suppressions.c.channel.in_(channels)
            )
            found.update(connection.scalars(query))
        return found
