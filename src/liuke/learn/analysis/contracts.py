"""The report that crosses the door: what a table of a trial says, in numbers and in words.

All numbers are finite; None stands for "unbounded", "not asked" or "cannot be said", as each field explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class Verdict(StrEnum):
    """What may be concluded: it works, works but costs more than it brings, does not work, or wait."""

    WORKS = "works"
    DOES_NOT_PAY = "does_not_pay"
    DOES_NOT_WORK = "does_not_work"
    TOO_EARLY = "too_early"

    @property
    def zh(self) -> str:
        """The word in Chinese."""
        return _WORDS[self.value][0]

    @property
    def en(self) -> str:
        """The word in English."""
        return _WORDS[self.value][1]


_WORDS = {
    "works": ("有效", "works"),
    "does_not_pay": ("有效但不划算", "works at a loss"),
    "does_not_work": ("无效", "does not work"),
    "too_early": ("再等等", "wait"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference of treated minus control (or a lift) with its interval.

    Parameters
    ----------
    value, low, high
        In the metric's unit, or a share (0.1 = +10 %) for a lift; an end that is None is unbounded.
    p_value
        Two-sided, of no difference.
    level
        Coverage: at this look alone, or at all looks together if ``method`` ends in ``sequential``.
    method
        Which method answered.
    """

    value: float
    low: float | None
    high: float | None
    p_value: float
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class ArmSize:
    """Units of an arm; ``clusters`` is None if units were drawn; shares are of all units (clusters)."""

    arm: str
    units: int
    clusters: int | None
    share: float
    intended_share: float


@dataclass(frozen=True, slots=True)
class Split:
    """Do the arms' sizes fit the draw (SRM)?

    Parameters
    ----------
    p_value
        At this look; of Pearson's chi-square.
    always_p_value
        Valid however often one looks: 1 / Bayes factor, at most 1. Slower to alarm; shown beside.
    alarm_p
        The plan's limit.
    broken
        Whether ``p_value`` lies below the limit: no verdict then.
    """

    p_value: float
    always_p_value: float
    alarm_p: float
    broken: bool


@dataclass(frozen=True, slots=True)
class ArmValue:
    """What was measured in an arm.

    Parameters
    ----------
    n
        Units with a value.
    total
        Raw total of the metric (numerator), as capped.
    denominator
        Raw total below the line; None unless the metric is a ratio.
    value
        Share (0 to 1), mean per unit or ratio; None of a ratio with nothing below the line.
    standard_error
        Of ``value``; None with fewer than two units (clusters).
    """

    arm: str
    n: int
    total: float
    denominator: float | None
    value: float | None
    standard_error: float | None


@dataclass(frozen=True, slots=True)
class GuardRail:
    """May a guard-rail metric be called unharmed?

    Parameters
    ----------
    state
        ``holds``: a loss as big as the margin is ruled out (without a margin: no significant loss). ``broken``: a
        loss beyond the margin is proven (without: any loss). ``undecided``: neither.
    margin
        In the metric's unit; None if the plan gives none.
    p_holds, p_broken
        Of the two one-sided tests; None without a margin.
    """

    state: Literal["holds", "broken", "undecided"]
    margin: float | None
    p_holds: float | None
    p_broken: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against control on one metric.

    Parameters
    ----------
    arm
    fixed, sequential
        The difference as estimated (adjusted where the plan says so): for one look at a horizon fixed before, and
        for any number of looks.
    raw
        Without covariates and strata; None if nothing was adjusted.
    lift, lift_sequential
        Relative to control; None if control's value is zero.
    p_adjusted
        The deciding p-value corrected over all primary metrics and arms; None for other roles.
    variance_kept
        Variance with covariates over variance without: 0.6 means that 40 % fewer units would do; None without.
    chance_to_win
        Probability that the arm is better, by a flat prior; says nothing about error rates. None without variation.
    expected_loss
        What is lost on average by choosing this arm if it is worse, in the metric's unit.
    permutation
        By randomisation of clusters, where clusters were drawn.
    guard
        Of guard-rail metrics.
    """

    arm: str
    fixed: Interval
    sequential: Interval
    raw: Interval | None
    lift: Interval | None
    lift_sequential: Interval | None
    p_adjusted: float | None
    variance_kept: float | None
    chance_to_win: float | None
    expected_loss: float | None
    permutation: Interval | None
    guard: GuardRail | None

    @property
    def spread_unknown(self) -> bool:
        """Whether nothing at all is excluded, because the units of each arm do not vary."""
        return self.fixed.low is None and self.fixed.high is None

    def deciding(self, looks: str) -> Interval:
        """Return the interval by which the plan decides."""
        return self.sequential if looks == "sequential" else self.fixed


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric: what was measured in each arm (control first), and each arm against control.

    Parameters
    ----------
    cap
        Value that larger ones count as; None if not winsorised.
    problem
        Why it could not be compared (an arm too small, no variation); None if it was.
    label
        What sentences call it.
    """

    name: str
    kind: Literal["proportion", "mean", "count", "ratio"]
    role: Literal["primary", "secondary", "guardrail"]
    direction: Literal["up", "down"]
    money: str
    worthwhile: float
    cap: float | None
    covariates: tuple[str, ...]
    arms: tuple[ArmValue, ...]
    comparisons: tuple[Comparison, ...]
    problem: Text | None
    label: Text


