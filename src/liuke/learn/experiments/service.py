"""The trial desk: what a shop does with its trials, from the plan to the read-out, in short transactions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from liuke.decide.strategies import Strategy, entries_of
from liuke.kernel import NotEnoughData, hints
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.contracts import EndReason
from liuke.learn.experiments.defaults import default_trial, open_trials
from liuke.learn.experiments.document import Trial
from liuke.learn.experiments.errors import ExperimentError
from liuke.learn.experiments.pilot import COLUMNS, GroupSums, group_sums, sums_from, sums_tree
from liuke.learn.experiments.planning import PlanningFacts, planning_facts
from liuke.learn.experiments.ports import AuditTrail, MomentLike, no_audit
from liuke.learn.experiments.reading import Gain, TrialReading, read_trial, reading_tree
from liuke.learn.experiments.record import Act, TrialBook, TrialEvent, TrialRecord
from liuke.learn.experiments.rollout import Move, next_move
from liuke.learn.experiments.tables import trial_facts, trial_gains, trial_reports, trial_units
from liuke.learn.experiments.unit_table import UnitInputs
from liuke.store.operations import Operations

MOST_GROUPS = 400  # of a column: more are places to be summed up first, and no choice to look through
STAY = Move("stay", "观察期未满的客户还太多", "too few customers have a complete window")


@dataclass(frozen=True, slots=True)
class DeskReading:
    """A reading and what followed from it."""

    reading: TrialReading
    move: Move
    record: TrialRecord


class TrialDesk:
    """Plans, starts, reads and ends the trials of one shop.

    Parameters
    ----------
    operations
        Where trials are kept.
    settings
    audit
        Where actions are written down.
    check
        Refuses a document that names columns or values the shop does not have.
    currency
        Of the shop's amounts.
    """

    def __init__(
        self,
        operations: Operations,
        settings: ExperimentSettings,
        audit: AuditTrail = no_audit,
        check: Callable[[Trial], None] = lambda _: None,
        *,
        currency: str,
    ) -> None:
        self._operations = operations
        self.check = check
        self.settings = self._settings = settings
        self._currency = currency
        self.book = TrialBook(settings.seed, audit)

    # ---- actions

    def open_trials(self, strategies: Iterable[Strategy], act: Act) -> list[TrialRecord]:
        """Make a trial of every strategy that has none for its present version; see ``defaults.open_trials``."""
        with self._operations.begin() as connection:
            return open_trials(connection, self.book, strategies, self._settings, act)

    def plan(self, document: Trial, act: Act, known: Iterable[str]) -> TrialRecord:
        """Write down a draft.

        Parameters
        ----------
        known
            Ids of the shop's strategies.

        Raises
        ------
        ExperimentError
            If the strategy is not among them, it names what is not there, or a trial of that id has started.
        """
        names = sorted(known)
        if document.strategy not in names:
            raise ExperimentError(
                f"The trial {document.id} is about the strategy {document.strategy!r}, which is not there.",
                hint=hints(document.strategy, names)[1],
                zh=f"试验 {document.id} 所说的策略“{document.strategy}”不存在，{hints(document.strategy, names)[0]}",
            )
        self.check(document)
        with self._operations.begin() as connection:
            return self.book.draft(connection, document, act)

    def start(self, trial: str, act: Act, strategies: Iterable[Strategy]) -> TrialRecord:
        """Start a draft with the strategy's present version."""
        versions = {one.id: one.version for one in strategies}
        with self._operations.begin() as connection:
            record = self.book.get(connection, trial)
            strategy = record.strategy
            self.check(record.document)
            if strategy not in versions:
                raise ExperimentError(f"The strategy {strategy!r} is not there.", hint="Publish the strategy first.")
            return self.book.start(connection, trial, act, versions[strategy])

    def pause(self, trial: str, act: Act, why: str = "") -> TrialRecord:
        """Let nobody enter and nobody be contacted for now."""
        with self._operations.begin() as connection:
            return self.book.pause(connection, trial, act, why)

    def resume(self, trial: str, act: Act) -> TrialRecord:
        """Go on after a pause or a roll-back."""
        with self._operations.begin() as connection:
            return self.book.resume(connection, trial, act)

    def stop(self, trial: str, act: Act, why: str = "") -> TrialRecord:
        """End a trial by hand; its strategy contacts nobody until its document changes or another trial starts."""
        with self._operations.begin() as connection:
            zh, en = f"人工停止 {why}".strip(), f"stopped by a person {why}".strip()
            return self.book.end(connection, trial, act, EndReason.STOPPED, zh, en)

    def roll_back(self, trial: str, act: Act, why: str = "") -> TrialRecord:
        """Go back one stage; from the first one nobody is contacted any more."""
        with self._operations.begin() as connection:
            return self.book.roll_back(connection, trial, act, why)

    # ---- read-out

    def read_out(self, moment: MomentLike, contacts: pa.Table, act: Act, *, decide: bool = True) -> list[DeskReading]:
        """Read the latest trial of every strategy; keep report and money; do what the rules ask for.

        Parameters
        ----------
        moment
            What the shop knew.
        contacts
            Messages: ``strategy, customer_id, channel, state, planned_on, sent_at``.
        decide
            False for a past day or a look: nothing is kept and no trial moves.
        """
        with self._operations.read() as connection:
            records = _latest(self.book.all(connection), moment.as_of)
        found = []
        for record in records:
            reading = self.read(moment, record, contacts)
            move = next_move(record, reading.analysis, moment.as_of, reading.informative) if reading.analysis else STAY
            if decide:
                record = self._settle(record, reading, move, act)
            found.append(DeskReading(reading, move, record))
        return found

    def read(self, moment: MomentLike, record: TrialRecord, contacts: pa.Table) -> TrialReading:
        """Read one trial; nothing is kept."""
        with self._operations.read() as connection:
            entries = entries_of(connection, record.strategy)
            places = _places(connection, record.document.experiment)
        if record.reason not in (None, EndReason.ROLLED_OUT) and record.ended_on is not None:
            entries = entries.filter(pc.less_equal(entries["entered_on"], pa.scalar(record.ended_on)))
        inputs = UnitInputs(entries, contacts, places, self._settings.cost_per_contact_minor)
        return read_trial(moment, record, inputs, self._settings, self._currency)

    def _settle(self, record: TrialRecord, reading: TrialReading, move: Move, act: Act) -> TrialRecord:
        with self._operations.begin() as connection:
            if move.action == "advance":
                record = self.book.advance(connection, record.id, act, move.zh, move.en)
            elif move.action == "end" and move.reason is not None:
                record = self.book.end(connection, record.id, act, move.reason, move.zh, move.en)
            _keep(connection, reading, move)
        return record

    # ---- facts to plan from

    def keep_facts(self, moment: MomentLike, strategies: Iterable[Strategy]) -> int:
        """Compute and keep what plans and pilots start from; return how many strategies have enough history."""
        found: dict[tuple[str, str], Any] = {}
        for strategy in strategies:
            if strategy.control_share == 0:
                continue
            with self._operations.read() as connection:
                entries = entries_of(connection, strategy.id)
                active = self.book.active(connection, strategy.id)
            document = active.document if active else default_trial(strategy, self._settings)
            facts = planning_facts(moment, document, entries)
            if not isinstance(facts, NotEnoughData):
                found["planning", strategy.id] = facts.tree()
        planned = len(found)
        for column in COLUMNS:
            sums = group_sums(moment, column)
            if len(sums) <= MOST_GROUPS:
                found["groups", column] = sums_tree(sums)
        with self._operations.begin() as connection:
            for (kind, key), tree in found.items():
                same = (trial_facts.c.kind == kind, trial_facts.c.key == key)
                connection.execute(sa.delete(trial_facts).where(*same))
                values = {"kind": kind, "key": key, "as_of": moment.as_of, "facts": json.dumps(tree)}
                connection.execute(sa.insert(trial_facts).values(**values))
        return planned

    def facts(self, strategy: str) -> PlanningFacts:
        """Return what a plan of a strategy starts from, as last kept.

        Raises
        ------
        ExperimentError
            If nothing was kept: no run yet, or too little history.
        """
        return PlanningFacts.from_tree(self._fact("planning", strategy))

    def groups(self, column: str) -> tuple[GroupSums, ...]:
        """Return the shop's groups by a column, as last kept; errors as ``facts``."""
        return sums_from(self._fact("groups", column))

    def _fact(self, kind: str, key: str) -> Any:
        table = trial_facts.c
        with self._operations.read() as connection:
            text = connection.scalar(sa.select(table.facts).where(table.kind == kind, table.key == key))
        if text is None:
            what = f"the strategy {key!r}" if kind == "planning" else f"groups by {key!r}"
            raise ExperimentError(
                f"There is not enough history to plan by for {what}.",
                hint="`liuke run` reads it; 200 customers with a complete window are needed.",
            )
        return json.loads(text)

    # ---- look

    def records(self) -> list[TrialRecord]:
        """Return all trials."""
        with self._operations.read() as connection:
            return self.book.all(connection)

    def record(self, trial: str) -> tuple[TrialRecord, list[TrialEvent]]:
        """Return one trial and what happened to it."""
        with self._operations.read() as connection:
            return self.book.get(connection, trial), self.book.events(connection, trial)

    def report(self, trial: str, as_of: date | None = None) -> dict[str, Any] | None:
        """Return the kept reading of a day, by default the latest; None before the first."""
        table = trial_reports.c
        query = sa.select(table.report).where(table.trial == trial).order_by(table.as_of.desc()).limit(1)
        if as_of is not None:
            query = query.where(table.as_of == as_of)
        with self._operations.read() as connection:
            text = connection.scalar(query)
        return None if text is None else json.loads(text)

    def verdicts(self) -> dict[str, str]:
        """Return the latest verdict of each trial that has been read."""
        table = trial_reports.c
        query = sa.select(table.trial, table.verdict).order_by(table.trial, table.as_of)
        with self._operations.read() as connection:
            return {row.trial: row.verdict for row in connection.execute(query)}

    def gains(self) -> list[dict[str, Any]]:
        """Return the money of every trial as last read."""
        with self._operations.read() as connection:
            rows = connection.execute(sa.select(trial_gains).order_by(trial_gains.c.trial))
            return [dict(row._mapping) for row in rows]


