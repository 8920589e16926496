"""The console's questions to the operational store: counts and states, never a personal value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from liuke.app.http.ports import ConsoleContext
from liuke.collect.quality import Quarantine, told
from liuke.collect.sources import loads as loads_table
from liuke.engage.outreach import outbox
from liuke.store.lineage import StepLog
from liuke.store.operations import Operations

LOADS_SHOWN = 200
STEPS_SHOWN = 100


def outbox_states(operations: Operations) -> list[dict[str, Any]]:
    """Count the messages of the outbox by strategy, channel, state and reason."""
    by = (outbox.c.strategy, outbox.c.channel, outbox.c.state, outbox.c.reason)
    query = select(*by, func.count().label("messages")).group_by(*by).order_by(*by)
    with operations.read() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def loads(operations: Operations) -> list[dict[str, Any]]:
    """Return the newest loads; one that a corrected file has replaced says so."""
    newest_first = (loads_table.c.begun_at.desc(), loads_table.c.load_id)
    query = select(loads_table).order_by(*newest_first).limit(LOADS_SHOWN)
    with operations.read() as connection:
        rows = connection.execute(query).all()
    return [
        {
            "load_id": row.load_id,
            "source": row.source,
            "file": row.file_key,
            "state": "superseded" if row.valid_to is not None else row.state,
            "rows": row.rows_total,
            "loaded": row.rows_loaded,
            "filtered": _by_reason(row.filtered or {}),
            "quarantined": _by_reason(row.quarantined or {}),
            "loaded_at": row.committed_at or row.begun_at,
        }
        for row in rows
    ]


def quarantine(context: ConsoleContext) -> list[dict[str, Any]]:
    """Count the rows that are held back, by source, file and reason."""
    with context.operations.read() as connection:
        counts = Quarantine(context.cipher).counts(connection)
    return [
        {"source": one.source, "file": one.file_key, "reason": _words(one.reason), "rows": one.rows} for one in counts
    ]


def runs(context: ConsoleContext) -> list[dict[str, Any]]:
    """Return the latest steps of the loop, newest first."""
    return [
        {
            "run_id": step.step_id,
            "as_of": step.as_of,
            "step": step.name,
            "state": step.state.value,
            "started_at": step.started_at,
            "seconds": step.seconds,
            "note": {"zh": step.note_zh or step.note, "en": step.note},
        }
        for step in StepLog(context.operations, context.wall_clock).recent(STEPS_SHOWN)
    ]


def _by_reason(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"reason": _words(reason), "rows": rows} for reason, rows in counts.items()]


def _words(reason: str) -> dict[str, str]:
    """Return why rows weren't loaded, in both languages."""
    words = told(reason)
    return {"zh": words.zh, "en": words.en}
