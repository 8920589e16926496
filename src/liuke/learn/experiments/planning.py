"""How many customers, for how long? Planned from the shop's own history, before the first customer is drawn.

Rates, spreads and what CUPED saves are read from customers who were not contacted: the strategy's own control customers
where there are enough, else the shop's active buyers one horizon ago. Sizes are for intervals that may be read daily.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel import NotEnoughData
from liuke.learn.experiments.document import Trial
from liuke.learn.experiments.errors import ExperimentError
from liuke.learn.experiments.outcomes import OUTCOMES
from liuke.learn.experiments.ports import MomentLike
from liuke.learn.experiments.unit_table import COVARIATES, UNITS, UnitInputs, unit_table
from liuke.learn.inference import duration_days, mde_means, plan_means

ENOUGH = 200  # customers below which a rate says too little to plan by: ± 7 points
ACTIVE_DAYS = 180  # a buyer within these days is active
RECENT_DAYS = 28  # whole weeks: entries per day are an average over weekdays


@dataclass(frozen=True, slots=True)
class Baseline:
    """One metric without contact: mean and variance per customer, and its correlation with what was known before."""

    metric: str
    mean: float
    variance: float
    correlation: float


@dataclass(frozen=True, slots=True)
class PlanningFacts:
    """What a plan starts from.

    Parameters
    ----------
    population
        ``control`` (of the strategy) or ``active_buyers``.
    customers
        Behind the baselines.
    entries_per_day
        Of the last weeks; None while the strategy has not run.
    """

    strategy: str
    as_of: date
    horizon_days: int
    population: str
    customers: int
    entries_per_day: float | None
    baselines: tuple[Baseline, ...]

    def tree(self) -> dict[str, Any]:
        """Return the facts as JSON can hold them."""
        return asdict(self) | {"as_of": self.as_of.isoformat()}

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> PlanningFacts:
        """Rebuild facts."""
        baselines = tuple(Baseline(**one) for one in tree["baselines"])
        return cls(**{**tree, "as_of": date.fromisoformat(tree["as_of"]), "baselines": baselines})


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """The size that one metric asks for.

    Parameters
    ----------
    worthwhile
        The gain to be found, in the metric's unit.
    units, control_units, treated_units
        Customers at which it is found with the rule's power, all looks allowed.
    units_without_cuped
        The same without what was known before.
    days
        Until that many have entered and their windows are over; None without entries per day.
    found_in_90_days
        The smallest gain found with the entries of 90 days; None without entries per day.
    """

    metric: str
    baseline: float
    worthwhile: float
    units: int
    control_units: int
    treated_units: int
    units_without_cuped: int
    days: int | None
    found_in_90_days: float | None


def planning_facts(moment: MomentLike, trial: Trial, entries: pa.Table) -> PlanningFacts | NotEnoughData:
    """Read what a plan starts from out of a moment.

    Parameters
    ----------
    trial
        Its horizon, covariate days and metrics.
    entries
        The strategy's entries; may be empty.
    """
    as_of = moment.as_of
    cutoff = as_of - timedelta(days=trial.horizon_days)
    over = pc.and_(pc.equal(entries["arm"], "control"), pc.less_equal(entries["entered_on"], pa.scalar(cutoff)))
    control = entries.filter(over).select(["customer_id", "entry", "arm", "probability", "entered_on"])
    population = "control"
    if control.num_rows < ENOUGH:
        population, control = "active_buyers", _active_buyers(moment, cutoff)
    if control.num_rows < ENOUGH:
        zh, en = "可参照的客户太少，无法规划", "too few customers to plan by"
        return NotEnoughData(zh, en, control.num_rows, ENOUGH)
    first = min(control["entered_on"].to_pylist())
    inputs = UnitInputs(control, _NO_CONTACTS, _NO_PLACES, {})
    names = [name for name in OUTCOMES if name in trial.metrics.names]
    with unit_table(moment, trial, first, inputs):
        query = f"SELECT {', '.join([*names, *COVARIATES])} FROM {UNITS} WHERE complete ORDER BY customer_id"
        columns: dict[str, Any] = moment.connection.execute(query).fetchnumpy()
    known = np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in COVARIATES])
    baselines = tuple(_baseline(name, np.asarray(columns[name], dtype=np.float64), known) for name in names)
    rate = _entries_per_day(entries, as_of)
    customers = len(known)
    return PlanningFacts(trial.strategy, as_of, trial.horizon_days, population, customers, rate, baselines)


def plan_sizes(trial: Trial, facts: PlanningFacts, stage: int | None = None) -> tuple[MetricPlan, ...]:
    """Return the sizes that a trial's metrics ask for, the deciding one first.

    Parameters
    ----------
    stage
        At which treated share; by default the one nearest to a half, which decides fastest.

    Raises
    ------
    ExperimentError
        If the rule names no worthwhile gain.

    Notes
    -----
    The deciding metric must find ``rule.worthwhile``; a guard-rail the loss that is accepted; others are shown for a
    gain of the same share of their mean. While the share grows, and within strata, readings do without CUPED, and so
    does their plan.
    """
    if trial.rule.worthwhile <= 0:
        raise ExperimentError(
            f"The trial {trial.id} names no worthwhile gain, so no size can be planned.",
            hint="Set rule.worthwhile, such as 0.01 for one point.",
        )
    share = trial.planned_share if stage is None else trial.treated_share(stage)
    by_name = {one.metric: one for one in facts.baselines}
    primary = by_name[trial.metrics.primary]
    lift = trial.rule.worthwhile / primary.mean if primary.mean > 0 else None
    names = [trial.metrics.primary, *(name for name in trial.metrics.names if name != trial.metrics.primary)]
    accepted = {one.metric: one.worse_by for one in trial.metrics.guardrails if one.worse_by > 0}
    plans = []
    for name in names:
        base = by_name.get(name)
        gain = accepted.get(name) or (lift or 0) * abs(base.mean if base else 0)
        if name == trial.metrics.primary:
            gain = trial.rule.worthwhile
        if base is not None and base.variance > 0 and gain > 0:
            plans.append(_metric_plan(trial, facts, base, gain, share))
    return tuple(plans)


def _metric_plan(trial: Trial, facts: PlanningFacts, base: Baseline, gain: float, share: float) -> MetricPlan:
    design: dict[str, Any] = {
        "alpha": 1 - trial.rule.level,
        "power": trial.rule.power,
        "shares": (1 - share, share),
        "sequential": True,
    }
    cuped = len(trial.rollout.stages) == 1 and not trial.strata
    correlation = base.correlation if cuped else 0.0
    found = plan_means(base.variance, gain, correlation=correlation, **design)
    bare = plan_means(base.variance, gain, **design)
    rate = facts.entries_per_day
    reach = None if not rate else mde_means(base.variance, max(rate * 90, 8), correlation=correlation, **design)
    return MetricPlan(
        metric=base.metric,
        baseline=base.mean,
        worthwhile=gain,
        units=found.n_total,
        control_units=found.n_per_arm[0],
        treated_units=found.n_per_arm[1],
        units_without_cuped=bare.n_total,
        days=duration_days(found.n_total, rate, trial.horizon_days) if rate else None,
        found_in_90_days=reach,
    )


def _baseline(metric: str, values: np.ndarray[Any, Any], known: np.ndarray[Any, Any]) -> Baseline:
    variance = float(values.var(ddof=1)) if len(values) > 1 else 0.0
    if variance == 0:
        return Baseline(metric, float(values.mean()), 0.0, 0.0)
    centred = known - known.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = centred[:, spread > 0] / spread[spread > 0]
    slope, *_ = np.linalg.lstsq(scaled, values - values.mean(), rcond=None)
    explained = float((scaled @ slope).var(ddof=1)) / variance
    return Baseline(metric, float(values.mean()), variance, float(np.sqrt(min(max(explained, 0.0), 0.99))))


def _active_buyers(moment: MomentLike, cutoff: date) -> pa.Table:
    query = """
        SELECT DISTINCT customer_id, 'planning' AS entry, 'control' AS arm, 0.5::DOUBLE AS probability,
               $cutoff::DATE AS entered_on
        FROM purchases WHERE occurred_on < $cutoff AND occurred_on >= $cutoff - $days ORDER BY customer_id"""
    found: Any = moment.connection.sql(query, params={"cutoff": cutoff, "days": ACTIVE_DAYS}).to_arrow_table()
    return found


def _entries_per_day(entries: pa.Table, as_of: date) -> float | None:
    days = [day for day in entries["entered_on"].to_pylist() if as_of - timedelta(days=RECENT_DAYS) <= day < as_of]
    if not days:
        return None
    span = max((as_of - min(days)).days, 7)  # a first day lets in the stock of years: at least a week to average over
    return float(len(days) / span)


_NO_CONTACTS = pa.schema(
    [
        ("strategy", pa.string()),
        ("customer_id", pa.int64()),
        ("channel", pa.string()),
        ("state", pa.string()),
        ("planned_on", pa.date32()),
        ("sent_at", pa.timestamp("us")),
    ]
).empty_table()
_NO_PLACES = pa.schema([("customer_id", pa.int64()), ("unit_id", pa.int64()), ("stratum", pa.string())]).empty_table()
