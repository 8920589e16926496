"""Takes steps once, remembers each, and traces a table to what it was made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, true, update

from liuke.store.lineage.contracts import Step, StepRecord, StepResult, StepState
from liuke.store.lineage.tables import steps
from liuke.store.operations import Operations

_NOTE_ZH = "note_zh"  # kept among the details: the table has a column for one note


class StepLog:
    """Remembers the steps of one workspace.

    Parameters
    ----------
    operations : Operations
    clock : callable
        Gives the present instant (naive UTC); used for durations and ``started_at`` only.
    """

    def __init__(self, operations: Operations, clock: Callable[[], datetime]) -> None:
        self._operations = operations
        self._clock = clock

    def take(
        self, step: Step, body: Callable[[], StepResult], *, always: bool = False, whole: bool = False
    ) -> StepRecord:
        """Run ``body`` unless the same step was the last of its name to be completed for its day.

        Parameters
        ----------
        step : Step
        body : callable
            Does the work. It may be called again after a crash, so it must be safe to repeat.
        always : bool
            Run even if it was the last (a step that acts on the outside, such as sending).
        whole : bool
            The step writes a table whole: one for another day has written over what this one left.

        Returns
        -------
        StepRecord
            With ``repeated`` set if nothing had to be done.
        """
        done = self._last_done(step.name, None if whole else step.as_of)
        if not always and done is not None and done.fingerprint == step.fingerprint:
            return replace(done, repeated=True)
        started_at = self._clock()
        step_id = self._open(step, started_at)
        try:
            result = body()
        except BaseException as error:
            self._close(step_id, StepState.FAILED, started_at, StepResult(note=f"{type(error).__name__}: {error}"))
            raise
        self._close(step_id, StepState.DONE, started_at, result)
        with self._operations.read() as connection:
            return _record(connection.execute(select(steps).where(steps.c.step_id == step_id)).one())

    def recent(self, limit: int = 50) -> list[StepRecord]:
        """Return the latest steps, the newest first."""
        with self._operations.read() as connection:
            rows = connection.execute(select(steps).order_by(steps.c.step_id.desc()).limit(limit)).all()
        return [_record(row) for row in rows]

    def writers(self, table: str) -> list[StepRecord]:
        """Return the completed steps that wrote a lake table, the newest first."""
        with self._operations.read() as connection:
            rows = connection.execute(
                select(steps).where(steps.c.state == StepState.DONE).order_by(steps.c.step_id.desc())
            ).all()
        return [record for record in map(_record, rows) if table in record.outputs]

    def upstream(self, table: str) -> dict[str, StepRecord]:
        """Return every table that ``table`` was made of, directly or not, with the step that last wrote it.

        A table without a writing step (a source's) isn't a key of the result but appears in its readers' inputs.
        """
        found: dict[str, StepRecord] = {}
        pending = [table]
        while pending:
            name = pending.pop()
            writers = self.writers(name)
            if name in found or not writers:
                continue
            found[name] = writers[0]
            pending.extend(sorted(writers[0].inputs))
        return found

    def _last_done(self, name: str, as_of: date | None) -> StepRecord | None:
        """Return the completed step whose results stand, for a day or for any; later ones have written over earlier."""
        of_day = steps.c.as_of == as_of if as_of is not None else true()
        query = (
            select(steps)
            .where(steps.c.name == name, of_day, steps.c.state == StepState.DONE)
            .order_by(steps.c.step_id.desc())
            .limit(1)
        )
        with self._operations.read() as connection:
            row = connection.execute(query).one_or_none()
        return _record(row) if row is not None else None

    def _open(self, step: Step, started_at: datetime) -> int:
        values = {
            "name": step.name,
            "as_of": step.as_of,
            "fingerprint": step.fingerprint,
            "definition": step.definition,
            "state": StepState.RUNNING,
            "started_at": started_at,
            "inputs": dict(step.inputs),
            "outputs": {},
            "counts": {},
        }
        with self._operations.begin() as connection:
            key = connection.execute(insert(steps).values(values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def _close(self, step_id: int, state: StepState, started_at: datetime, result: StepResult) -> None:
        values = {
            "state": state,
            "seconds": (self._clock() - started_at).total_seconds(),
            "outputs": dict(result.outputs),
            "counts": dict(result.counts),
            "note": result.note,
            "detail": {**result.detail, **({_NOTE_ZH: result.note_zh} if result.note_zh else {})},
        }
        with self._operations.begin() as connection:
            connection.execute(update(steps).where(steps.c.step_id == step_id).values(values))


def _record(row: Row[Any]) -> StepRecord:
    return StepRecord(
        step_id=row.step_id,
        name=row.name,
        as_of=row.as_of,
        fingerprint=row.fingerprint,
        state=StepState(row.state),
        started_at=row.started_at,
        seconds=row.seconds,
        inputs=row.inputs,
        outputs=row.outputs,
        counts=row.counts,
        note=row.note,
        detail={name: value for name, value in row.detail.items() if name != _NOTE_ZH},
        definition=row.definition,
        note_zh=row.detail.get(_NOTE_ZH, ""),
    )
