"""The life of a trial: draft, running, paused, ended. What was fixed at the start is never changed afterwards.

Every step leaves a row in ``trial_events`` with its day, actor and reason in words, and one in the audit chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from liuke.learn.experiments.contracts import EndReason, TrialState
from liuke.learn.experiments.document import Trial, parse_trial
from liuke.learn.experiments.errors import ExperimentError, NoSuchTrialError
from liuke.learn.experiments.ports import AuditTrail, no_audit
from liuke.learn.experiments.tables import trial_events, trials

ACTIVE = (TrialState.RUNNING.value, TrialState.PAUSED.value)


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial as it stands.

    Parameters
    ----------
    version
        Hash of the document; fixed at the start.
    by_default
        Derived from the strategy, planned by nobody.
    stage, stage_since, growing
        Which of the document's stages, since which day, and whether it may grow by itself.
    """

    id: str
    strategy: str
    strategy_version: str
    version: str
    document: Trial
    by_default: bool
    state: TrialState
    reason: EndReason | None
    stage: int
    stage_since: date | None
    growing: bool
    created_at: datetime
    started_on: date | None
    ended_on: date | None

    @property
    def treated_share(self) -> float:
        """Chance of being treated for those who enter now: 0 while nobody may."""
        rolled_out = self.reason is EndReason.ROLLED_OUT
        if self.state is TrialState.RUNNING or (self.state is TrialState.ENDED and rolled_out):
            return self.document.treated_share(self.stage)
        return 0.0


