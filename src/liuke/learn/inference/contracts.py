"""The values that cross the door of the inference room: results only. The sums they rest on are in ``moments``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf, nan, sqrt
from typing import Literal

Alternative = Literal["two-sided", "greater", "less"]  # what the p-value is against: treated above, below or either


@dataclass(frozen=True, slots=True)
class ArmMean:
    """One arm's estimate, whatever it was made of: a mean, a share, a ratio, an adjusted mean, clusters.

    Parameters
    ----------
    n
        Independent units behind it: customers, or clusters.
    mean
        The estimate, in the metric's unit.
    variance
        Of one unit's contribution; the estimate's own variance is ``variance / n``.
    freedom
        Degrees of freedom of that variance.
    """

    n: int
    mean: float
    variance: float
    freedom: float

    @property
    def standard_error(self) -> float:
        """The standard error of the estimate."""
        return sqrt(self.variance / self.n)


@dataclass(frozen=True, slots=True)
class Difference:
    """Treated against control, with its confidence interval.

    Parameters
    ----------
    value, low, high
        In the metric's unit; a share (0.1 = +10 %) if ``relative``. A one-sided alternative leaves one end infinite.
    level
        Coverage of the interval.
    p_value
        Of the difference being ``null``.
    standard_error
        Of ``value``; NaN where the method has none (Newcombe, Fieller).
    statistic
        Of the test behind ``p_value``.
    degrees_of_freedom
        Infinite for a normal reference.
    null
        The difference that is tested, in the unit of ``value``.
    alternative
        ``two-sided``, ``greater`` or ``less``.
    method
        Which method answered, such as ``welch`` or ``newcombe``.
    relative
        Whether ``value`` is treated / control − 1.
    """

    value: float
    low: float
    high: float
    level: float
    p_value: float
    standard_error: float = nan
    statistic: float = nan
    degrees_of_freedom: float = inf
    null: float = 0.0
    alternative: Alternative = "two-sided"
    method: str = ""
    relative: bool = False

    @property
    def significant(self) -> bool:
        """Whether the test rejects ``null`` at 1 − ``level``."""
        return self.p_value < 1 - self.level


@dataclass(frozen=True, slots=True)
class SequentialDifference(Difference):
    """A difference that may be read as often as one likes: interval and p-value hold at all looks together.

    Parameters
    ----------
    e_value
        Evidence against ``null``: its expectation is at most 1 without an effect, so 20 is worth 5 %.
    rho
        The tuning parameter; fixed before the first look.
    n
        Units at this look, all arms together.
    """

    e_value: float = nan
    rho: float = nan
    n: int = 0


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Both arms after an adjustment by what was known before (CUPED).

    Parameters
    ----------
    treated, control
        Adjusted means; their difference estimates the same effect as the raw one.
    theta
        The coefficients, one per covariate.
    variance_kept
        Variance of the difference over its variance without the adjustment: 0.6 = 40 % fewer customers needed.
    raw_treated, raw_control
        The means before the adjustment.
    control_covariance
        Of one control unit's contributions to its adjusted and its raw mean.
    """

    treated: ArmMean
    control: ArmMean
    theta: tuple[float, ...]
    variance_kept: float
    raw_treated: ArmMean
    raw_control: ArmMean
    control_covariance: float


class Guard(StrEnum):
    """What may be said of a guard-rail: not worse than the margin, worse, or it is too early to say."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Is the treatment not worse than control by more than a margin fixed before?

    Parameters
    ----------
    difference
        One-sided: ``null`` is the margin, the finite end of the interval is compared with it.
    margin
        The loss that would be accepted, above zero, in the metric's unit.
    higher_is_better
        False for complaints, refunds, unsubscribes.
    guard
        HOLDS: a loss as big as the margin is ruled out. BROKEN: it is proven. Else UNDECIDED.
    p_value_broken
        Of the opposite test: small when the loss exceeds the margin.
    """

    difference: Difference
    margin: float
    higher_is_better: bool
    guard: Guard
    p_value_broken: float


