"""How would the warnings of past weeks have come out? Who was warned, who left, how early, who was missed.

Each week is lived again with what was known at its midnight: a model trained on or before it, the scores, the silent
declines, the levels with their hysteresis from week to week. Outcomes are read from today. Nothing that was recorded
after a week's midnight reaches its warnings.

*Lead time* is, for a customer who was warned (orange or red) and left, the time from the first day of the unbroken
run of warnings to the end of their own expected repurchase interval: last purchase plus the mean of their own
intervals, the shop's mean counting as one more of them. Negative: the warning came when they were already overdue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import NotEnoughData
from liuke.predict.churn import read_outcomes
from liuke.predict.early_warning.config import WarningSettings
from liuke.predict.early_warning.contracts import Level
from liuke.predict.early_warning.drift import detect
from liuke.predict.early_warning.ports import Moment, Past, Scorer
from liuke.predict.early_warning.service import grade

FloatArray = npt.NDArray[np.float64]

IN_TIME_DAYS = 3
"""72 hours: what an agent needs to reach somebody before the point of loss."""
WEEK = timedelta(days=7)

INTERVALS_SQL = """
WITH days AS (SELECT DISTINCT customer_id, occurred_on FROM purchases),
own AS (
    SELECT customer_id, max(occurred_on) AS last_on, count(*) - 1 AS gaps, max(occurred_on) - min(occurred_on) AS span
    FROM days GROUP BY customer_id
), shop AS (SELECT sum(span) / nullif(sum(gaps), 0) AS gap FROM own)
SELECT customer_id, $as_of - last_on AS since, (span + coalesce(gap, 0)) / (gaps + 1.0) AS expected
FROM own CROSS JOIN shop ORDER BY customer_id
"""


@dataclass(frozen=True)
class WeekOfWarnings:
    """One past week; the fields are the columns of ``warning_backtest``. None: not known yet, or of nobody."""

    week: date
    horizon_days: int
    model_version: str
    final_on: date
    scored: int
    warned: int
    yellow: int
    churned: int | None
    warned_churned: int | None
    yellow_churned: int | None
    missed: int | None
    missed_paying: int | None
    value_churned_minor: int | None
    value_warned_minor: int | None
    first_warned: int | None
    in_time: int | None
    lead_days_low: float | None
    lead_days_median: float | None
    lead_days_high: float | None

    @property
    def precision(self) -> float | None:
        """Of the warned, the share that left (预警命中率)."""
        return self.warned_churned / self.warned if self.warned and self.warned_churned is not None else None

    @property
    def recall(self) -> float | None:
        """Of those who left, the share that was warned."""
        return self.warned_churned / self.churned if self.churned and self.warned_churned is not None else None


@dataclass(frozen=True)
class Warned:
    """One past week, customer by customer; arrays have shape (n_customers,), ordered by id."""

    week: date
    horizon_days: int
    warnings: pa.Table
    scores: pa.Table
    lead_days: FloatArray
    first: npt.NDArray[np.bool_] | None
    churned: npt.NDArray[np.bool_] | None

    @property
    def urgent(self) -> npt.NDArray[np.bool_]:
        """Orange or red."""
        return np.isin(_levels(self.warnings), [Level.ORANGE.value, Level.RED.value])


Lifecycle = Callable[[Moment], pa.Table]


def relive(
    past: Past,
    scorer: Scorer,
    as_of: date,
    last: date,
    weeks: int,
    lifecycle: Lifecycle,
    started: Sequence[str],
    settings: WarningSettings,
    rng_seed: int = 0,
    retrain_weeks: int = 4,
    progress: Progress | None = None,
) -> list[Warned] | NotEnoughData:
    """Warn in each past week with what was known then.

    Parameters
    ----------
    past : Past
        The shop's past.
    scorer : Scorer
        Keeps its models apart from those in use.
    as_of : date
        Outcomes are read from here.
    last : date
        The latest week; a horizon before ``as_of`` its outcome is complete.
    weeks : int
        How many; one more is lived first, so that the first of them has a week before it.
    lifecycle : callable
        Gives ``customer_id`` and ``stage`` at a moment.
    started : sequence of str
        Events that a customer starts.
    settings : WarningSettings
    rng_seed, retrain_weeks : int
        Models are trained anew after so many weeks.

    Returns
    -------
    list of Warned, oldest first, or NotEnoughData
        Weeks before the first model are left out; not enough if no week has one.
    """
    progress = progress or SilentProgress()
    days = [last - WEEK * back for back in range(weeks, -1, -1)]
    lived: list[Warned] = []
    trained: date | None = None
    refused: NotEnoughData | None = None
    progress.start("early warning: past weeks", len(days))
    with closing(past.at(as_of)) as later:
        for day in days:
            if trained is None or (day - trained).days >= 7 * retrain_weeks:
                outcome = scorer.train_and_evaluate(day, rng_seed)
                if isinstance(outcome, NotEnoughData):
                    refused = outcome
                else:
                    trained = day
            if trained is not None:
                lived.append(_one_week(past, later, scorer, day, lived, lifecycle, started, settings))
            progress.advance()
    progress.finish(f"{len(lived)} weeks with a model")
    if len(lived) < 2:
        return refused or NotEnoughData("历史太短，没有可回看的周", "the history is too short for a past week", 0, 1)
    return lived[1:]


def summarise(week: Warned) -> WeekOfWarnings:
    """Count one week."""
    urgent = week.urgent
    yellow = _levels(week.warnings) == Level.YELLOW.value
    margin = np.asarray(week.scores["expected_margin_minor"], dtype=np.float64)
    pays = np.asarray(week.warnings["expected_profit_minor"], dtype=np.float64) > 0
    left = week.churned
    first = week.first & left & urgent if week.first is not None and left is not None else None
    lead = week.lead_days[first] if first is not None else np.zeros(0)
    quartiles = [float(one) for one in np.quantile(lead, (0.25, 0.5, 0.75))] if lead.size else [None] * 3

    def count(mask: npt.NDArray[np.bool_]) -> int | None:
        return int((mask & left).sum()) if left is not None else None

    def worth(mask: npt.NDArray[np.bool_]) -> int | None:
        return round(float(margin[mask & left].sum())) if left is not None else None

    everyone = np.ones(urgent.size, dtype=np.bool_)
    return WeekOfWarnings(
        week=week.week,
        horizon_days=week.horizon_days,
        model_version=str(week.scores["model_version"][0]) if urgent.size else "",
        final_on=week.week + timedelta(days=week.horizon_days),
        scored=int(urgent.size),
        warned=int(urgent.sum()),
        yellow=int(yellow.sum()),
        churned=count(everyone),
        warned_churned=count(urgent),
        yellow_churned=count(yellow),
        missed=count(~urgent),
        missed_paying=count(~urgent & pays),
        value_churned_minor=worth(everyone),
        value_warned_minor=worth(urgent),
        first_warned=int(first.sum()) if first is not None else None,
        in_time=int((lead >= IN_TIME_DAYS).sum()) if first is not None else None,
        lead_days_low=quartiles[0],
        lead_days_median=quartiles[1],
        lead_days_high=quartiles[2],
    )


def backtest_table(as_of: date, weeks: Sequence[WeekOfWarnings]) -> pa.Table:
    """Return rows of ``warning_backtest``."""
    kinds = {"date": pa.date32(), "int": pa.int64(), "str": pa.string(), "float": pa.float64()}
    columns = {"as_of": pa.array([as_of] * len(weeks), pa.date32())}
    for field in fields(WeekOfWarnings):
        kind = kinds[str(field.type).split(" ")[0]]
        columns[field.name] = pa.array([getattr(one, field.name) for one in weeks], kind)
    columns["horizon_days"] = columns["horizon_days"].cast(pa.int32())
    return pa.table(columns)


def _one_week(
    past: Past,
    later: Moment,
    scorer: Scorer,
    day: date,
    before: Sequence[Warned],
    lifecycle: Lifecycle,
    started: Sequence[str],
    settings: WarningSettings,
) -> Warned:
    scores = scorer.score(day).sort_by("customer_id")
    ids = np.asarray(scores["customer_id"], dtype=np.int64)
    with closing(past.at(day)) as moment:
        declines = detect(moment, ids, started, settings)
        stages = lifecycle(moment)
        lead = lead_days(moment, ids)
    previous = before[-1].warnings if before and before[-1].week == day - WEEK else None
    warnings = grade(scores, previous, stages, settings, declines=declines).warnings
    horizon = int(scores["horizon_days"][0].as_py()) if ids.size else 0
    churned = None
    if ids.size and day + timedelta(days=horizon) <= later.as_of:
        churned = read_outcomes(later, ids, day, horizon).churned > 0
    first = None
    if previous is not None:
        held = previous["customer_id"].to_numpy()[before[-1].urgent]
        first = ~np.isin(ids, held)
    return Warned(day, horizon, warnings, scores, lead, first, churned)


def lead_days(moment: Moment, customer_id: npt.NDArray[np.int64]) -> FloatArray:
    """Return for each customer the days from now to the end of their own expected repurchase interval."""
    rows = moment.connection.execute(INTERVALS_SQL, {"as_of": moment.as_of}).fetchnumpy()
    known = np.asarray(rows["customer_id"], dtype=np.int64)
    left = np.asarray(rows["expected"], dtype=np.float64) - np.asarray(rows["since"], dtype=np.float64)
    if not known.size:
        return np.full(customer_id.size, np.nan)
    at = np.minimum(np.searchsorted(known, customer_id), known.size - 1)
    return np.where(known[at] == customer_id, left[at], np.nan)


def _levels(warnings: pa.Table) -> npt.NDArray[np.object_]:
    return np.asarray(warnings["level"].to_pylist(), dtype=object)