@dataclass(frozen=True, slots=True)
class TrialEvent:
    """One step in the life of a trial."""

    number: int
    at: datetime
    day: date
    actor: str
    action: str
    stage: int
    treated_share: float
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when: the instant, and the shop-local day from which it holds."""

    actor: str
    now: datetime
    day: date


class TrialBook:
    """Keeps trials in the operational store.

    Parameters
    ----------
    seed
        The shop's own, mixed into each trial's draw.
    audit
        Where actions are written down.
    """

    def __init__(self, seed: str, audit: AuditTrail = no_audit) -> None:
        self._seed = seed
        self._audit = audit

    # ---- read

    def get(self, connection: sa.Connection, trial: str) -> TrialRecord:
        """Return one trial.

        Raises
        ------
        ExperimentError
            If there is none of that name.
        """
        row = connection.execute(sa.select(trials).where(trials.c.id == trial)).first()
        if row is None:
            raise NoSuchTrialError(f"There is no trial {trial!r}.", hint="`liuke trials status` lists them.")
        return _record(row)

    def all(self, connection: sa.Connection, strategy: str | None = None) -> list[TrialRecord]:
        """Return trials, those that run first, then the latest."""
        order = sa.case((trials.c.state.in_(ACTIVE), 0), (trials.c.state == TrialState.DRAFT.value, 1), else_=2)
        query = sa.select(trials).order_by(order, trials.c.started_on.desc(), trials.c.created_at.desc(), trials.c.id)
        if strategy is not None:
            query = query.where(trials.c.strategy == strategy)
        return [_record(row) for row in connection.execute(query)]

    def active(self, connection: sa.Connection, strategy: str) -> TrialRecord | None:
        """Return the trial of a strategy that runs or rests."""
        query = sa.select(trials).where(trials.c.strategy == strategy, trials.c.state.in_(ACTIVE))
        row = connection.execute(query).first()
        return None if row is None else _record(row)

    def events(self, connection: sa.Connection, trial: str) -> list[TrialEvent]:
        """Return what happened to a trial, oldest first."""
        query = sa.select(trial_events).where(trial_events.c.trial == trial).order_by(trial_events.c.number)
        return [TrialEvent(*row[1:]) for row in connection.execute(query)]

    # ---- change

    def draft(self, connection: sa.Connection, document: Trial, act: Act, *, by_default: bool = False) -> TrialRecord:
        """Write down a trial that has not started; a draft of the same id is replaced.

        Raises
        ------
        ExperimentError
            If a trial of that id has started: its rule stands.
        """
        known = connection.execute(sa.select(trials).where(trials.c.id == document.id)).first()
        if known is not None and known.state != TrialState.DRAFT.value:
            what = "has the same document" if known.version == document.version else "was fixed at its start"
            raise ExperimentError(
                f"The trial {document.id} has started on {known.started_on} and {what}; it cannot be changed.",
                hint="Another rule, metric, horizon or stage is another trial: give it a new id.",
            )
        values = {
            "strategy": document.strategy,
            "version": document.version,
            "document": document.normalised(),
            "by_default": by_default,
            "salt": f"{self._seed}/{document.experiment}",
            "state": TrialState.DRAFT.value,
            "created_at": act.now,
        }
        if known is None:
            connection.execute(sa.insert(trials).values(id=document.id, **values))
        else:
            connection.execute(sa.update(trials).where(trials.c.id == document.id).values(**values))
        self._note(connection, document.id, act, "planned", "写下方案", f"planned; document {document.version}")
        return self.get(connection, document.id)

    def start(
        self, connection: sa.Connection, trial: str, act: Act, strategy_version: str, started_on: date | None = None
    ) -> TrialRecord:
        """Start a draft: its document is fixed from now on. A trial that was there by default makes way.

        Raises
        ------
        ExperimentError
            If it is no draft, another trial of the strategy runs, or its stretch of a layer is taken.
        """
        record = self.get(connection, trial)
        if record.state is not TrialState.DRAFT:
            raise ExperimentError(
                f"The trial {trial} is {record.state.value}, no draft.", hint="Plan one with a new id."
            )
        other = self.active(connection, record.strategy)
        if other is not None and not other.by_default:
            raise ExperimentError(
                f"The strategy {record.strategy} is tried by {other.id} already.",
                hint=f"`liuke trials stop {other.id}`",
            )
        self._check_layer(connection, record.document)
        if other is not None:
            self.end(connection, other.id, act, EndReason.REPLACED, *_taken_over_by(record.document))
        day = started_on or act.day
        self._set(
            connection,
            trial,
            state=TrialState.RUNNING.value,
            strategy_version=strategy_version,
            started_on=day,
            stage=0,
            stage_since=day,
        )
        share = record.document.treated_share(0)
        self._note(connection, trial, act, "started", f"开始，触达 {share:.0%}", f"started, {share:.0%} treated")
        return self.get(connection, trial)

    def pause(self, connection: sa.Connection, trial: str, act: Act, why: str = "") -> TrialRecord:
        """Let nobody enter and nobody be contacted for now.

        Raises
        ------
        ExperimentError
            If it does not run.
        """
        self._expect(connection, trial, TrialState.RUNNING)
        self._set(connection, trial, state=TrialState.PAUSED.value)
        self._note(connection, trial, act, "paused", f"暂停 {why}".strip(), f"paused {why}".strip())
        return self.get(connection, trial)

    def resume(self, connection: sa.Connection, trial: str, act: Act) -> TrialRecord:
        """Go on after a pause, or let the share grow again after a roll-back.

        Raises
        ------
        ExperimentError
            If it neither rests nor was rolled back.
        """
        record = self.get(connection, trial)
        if record.state is not TrialState.PAUSED and not (record.state is TrialState.RUNNING and not record.growing):
            raise ExperimentError(
                f"The trial {trial} is {record.state.value}; there is nothing to resume.", hint="Start a new trial."
            )
        # the stage's days count anew: what happened before was before the pause
        self._set(connection, trial, state=TrialState.RUNNING.value, growing=True, stage_since=act.day)
        self._note(connection, trial, act, "resumed", "继续", "resumed")
        return self.get(connection, trial)

    def roll_back(self, connection: sa.Connection, trial: str, act: Act, why: str = "") -> TrialRecord:
        """Go back one stage, to pausing from the first; the share does not grow again until somebody resumes it.

        Raises
        ------
        ExperimentError
            If the trial neither runs nor was rolled out.
        """
        record = self.get(connection, trial)
        rolled_out = record.state is TrialState.ENDED and record.reason is EndReason.ROLLED_OUT
        if record.state is not TrialState.RUNNING and not rolled_out:
            raise ExperimentError(
                f"The trial {trial} is {record.state.value}; nobody is contacted, so there is nothing to roll back.",
                hint="`liuke trials status` shows each trial's stage.",
            )
        other = self.active(connection, record.strategy)
        if other is not None and other.id != trial:
            raise ExperimentError(
                f"{other.id} tries {record.strategy} now.", hint=f"`liuke trials roll-back {other.id}`"
            )
        stage, state = max(record.stage - 1, 0), TrialState.RUNNING if record.stage > 0 else TrialState.PAUSED
        self._set(
            connection,
            trial,
            state=state.value,
            reason="",
            ended_on=None,
            stage=stage,
            stage_since=act.day,
            growing=False,
        )
        share = record.document.treated_share(stage) if state is TrialState.RUNNING else 0.0
        zh, en = f"回退到 {share:.0%} {why}".strip(), f"rolled back to {share:.0%} {why}".strip()
        self._note(connection, trial, act, "rolled_back", zh, en)
        return self.get(connection, trial)

    def advance(self, connection: sa.Connection, trial: str, act: Act, zh: str, en: str) -> TrialRecord:
        """Take the next stage.

        Raises
        ------
        ExperimentError
            If it does not run or stands at its last stage.
        """
        record = self._expect(connection, trial, TrialState.RUNNING)
        if record.stage + 1 >= len(record.document.rollout.stages):
            raise ExperimentError(
                f"The trial {trial} stands at its last stage.", hint="There is nothing to advance to."
            )
        self._set(connection, trial, stage=record.stage + 1, stage_since=act.day)
        self._note(connection, trial, act, "advanced", zh, en)
        return self.get(connection, trial)

    def end(
        self, connection: sa.Connection, trial: str, act: Act, reason: EndReason, zh: str = "", en: str = ""
    ) -> TrialRecord:
        """End a trial. After a roll-out the strategy goes on with its control group; else nobody is contacted.

        Raises
        ------
        ExperimentError
            If it has ended already or never started.
        """
        record = self.get(connection, trial)
        if record.state not in (TrialState.RUNNING, TrialState.PAUSED):
            raise ExperimentError(f"The trial {trial} is {record.state.value}.", hint="Only a started trial can end.")
        self._set(connection, trial, state=TrialState.ENDED.value, reason=reason.value, ended_on=act.day)
        words = reason.words
        self._note(connection, trial, act, reason.value, zh or words[0], en or words[1])
        return self.get(connection, trial)

    # ---- inside

    def _expect(self, connection: sa.Connection, trial: str, state: TrialState) -> TrialRecord:
        record = self.get(connection, trial)
        if record.state is not state:
            raise ExperimentError(
                f"The trial {trial} is {record.state.value}, not {state.value}.",
                hint="`liuke trials status` lists them.",
            )
        return record

    def _check_layer(self, connection: sa.Connection, document: Trial) -> None:
        mine = document.layer
        if mine is None:
            return
        for other in self._active(connection):
            theirs = other.document.layer
            if theirs is None or theirs.name != mine.name or other.strategy == document.strategy:
                continue
            if mine.start < theirs.end and theirs.start < mine.end:
                raise ExperimentError(
                    f"The stretch {mine.start:g} to {mine.end:g} of layer {mine.name} overlaps that of {other.id}, "
                    f"{theirs.start:g} to {theirs.end:g}.",
                    hint="Choose a free stretch, or end the other trial.",
                )

    def _active(self, connection: sa.Connection) -> Sequence[TrialRecord]:
        return [one for one in self.all(connection) if one.state.value in ACTIVE]

    @staticmethod
    def _set(connection: sa.Connection, trial: str, **values: object) -> None:
        connection.execute(sa.update(trials).where(trials.c.id == trial).values(**values))

    def _note(self, connection: sa.Connection, trial: str, act: Act, action: str, zh: str, en: str) -> None:
        record = self.get(connection, trial)
        last = connection.scalar(sa.select(sa.func.max(trial_events.c.number)).where(trial_events.c.trial == trial))
        connection.execute(
            sa.insert(trial_events).values(
                trial=trial,
                number=(last or 0) + 1,
                at=act.now,
                day=act.day,
                actor=act.actor,
                action=action,
                stage=record.stage,
                treated_share=record.treated_share,
                zh=zh,
                en=en,
            )
        )
        detail = {"trial": trial, "strategy": record.strategy, "document": record.version, "why": en}
        self._audit(connection, act.actor, f"trial.{action}", act.now, detail)


def _taken_over_by(document: Trial) -> tuple[str, str]:
    """Say in Chinese and English that another trial of the strategy has begun."""
    zh, en = document.name.zh or document.id, document.name.en or document.id
    return f"由试验“{zh}”取代", f"replaced by the trial “{en}”"


def _record(row: sa.Row[tuple[object, ...]]) -> TrialRecord:
    return TrialRecord(
        id=row.id,
        strategy=row.strategy,
        strategy_version=row.strategy_version,
        version=row.version,
        document=parse_trial(row.document, f"trial {row.id}"),
        by_default=row.by_default,
        state=TrialState(row.state),
        reason=EndReason(row.reason) if row.reason else None,
        stage=row.stage,
        stage_since=row.stage_since,
        growing=row.growing,
        created_at=row.created_at,
        started_on=row.started_on,
        ended_on=row.ended_on,
    )
