"""The first page: key figures, cohorts, risk levels, strategies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from liuke.app.http.models.common import AsideNote, Level, Model, Note, Unit, Words


class Point(Model):
    """One period of a key figure."""

    period_start: date
    value: float | None


class Metric(Model):
    """One key figure: its latest period, the two it is compared with, and its recent course."""

    metric: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    unit: Unit
    better: Literal["up", "down", "neither"]
    period_start: date
    period_end: date
    value: float | None
    numerator: float | None
    denominator: float | None
    final_on: date | None
    changed_on: date | None = None  # builds of earlier versions don't say
    value_before: float | None = None
    note: str | None
    previous: float | None
    year_ago: float | None
    series: list[Point]


class CohortCell(Model):
    """Customers of a cohort who bought again in that month."""

    month_index: int
    active: int


class Cohort(Model):
    """Customers whose first purchase fell into one month."""

    cohort: date
    customers: int
    active: list[CohortCell]


class RiskLevel(Model):
    """One level of the early warning."""

    level: Level
    customers: int
    value_at_risk_minor: int
    mean_probability: float | None


class Effect(Model):
    """Treated against control on one outcome."""

    metric: str
    treated_n: int
    treated_mean: float | None
    control_n: int
    control_mean: float | None
    difference: float | None
    low: float | None
    high: float | None
    level: float | None
    srm_p: float | None
    pending_n: int | None = Field(description="Customers left out: their window is not complete.")
    verdict: str | None
    reason: Words | None


class Strategy(Model):
    """One strategy: what it wants, what it sent, what it changed."""

    strategy: str
    zh: str
    en: str
    goal_zh: str
    goal_en: str
    contacts: dict[str, int]
    effects: list[Effect]


class Totals(Model):
    """Sizes behind the page."""

    customers: int
    buyers: int
    scored: int
    value_at_risk_minor: int
    horizon_days: int | None
    model_version: str | None


class Overview(Model):
    """The first page."""

    as_of: date
    published_at: datetime
    totals: Totals
    metrics: list[Metric]
    cohorts: list[Cohort]
    levels: list[RiskLevel]
    strategies: list[Strategy]
    notes: dict[str, Note]
    aside: list[AsideNote] = Field(description="Definitions that the run could not use.")