@dataclass(frozen=True, slots=True)
class SegmentEffect:
    """The effect in one segment.

    Parameters
    ----------
    segment
        Its name.
    treated_n, control_n
        Units in it.
    difference
        On its own, as if it were the only question asked.
    p_adjusted
        The p-value corrected for having asked of all segments.
    """

    segment: str
    treated_n: int
    control_n: int
    difference: Difference
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Does the effect differ between segments?

    Parameters
    ----------
    segments
        Most surprising first.
    left_out
        Segments too small to compare, with the reason.
    q, degrees_of_freedom, p_value
        Cochran's Q: of the effect being the same in all segments.
    i_squared
        Share (0 to 1) of the spread between segments that chance doesn't explain.
    correction
        How the p-values were adjusted.
    """

    segments: tuple[SegmentEffect, ...]
    left_out: tuple[tuple[str, str], ...]
    q: float
    degrees_of_freedom: int
    p_value: float
    i_squared: float
    correction: str


@dataclass(frozen=True, slots=True)
class Belief:
    """What to believe of the difference, given a prior.

    Parameters
    ----------
    chance_to_win
        Probability (0 to 1) that treated is better than control.
    expected_loss
        What is lost on average by treating everybody when control was better, in the metric's unit.
    expected_loss_of_staying
        What is lost on average by staying with control.
    value, low, high, level
        Posterior mean and central credible interval.
    """

    chance_to_win: float
    expected_loss: float
    expected_loss_of_staying: float
    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class Trend:
    """Does the effect change with the days since the first exposure?

    Parameters
    ----------
    slope, low, high, level
        Change of the effect per day, with its confidence interval.
    p_value
        Of no change.
    first, last
        The fitted effect on the first and the last day.
    """

    slope: float
    low: float
    high: float
    level: float
    p_value: float
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class SplitEvidence:
    """How well arms' sizes fit the draw, for looks as often as one likes.

    Parameters
    ----------
    p_value
        Valid at all looks together: 1 / the largest Bayes factor so far.
    bayes_factor
        Evidence against the intended shares at the last look.
    path
        The p-value at each look; it never rises.
    """

    p_value: float
    bayes_factor: float
    path: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Permutation:
    """A comparison whose chance is the draw itself.

    Parameters
    ----------
    value, low, high, level, p_value
        The difference, an interval of constant effects that the draw does not contradict (infinite ends: too few
        clusters to bound it), and the p-value of no effect on anybody.
    draws
        Assignments looked at, the real one included.
    exact
        Whether these were all that could have happened.
    """

    value: float
    low: float
    high: float
    level: float
    p_value: float
    draws: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How big a trial has to be.

    Parameters
    ----------
    n_per_arm
        Units (clusters, for a cluster plan) per arm, control first.
    n_total
        Their sum.
    mde
        The smallest true difference found with ``power``, in the metric's unit.
    alpha, power
        Error of the first kind after correction for several arms; chance to find ``mde``.
    days
        How long that takes with the daily entries given; None if none were given.
    """

    n_per_arm: tuple[int, ...]
    n_total: int
    mde: float
    alpha: float
    power: float
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """What the treatment earned for what it cost, against control.

    Parameters
    ----------
    margin
        Difference of margin per customer before the treatment's own cost, minor units.
    cost
        Difference of cost per customer, minor units.
    profit
        ``margin`` − ``cost`` per customer, minor units.
    return_on_cost, return_low, return_high
        ``margin`` / ``cost`` with Fieller's interval; NaN without cost, infinite ends where the cost may be zero.
    booked
        Profit of all treated customers if its interval excludes zero, else 0: only what control has proven counts.
    booked_low, booked_high
        The interval of that total, minor units.
    proven
        Whether the interval of the profit lies above or below zero.
    """

    margin: Difference
    cost: Difference
    profit: Difference
    return_on_cost: float
    return_low: float
    return_high: float
    booked: float
    booked_low: float
    booked_high: float
    proven: bool