@dataclass(frozen=True, slots=True)
class SegmentGroup:
    """The effect on the first primary metric in one group.

    Parameters
    ----------
    column, group, arm
    treated_n, control_n, treated_value, control_value
    effect
        In this group alone, for one look.
    p_differs, p_differs_adjusted
        Of the effect being the same in this group as in all others; the second corrected for all groups asked.
    """

    column: str
    group: str
    arm: str
    treated_n: int
    control_n: int
    treated_value: float
    control_value: float
    effect: Interval
    p_differs: float
    p_differs_adjusted: float


@dataclass(frozen=True, slots=True)
class Segments:
    """Do groups respond differently?

    Parameters
    ----------
    metric
        The one asked about: the first primary one.
    correction
        Of ``p_differs_adjusted``.
    groups
        Most surprising first.
    left_out
        Groups too small to compare: "column: group".
    """

    metric: str
    correction: str
    groups: tuple[SegmentGroup, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """What an arm earned for what it cost, against control.

    Parameters
    ----------
    metric
        The metric that says what a unit brought, times ``worth_of_success``.
    unit
        Unit of all amounts here, as the plan names it; empty if it names none.
    worth_of_success
        What one unit of the metric is worth; 1 if the metric is money itself, None if nobody said: amounts are then
        in the metric's unit (successes).
    contacted
        Units of the arm.
    cost_total
        What was spent on the arm beyond control's spending per unit; None if no cost is known.
    gain
        Per unit, before cost.
    gain_total, gain_total_low, gain_total_high
        Of all units of the arm.
    profit
        Per unit, after cost; None without cost or without the worth of a success.
    return_on_cost, return_low, return_high
        Gain / cost; None without cost, ends None where unbounded.
    cost_of_one, cost_of_one_low, cost_of_one_high
        What one more success costs: where it breaks even. None without cost or gain; a high end of None: unbounded.
    booked
        Profit (gain, if no cost is known) of all units of the arm if its interval excludes zero, else 0.
    proven
        Whether it does.
    """

    arm: str
    metric: str
    unit: str
    worth_of_success: float | None
    contacted: int
    cost_total: float | None
    gain: Interval
    gain_total: float
    gain_total_low: float | None
    gain_total_high: float | None
    profit: Interval | None
    return_on_cost: float | None
    return_low: float | None
    return_high: float | None
    cost_of_one: float | None
    cost_of_one_low: float | None
    cost_of_one_high: float | None
    booked: float
    proven: bool


@dataclass(frozen=True, slots=True)
class DayEffect:
    """The first primary metric's difference among units that entered on a day."""

    day: str
    treated_n: int
    control_n: int
    difference: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Does the effect change with the day of entry, or with the day of the week?

    Parameters
    ----------
    slope, slope_low, slope_high, slope_p
        Change of the effect per day; None with fewer than three usable days.
    weekday_p
        Of the effect being the same on all days of the week; None with fewer than two of them.
    days
        In order.
    """

    metric: str
    arm: str
    slope: float | None
    slope_low: float | None
    slope_high: float | None
    slope_p: float | None
    weekday_p: float | None
    days: tuple[DayEffect, ...]


@dataclass(frozen=True, slots=True)
class ArmVerdict:
    """The plan's rule applied to one arm."""

    arm: str
    verdict: Verdict
    reason: Text


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """What a table of a trial says.

    Parameters
    ----------
    name, source
        Of the trial; of the table.
    plan, plan_digest
        The normalised plan, and its SHA-256: the same digest, the same questions and rules.
    table_rows, units
        Rows of the table; units of all arms.
    control
        Name of the control arm.
    level, looks
        The plan's: coverage, and whether the sequential or the fixed interval decides.
    planned_units
        Units at which the sequential interval is tightest.
    arms
        Control first.
    split
    verdict, reason
        Of the trial: works if any arm does; wait if any arm has to; else works at a loss, or does not work.
    arm_verdicts
        One per arm that isn't control.
    metrics
        In the plan's order.
    segments, timing, money
        Empty or None where the plan doesn't ask.
    notes
        What a reader should know of these data: filled gaps, capped values, small arms.
    methods
        How the numbers were made and what they assume.
    """

    name: str
    source: str
    plan: dict[str, Any]
    plan_digest: str
    table_rows: int
    units: int
    control: str
    level: float
    looks: Literal["sequential", "fixed"]
    planned_units: int
    arms: tuple[ArmSize, ...]
    split: Split
    verdict: Verdict
    reason: Text
    arm_verdicts: tuple[ArmVerdict, ...]
    metrics: tuple[MetricResult, ...]
    segments: Segments | None
    timing: tuple[Timing, ...]
    money: tuple[Money, ...]
    notes: tuple[Text, ...]
    methods: tuple[Text, ...]
    format: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        from liuke.learn.analysis.codec import encode

        tree = encode(self)
        assert isinstance(tree, dict)
        return tree

    @classmethod
    def from_json(cls, tree: dict[str, Any]) -> AnalysisReport:
        """Rebuild a report.

        Raises
        ------
        PlanError
            If the tree is no report of this format: names the field.
        """
        from liuke.learn.analysis.codec import decode

        report = decode(tree, cls, "report")
        assert isinstance(report, cls)
        return report
