"""By which terms does chance act for a strategy today? The standing trial's document, stage and state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from liuke.learn.experiments.contracts import EndReason, TrialState
from liuke.learn.experiments.document import Layer, Scope, Trial, Unit, parse_trial
from liuke.learn.experiments.tables import trials

_STARTED = (TrialState.RUNNING.value, TrialState.PAUSED.value, TrialState.ENDED.value)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an allocator has to know of a trial.

    Parameters
    ----------
    experiment
        Name under which arms are stored.
    salt
        Mixed into the hash of each unit; fixed at the start.
    open
        Whether customers may enter and be contacted: it runs, or has ended with a roll-out.
    treated_share
        Chance of being treated at the present stage.
    staged
        Whether the share may change, so that each unit's point has to be known.
    settle_days
        Days after which a control customer's window is over and a larger share may reach the customer.
    rivals
        Experiments of other trials in the same layer.
    """

    trial: str
    strategy: str
    experiment: str
    salt: str
    open: bool
    treated_share: float
    staged: bool
    settle_days: int
    started_on: date
    unit: Unit
    strata: tuple[str, ...]
    seats: bool
    block_size: int
    scope: Scope | None
    layer: Layer | None
    rivals: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether single customers are drawn by their own hash at one share that never changes."""
        return not self.staged and not self.seats and self.unit.by == "customer"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the audience that the draw needs."""
        named = [self.unit.named_by, self.scope.column if self.scope else None, *self.strata]
        return tuple(dict.fromkeys(name for name in named if name))


def standing_terms(connection: sa.Connection, strategy: str) -> Terms | None:
    """Return the terms of a strategy's latest started trial; None where it never had one."""
    table = trials.c
    latest = sa.case((table.state == TrialState.ENDED.value, 1), else_=0)
    query = (
        sa.select(trials)
        .where(table.strategy == strategy, table.state.in_(_STARTED))
        .order_by(latest, table.started_on.desc(), table.ended_on.desc(), table.created_at.desc(), table.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else _terms(connection, row, parse_trial(row.document, f"trial {row.id}"))


def _terms(connection: sa.Connection, row: sa.Row[tuple[object, ...]], trial: Trial) -> Terms:
    running = row.state == TrialState.RUNNING.value
    rolled_out = row.state == TrialState.ENDED.value and row.reason == EndReason.ROLLED_OUT.value
    return Terms(
        trial=trial.id,
        strategy=trial.strategy,
        experiment=trial.experiment,
        salt=row.salt,
        open=(running or rolled_out) and row.stage >= 0,
        treated_share=trial.treated_share(max(row.stage, 0)),
        staged=len(trial.rollout.stages) > 1,
        settle_days=trial.horizon_days,
        started_on=row.started_on,
        unit=trial.unit,
        strata=tuple(trial.strata),
        seats=trial.seats,
        block_size=trial.block_size,
        scope=trial.scope,
        layer=trial.layer,
        rivals=_rivals(connection, trial),
    )


def _rivals(connection: sa.Connection, trial: Trial) -> tuple[str, ...]:
    """Return the experiments of running or resting trials in the same layer."""
    if trial.layer is None:
        return ()
    active = (TrialState.RUNNING.value, TrialState.PAUSED.value)
    query = sa.select(trials.c.document).where(trials.c.state.in_(active), trials.c.id != trial.id)
    others = (parse_trial(text) for text in connection.scalars(query))
    return tuple(sorted(one.experiment for one in others if one.layer and one.layer.name == trial.layer.name))
