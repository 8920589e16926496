"""The register of loads: which version of which file is visible, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from liuke.collect.sources.contracts import Load
from liuke.collect.sources.tables import loads
from liuke.kernel import stable_id

BEGUN, COMMITTED, REFUSED = "begun", "committed", "refused"
FILE, RELEASE = "file", "release"


@dataclass(frozen=True)
class Version:
    """One version of one file under one mapping, or a release of rows of it."""

    source: str
    file_key: str
    content_sha256: str
    mapping_digest: str
    kind: str = FILE
    parent_load_id: int | None = None

    def load_id(self, comeback: int = 0) -> int:
        """Return the id of its load; ``comeback`` counts how often this version was superseded or refused before."""
        parts = (self.source, self.file_key, self.content_sha256, self.mapping_digest)
        again = (str(comeback),) if comeback else ()
        return stable_id("load", "\x1f".join((*parts, *again)))


@dataclass(frozen=True)
class Outcome:
    """The counts of a load, all by reason or table."""

    rows_total: int
    rows_loaded: int
    filtered: Mapping[str, int]
    quarantined: Mapping[str, int]
    tables: Mapping[str, int]


def visible_at(known_at: datetime | None = None) -> sa.ColumnElement[bool]:
    """Return the condition on ``loads`` under which a load's rows count at an instant (default: by now)."""
    if known_at is None:
        return sa.and_(loads.c.state == COMMITTED, loads.c.valid_to.is_(None))
    return sa.and_(
        loads.c.state == COMMITTED,
        sa.or_(loads.c.valid_from.is_(None), loads.c.valid_from <= known_at),
        sa.or_(loads.c.valid_to.is_(None), loads.c.valid_to > known_at),
    )


def hidden_loads(connection: sa.Connection, known_at: datetime | None = None) -> list[int]:
    """Return the loads whose rows don't count at an instant: never committed, not yet valid, or corrected by then."""
    query = sa.select(loads.c.load_id).where(sa.not_(visible_at(known_at))).order_by(loads.c.load_id)
    return list(connection.execute(query).scalars())


class LoadRegister:
    """Reads and writes ``loads``. Holds no connection: every call works on the caller's transaction."""

    def standing(self, connection: sa.Connection, version: Version) -> tuple[int, str | None, bool]:
        """Return (load id, state or None, whether it is visible) of the load that would bring this version."""
        comeback = 0
        while True:
            load_id = version.load_id(comeback)
            row = connection.execute(
                sa.select(loads.c.state, loads.c.valid_to).where(loads.c.load_id == load_id)
            ).one_or_none()
            if row is None or row.state == BEGUN:
                return load_id, row.state if row else None, False
            if row.state == COMMITTED and row.valid_to is None:
                return load_id, COMMITTED, True
            comeback += 1

    def visible(self, connection: sa.Connection, source: str, file_key: str | None = None) -> dict[int, str]:
        """Return load id → file key of what is visible now of a source, the oldest first."""
        query = (
            sa.select(loads.c.load_id, loads.c.file_key)
            .where(visible_at(), loads.c.source == source)
            .order_by(loads.c.committed_at, loads.c.load_id)
        )
        if file_key is not None:
            query = query.where(loads.c.file_key == file_key)
        return {row.load_id: row.file_key for row in connection.execute(query)}

    def begin(self, connection: sa.Connection, load_id: int, version: Version, now: datetime) -> datetime:
        """Write the load as begun and return when it was; one that was begun before stays as it is."""
        begun_at = connection.execute(
            sa.select(loads.c.begun_at).where(loads.c.load_id == load_id)
        ).scalar_one_or_none()
        if begun_at is None:
            connection.execute(
                sa.insert(loads).values(
                    load_id=load_id,
                    source=version.source,
                    file_key=version.file_key,
                    content_sha256=version.content_sha256,
                    mapping_digest=version.mapping_digest,
                    kind=version.kind,
                    parent_load_id=version.parent_load_id,
                    state=BEGUN,
                    begun_at=now,
                )
            )
        return begun_at or now

    def refuse(self, connection: sa.Connection, load_id: int) -> None:
        """End a load that was begun; the row stays, for it is what hides rows that an attempt has left in the lake."""
        connection.execute(
            sa.update(loads).where(loads.c.load_id == load_id, loads.c.state == BEGUN).values(state=REFUSED)
        )

    def forget(self, connection: sa.Connection, load_id: int) -> None:
        """Remove a load that was begun and never wrote into the lake."""
        connection.execute(sa.delete(loads).where(loads.c.load_id == load_id, loads.c.state == BEGUN))

    def commit(
        self, connection: sa.Connection, load_id: int, outcome: Outcome, valid_from: datetime | None, now: datetime
    ) -> None:
        """Make the load visible, from ``valid_from`` on (None: from the beginning)."""
        connection.execute(
            sa.update(loads)
            .where(loads.c.load_id == load_id)
            .values(
                state=COMMITTED,
                committed_at=now,
                valid_from=valid_from,
                rows_total=outcome.rows_total,
                rows_loaded=outcome.rows_loaded,
                filtered=dict(outcome.filtered),
                quarantined=dict(outcome.quarantined),
                tables=dict(outcome.tables),
            )
        )

    def supersede(self, connection: sa.Connection, load_ids: list[int], now: datetime) -> None:
        """End the visibility of loads."""
        connection.execute(sa.update(loads).where(loads.c.load_id.in_(load_ids)).values(valid_to=now))

    def all(self, connection: sa.Connection) -> list[Load]:
        """Return every load, in the order of source, file and time."""
        order = (loads.c.source, loads.c.file_key, loads.c.begun_at, loads.c.load_id)
        return [
            Load(
                load_id=row.load_id,
                source=row.source,
                file_key=row.file_key,
                kind=row.kind,
                state=row.state,
                visible=row.state == COMMITTED and row.valid_to is None,
                committed_at=row.committed_at,
                rows_total=row.rows_total or 0,
                rows_loaded=row.rows_loaded or 0,
                filtered=row.filtered or {},
                quarantined=row.quarantined or {},
                tables=row.tables or {},
            )
            for row in connection.execute(sa.select(loads).order_by(*order))
        ]
