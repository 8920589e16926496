"""Segments made in the console, and frozen sets: the operational side of this room.

Definitions in files stand above those of the console: a file is what the shop has under version control, so nobody
changes it by a click. Every saved document stays; the last of a key stands.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from liuke.store.operations import Operations
from liuke.understand.segments.book import SegmentBook
from liuke.understand.segments.definition import SegmentDefinition, parse_definition
from liuke.understand.segments.errors import SegmentError
from liuke.understand.segments.tables import segment_snapshot_members, segment_snapshots, segment_versions

MEMBERS_PER_WRITE = 20_000
"""Rows of one short transaction: others write in between."""


@dataclass(frozen=True)
class SavedVersion:
    """One saved document of a segment."""

    segment: str
    version: str
    document: SegmentDefinition
    archived: bool
    saved_at: dt.datetime
    saved_by: str


@dataclass(frozen=True)
class FrozenSet:
    """A set of customers as it was on one day."""

    snapshot: str
    segment: str
    version: str
    as_of: dt.date
    customers: int
    frozen_at: dt.datetime
    frozen_by: str


class SegmentShelf:
    """Keeps what people saved in the operational store.

    Parameters
    ----------
    operations : Operations
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def definitions(self) -> dict[str, SegmentDefinition]:
        """Return the segments that stand and can be read, by key; archived ones are left out."""
        return {key: one for key, one in self.standing().items() if not isinstance(one, SegmentError)}

    def standing(self) -> dict[str, SegmentDefinition | SegmentError]:
        """Return the segments that stand, by key: each as a definition, or why it cannot be read any more."""
        newest = sa.select(sa.func.max(segment_versions.c.position)).group_by(segment_versions.c.segment)
        query = sa.select(segment_versions).where(segment_versions.c.position.in_(newest))
        with self._operations.read() as connection:
            rows = connection.execute(query.order_by(segment_versions.c.segment)).all()
        return {row.segment: _read(row.document) for row in rows if not row.archived}

    def versions(self, key: str) -> list[SavedVersion]:
        """Return what was saved under a key, the newest first."""
        query = sa.select(segment_versions).where(segment_versions.c.segment == key)
        with self._operations.read() as connection:
            rows = connection.execute(query.order_by(segment_versions.c.position.desc())).all()
        found = [(row, _read(row.document)) for row in rows]
        return [
            SavedVersion(row.segment, row.version, document, row.archived, row.saved_at, row.saved_by)
            for row, document in found
            if not isinstance(document, SegmentError)
        ]

    def save(
        self, connection: sa.Connection, definition: SegmentDefinition, version: str, by: str, at: dt.datetime,
        *, archived: bool = False,
    ) -> None:  # fmt: skip
        """Append a document; it stands from now on."""
        document = json.dumps(definition.document(), ensure_ascii=False, sort_keys=True)
        connection.execute(
            sa.insert(segment_versions).values(
                segment=definition.key, version=version, document=document, archived=archived, saved_at=at, saved_by=by
            )
        )

    def freeze(
        self, definition: SegmentDefinition, version: str, as_of: dt.date, members: Sequence[int], by: str,
        at: dt.datetime,
    ) -> FrozenSet:  # fmt: skip
        """Keep a set of customers as it is; the snapshot appears once all of its members are written.

        Freezing the same segment again on the same day and in the same version gives the set that is there.
        """
        snapshot = f"{definition.key}@{as_of.isoformat()}-{version[:8]}"
        for found in self.snapshots(definition.key):
            if found.snapshot == snapshot:
                return found
        with self._operations.begin() as connection:  # what a killed attempt left behind
            connection.execute(
                sa.delete(segment_snapshot_members).where(segment_snapshot_members.c.snapshot == snapshot)
            )
        for start in range(0, len(members), MEMBERS_PER_WRITE):
            rows = [{"snapshot": snapshot, "customer_id": one} for one in members[start : start + MEMBERS_PER_WRITE]]
            with self._operations.begin() as connection:
                connection.execute(sa.insert(segment_snapshot_members), rows)
        frozen = FrozenSet(snapshot, definition.key, version, as_of, len(members), at, by)
        with self._operations.begin() as connection:
            connection.execute(
                sa.insert(segment_snapshots).values(
                    snapshot=snapshot,
                    segment=frozen.segment,
                    version=version,
                    as_of=as_of,
                    customers=frozen.customers,
                    frozen_at=at,
                    frozen_by=by,
                )
            )
        return frozen

    def snapshots(self, key: str | None = None) -> list[FrozenSet]:
        """Return frozen sets, the newest first."""
        query = sa.select(segment_snapshots).order_by(
            segment_snapshots.c.frozen_at.desc(), segment_snapshots.c.snapshot
        )
        if key is not None:
            query = query.where(segment_snapshots.c.segment == key)
        with self._operations.read() as connection:
            return [FrozenSet(**row._mapping) for row in connection.execute(query)]

    def members(self, snapshot: str) -> list[int]:
        """Return the customers of a frozen set, in order.

        Raises
        ------
        SegmentError
            If there is no such set.
        """
        if snapshot not in {one.snapshot for one in self.snapshots()}:
            raise SegmentError(f"there is no frozen set {snapshot!r}", hint="the segment's page lists its frozen sets")
        column = segment_snapshot_members.c.customer_id
        query = sa.select(column).where(segment_snapshot_members.c.snapshot == snapshot).order_by(column)
        with self._operations.read() as connection:
            return [int(one) for one in connection.execute(query).scalars()]


def _read(document: str) -> SegmentDefinition | SegmentError:
    """Return a saved document; what was written under older rules may be refused by now."""
    try:
        return parse_definition(json.loads(document), "the saved segment")
    except SegmentError as error:
        return error


def joined_book(files: Mapping[str, SegmentDefinition], saved: Mapping[str, SegmentDefinition]) -> SegmentBook:
    """Return one book of the segments in files and in the console; a file stands above a saved one of its key."""
    return SegmentBook({**saved, **files}.values())
