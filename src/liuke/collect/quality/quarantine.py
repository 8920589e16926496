"""Rows that could not be loaded are kept, sealed, until somebody makes them loadable."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from liuke.collect.quality.contracts import QuarantineCount, QuarantinedRow, Selection
from liuke.collect.quality.reasons import LONGEST
from liuke.collect.quality.tables import quarantine
from liuke.store.operations import FieldCipher

ROWS_PER_STATEMENT = 10_000
_OPEN = (quarantine.c.released_by.is_(None), quarantine.c.superseded_at.is_(None))


class Quarantine:
    """Keeps, lists and marks rows. Holds no connection: every call works on the caller's transaction.

    Parameters
    ----------
    cipher : FieldCipher
        Seals raw rows, which may hold personal values.
    """

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def record(self, connection: sa.Connection, rows: Iterable[QuarantinedRow]) -> int:
        """Keep rows; return how many."""
        written = 0
        sealed = map(self._sealed, rows)
        while chunk := list(islice(sealed, ROWS_PER_STATEMENT)):
            connection.execute(sa.insert(quarantine), chunk)
            written += len(chunk)
        return written

    def counts(self, connection: sa.Connection, selection: Selection = Selection()) -> list[QuarantineCount]:
        """Return how many rows are held by source, file and reason, the most first."""
        columns = (quarantine.c.source, quarantine.c.file_key, quarantine.c.reason)
        rows = sa.func.count().label("rows")
        query = sa.select(*columns, rows).where(*_wanted(selection)).group_by(*columns).order_by(rows.desc(), *columns)
        return [QuarantineCount(*row) for row in connection.execute(query)]

    def rows(
        self, connection: sa.Connection, selection: Selection = Selection(), limit: int | None = None
    ) -> list[QuarantinedRow]:
        """Return held rows in the order of their files, opened: whoever shows them writes it into the audit chain."""
        order = (quarantine.c.source, quarantine.c.file_key, quarantine.c.load_id, quarantine.c.row_number)
        query = sa.select(quarantine).where(*_wanted(selection)).order_by(*order)
        if limit is not None:
            query = query.limit(limit)
        return [self._opened(row) for row in connection.execute(query)]

    def release(self, connection: sa.Connection, load_id: int, row_numbers: Iterable[int], released_by: int) -> None:
        """Mark rows as loaded after all."""
        values = [{"row": number} for number in row_numbers]
        if values:
            place = (quarantine.c.load_id == load_id, quarantine.c.row_number == sa.bindparam("row"))
            connection.execute(sa.update(quarantine).where(*place).values(released_by=released_by), values)

    def restate(self, connection: sa.Connection, load_id: int, reasons: Mapping[int, tuple[str, str | None]]) -> None:
        """Write the new reason (and column at fault) of rows that were tried again and still can't be loaded."""
        values = [{"row": row, "why": why, "at_fault": field} for row, (why, field) in sorted(reasons.items())]
        if values:
            connection.execute(
                sa.update(quarantine)
                .where(quarantine.c.load_id == load_id, quarantine.c.row_number == sa.bindparam("row"))
                .values(reason=sa.bindparam("why"), field=sa.bindparam("at_fault")),
                values,
            )

    def supersede(self, connection: sa.Connection, load_ids: Collection[int], at: datetime) -> None:
        """Close the rows of loads that a corrected file replaces."""
        connection.execute(
            sa.update(quarantine)
            .where(quarantine.c.load_id.in_(sorted(load_ids)), quarantine.c.superseded_at.is_(None))
            .values(superseded_at=at)
        )

    def _sealed(self, row: QuarantinedRow) -> dict[str, object]:
        return {
            "load_id": row.load_id,
            "row_number": row.row_number,
            "source": row.source,
            "file_key": row.file_key,
            "reason": row.reason[:LONGEST],
            "field": row.field,
            "raw": self._cipher.seal(json.dumps(dict(row.raw), ensure_ascii=False)),
        }

    def _opened(self, row: sa.Row[Any]) -> QuarantinedRow:
        return QuarantinedRow(
            load_id=row.load_id,
            row_number=row.row_number,
            source=row.source,
            file_key=row.file_key,
            reason=row.reason,
            field=row.field,
            raw=json.loads(self._cipher.open(row.raw)),
        )


def _wanted(selection: Selection) -> tuple[sa.ColumnElement[bool], ...]:
    named = (("source", selection.source), ("file_key", selection.file_key), ("reason", selection.reason))
    return (*_OPEN, *(quarantine.c[name] == value for name, value in named if value is not None))
