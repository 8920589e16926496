"""Trials: the list, one whole, the planner's answer, a pilot's balance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from liuke.app.http.models.common import Model, Words
from liuke.kernel import one_line

TrialStateName = Literal["draft", "running", "paused", "ended"]
VerdictName = Literal["works", "does_not_pay", "does_not_work", "too_early"]


class TrialRow(Model):
    """One trial as it stands."""

    id: str
    strategy: str
    name: Words
    state: TrialStateName
    state_words: Words
    reason: str | None = Field(
        description="Why it ended: rolled_out, no_effect, does_not_pay, harmful, stopped, superseded, replaced."
    )
    reason_words: Words | None
    by_default: bool = Field(description="Derived from the strategy's goal, planned by nobody.")
    document_version: str
    strategy_version: str
    stage: int
    stages: list[float] = Field(description="Treated shares through which it grows.")
    stage_since: date | None
    treated_share: float = Field(description="Chance of being treated for those who enter now (0 to 1).")
    growing: bool = Field(description="False after a roll-back by a person.")
    started_on: date | None
    ended_on: date | None
    verdict: VerdictName
    verdict_words: Words
    split_broken: bool = Field(description="The arms' sizes do not fit the draw: no verdict, no money.")


class TrialMoney(Model):
    """What a trial brought, minor units; booked only what its control group has proven."""

    trial: str
    strategy: str
    as_of: date
    treated_n: int
    gain_minor: int
    gain_low_minor: int
    gain_high_minor: int
    cost_minor: int
    booked_minor: int
    level: float


class TrialStrategy(Model):
    """A strategy that a trial can be planned of."""

    id: str
    name: Words


class TrialList(Model):
    """All trials, those that run first, and the strategies that a trial can be planned of."""

    trials: list[TrialRow]
    strategies: list[TrialStrategy]
    money: list[TrialMoney]
    booked_minor: int


class TrialMetric(Model):
    """Words and unit of one metric of a trial."""

    name: str
    zh: str
    en: str
    kind: Literal["share", "money", "count"]
    higher_is_better: bool


class TrialStep(Model):
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


class TrialMove(Model):
    """What the rule asked for at the last reading."""

    action: Literal["stay", "advance", "end"]
    zh: str
    en: str
    reason: str | None


class TrialReport(Model):
    """The last reading: counts by arm, and the analysis in numbers and words."""

    as_of: date
    entered: dict[str, int] = Field(description="Customers by arm.")
    complete: dict[str, int] = Field(description="Of these, with a complete window.")
    exposed: dict[str, int] = Field(description="Of these, really messaged.")
    pending: int
    informative: float = Field(0.0, description="As in `progress`.")
    left_out: int = Field(description="Complete, but their arm left nothing to chance: nobody to compare them with.")
    silent: list[str] = Field(description="Guard-rails of which nothing happened to anybody.")
    problem: str
    move: TrialMove
    gain: dict[str, float | None] | None = Field(description="Margin gained, cost, return with interval, minor units.")
    analysis: dict[str, Any] | None = Field(
        description="As `liuke trials analyse --json`: arms, split, metrics with intervals, segments, timing, reason."
    )


class TrialProgress(Model):
    """How far a trial has come."""

    complete: int
    informative: float = Field(
        description="Complete windows, each worth what its chance tells beside the planned split."
    )
    pending: int
    planned: int | None
    share: float | None
    entries_per_day: float | None
    days_left: int | None


class TrialDetail(TrialRow):
    """One trial whole."""

    document: dict[str, Any]
    metrics: list[TrialMetric]
    events: list[TrialStep]
    report: TrialReport | None
    progress: TrialProgress
    money: TrialMoney | None


class TrialRequest(Model):
    """A trial to plan or keep: a whole document, or a strategy's own trial with some keys changed."""

    document: dict[str, Any] | None = Field(None, description="A trial document, `language: 1`.")
    strategy: str | None = Field(None, description="Instead: start from this strategy's own trial.")
    changes: dict[str, Any] = Field({}, description="Keys laid over the strategy's own trial, `id` among them.")


class TrialSize(Model):
    """The size that one metric asks for."""

    metric: str
    words: Words
    baseline: float
    worthwhile: float
    units: int
    control_units: int
    treated_units: int
    units_without_cuped: int
    days: int | None
    found_in_90_days: float | None


class TrialPlanned(Model):
    """The planner's answer, from the shop's own history."""

    facts: dict[str, Any]
    population: Words
    metrics: list[TrialSize]
    document: dict[str, Any]
    document_version: str


class TrialReason(Model):
    """A few words for the trial's history."""

    why: Annotated[str, AfterValidator(one_line)] = Field("", max_length=200)


class PilotFact(Model):
    """One fact in the pilot against the whole shop."""

    fact: str
    pilot_mean: float
    whole_mean: float
    smd: float = Field(description="Standardised mean difference; below 0.1 is balanced.")


class PilotScope(Model):
    """A pilot's scope, and how well it stands for the whole."""

    column: str
    groups: list[str]
    customers: int
    customer_share: float
    revenue_share: float
    worst: float
    balanced: bool
    exhaustive: bool
    balance: list[PilotFact]


class PilotGroups(Model):
    """Groups that a pilot can be made of."""

    column: str
    groups: list[dict[str, Any]]
