"""The page of the early warning."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from liuke.app.http.models.common import Id, Level, Model, Note


class WarningLevel(Model):
    """One level now."""

    level: Level
    customers: int
    lifted: int = Field(description="Above blue only because of a silent decline.")
    graduated: int = Field(description="Have outgrown the range: counted apart, never worth a win-back.")
    value_at_risk_minor: int
    expected_profit_minor: int = Field(description="What contacting all of them is expected to bring; red and orange.")


class WarningThreshold(Model):
    """From where a contact is worth it in one lifecycle stage, and why."""

    stage: str
    zh: str
    en: str
    level: Level
    scored: int
    customers: int
    usual_probability: float
    margin_minor: float
    pays_from: float | None = Field(description="Probability from which the contact pays at the stage's median margin.")
    profit_from_minor: float = Field(description="Lowest expected profit that still got a place; 0: all did.")
    lowest_probability: float | None
    at_capacity: bool = Field(description="Capacity ran out before all customers worth the contact had a place.")
    save_share: float = Field(description="Assumption: share of leaving customers whom the contact keeps.")
    cost_minor: int
    capacity: int


class Detector(Model):
    """One behaviour watched for silent decline."""

    behaviour: str
    zh: str
    en: str
    customers: int
    checked: int = Field(description="Customers with enough data; of the others nothing is said.")
    fading: int


class FadingCustomer(Model):
    """A customer in silent decline."""

    customer_id: Id
    level: Level
    value_at_risk_minor: int
    zh: str
    en: str


class LeadingReason(Model):
    """The first reason of warned customers."""

    family: str
    zh: str
    en: str
    customers: int


class WarnedWeek(Model):
    """How the warnings of one past week came out."""

    week: date
    horizon_days: int
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


class InTime(Model):
    """Of those who left, how many were contacted in time; without a value the note says why."""

    zh: str
    en: str
    formula_zh: str
    formula_en: str
    period_start: date
    period_end: date
    value: float | None
    numerator: float | None
    denominator: float | None
    held_back: int | None
    graduated: int | None
    note: str | None


class EarlyWarning(Model):
    """Levels, thresholds with their grounds, silent declines, reasons, past weeks."""

    as_of: date
    levels: list[WarningLevel]
    thresholds: list[WarningThreshold]
    detectors: list[Detector]
    fading: list[FadingCustomer]
    reasons: list[LeadingReason]
    backtest_as_of: date | None
    backtest: list[WarnedWeek]
    intervened: InTime | None = None  # builds of earlier versions don't say
    note: Note | None = Field(description="Why nobody is scored.")