def _latest(records: Iterable[TrialRecord], as_of: date) -> list[TrialRecord]:
    """Return of each strategy the trial that runs or rests, else the one that started last."""
    found: dict[str, TrialRecord] = {}
    for record in records:  # in this order already
        if record.started_on is not None and record.started_on <= as_of:
            found.setdefault(record.strategy, record)
    return sorted(found.values(), key=lambda one: one.strategy)


def _places(connection: sa.Connection, experiment: str) -> pa.Table:
    table = trial_units.c
    rows = connection.execute(
        sa.select(table.customer_id, table.unit_id, table.stratum).where(table.experiment == experiment)
    ).all()
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [[], [], []]
    kinds = (("customer_id", pa.int64()), ("unit_id", pa.int64()), ("stratum", pa.string()))
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(kinds, columns, strict=True)})


def _keep(connection: sa.Connection, reading: TrialReading, move: Move) -> None:
    """Replace the day's report and the trial's money."""
    words = {"action": move.action, "zh": move.zh, "en": move.en, "reason": move.reason}
    same = (trial_reports.c.trial == reading.trial, trial_reports.c.as_of == reading.as_of)
    known = connection.scalar(sa.select(trial_reports.c.report).where(*same))
    if known is not None and move.action == "stay" and json.loads(known)["move"]["action"] != "stay":
        words = json.loads(known)["move"]  # the day has moved the trial already
    text = json.dumps(reading_tree(reading) | {"move": words}, ensure_ascii=False)
    verdict = reading.analysis.verdict.value if reading.analysis else "too_early"
    connection.execute(sa.delete(trial_reports).where(*same))
    values = {"trial": reading.trial, "as_of": reading.as_of, "verdict": verdict, "report": text}
    connection.execute(sa.insert(trial_reports).values(**values))
    if reading.gain is None:
        return
    last = connection.scalar(sa.select(trial_gains.c.as_of).where(trial_gains.c.trial == reading.trial))
    if last is not None and last > reading.as_of:
        return
    connection.execute(sa.delete(trial_gains).where(trial_gains.c.trial == reading.trial))
    connection.execute(sa.insert(trial_gains).values(**_gain_row(reading, reading.gain)))


def _gain_row(reading: TrialReading, gain: Gain) -> dict[str, Any]:
    return {
        "trial": reading.trial,
        "strategy": reading.strategy,
        "as_of": reading.as_of,
        "treated_n": gain.treated_n,
        "gain_minor": round(gain.gain),
        "gain_low_minor": round(gain.gain_low),
        "gain_high_minor": round(gain.gain_high),
        "cost_minor": round(gain.cost),
        "booked_minor": round(gain.booked),
        "level": gain.level,
    }
