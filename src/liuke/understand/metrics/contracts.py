"""Values that cross the door of this room."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from liuke.kernel.days import Period
from liuke.kernel.results import NotEnoughData

Unit = Literal["share", "count", "money", "number"]


@dataclass(frozen=True)
class MetricDefinition:
    """What a key figure is called, how it is computed, and which way is good.

    Attributes
    ----------
    months : int
        Length of its period in calendar months.
    lag_days : int
        Days after the period's end until it can be measured: its last customers still have so much time.
    settle_days : int
        Days after that in which its orders may still come back.
    lookback : str
        What has to lie in the recorded history before the period: nothing, the activity window, or one more period.
    """

    key: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    unit: Unit
    better: Literal["up", "down", "neither"]
    months: int = 1
    lag_days: int = 0
    settle_days: int = 0
    lookback: Literal["none", "window", "period"] = "none"


@dataclass(frozen=True)
class MetricValue:
    """One key figure in one period.

    `value` is numerator ÷ denominator (the numerator itself where there is no denominator), or None with the reason in
    `note`. Amounts are minor currency units. `final_on` is the day from which what customers do does not move it any
    more: their time is over, and the days in which orders come back are, too. What is recorded later than that (a late
    file, a refund long after) still corrects the figure, and `with_changes` marks it.
    """

    metric: str
    period: Period
    value: float | None
    numerator: float | None
    denominator: float | None
    final_on: dt.date
    note: NotEnoughData | None = None


@dataclass(frozen=True)
class Comparison:
    """A value beside those of the period before (环比) and of the same period a year ago (同比)."""

    now: MetricValue
    previous: MetricValue | None
    year_ago: MetricValue | None


@dataclass(frozen=True)
class Measured:
    """Everything that one run measured, as values and as the rows of the lake tables."""

    values: tuple[MetricValue, ...]
    metrics: pa.Table
    cohorts: pa.Table
