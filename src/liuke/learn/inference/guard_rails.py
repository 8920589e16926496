"""Is the treatment not worse than control by more than a margin? For what must not suffer: complaints, refunds.

"No significant harm" is no evidence of harmlessness: a small trial finds no harm either. Here a loss as big as the
margin has to be ruled out, and a broken guard-rail has to be proven.
"""

from __future__ import annotations

from math import inf

from liuke.learn.inference.contracts import ArmMean, Difference, Guard, NonInferiority
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.exact_shares import exact_difference, without_variation
from liuke.learn.inference.means import arm_mean, compare_means
from liuke.learn.inference.moments import Moments
from liuke.learn.inference.proportions import compare_proportions
from liuke.learn.inference.reference import conclude
from liuke.learn.inference.sequences import always_valid


def non_inferiority(
    treated: Moments | ArmMean,
    control: Moments | ArmMean,
    margin: float,
    level: float = 0.95,
    *,
    higher_is_better: bool = True,
    relative: bool = False,
    use_t: bool = True,
    shares: bool = False,
    planned_n: float | None = None,
) -> NonInferiority:
    """Test that treated is not worse than control by ``margin`` or more.

    Parameters
    ----------
    margin
        The loss that would be accepted, above zero: in the metric's unit, or as a share of the control mean if
        ``relative`` (the control mean is then taken as known, as is usual).
    level
        Coverage of the one-sided bound; both questions (holds, broken) are asked at 1 − level each.
    higher_is_better
        False for metrics that should stay low.
    shares
        The sums are of zeros and ones: score test instead of Welch's, which fails for rare outcomes; exact bounds
        at all looks, and where all of an arm are zeros or all are ones.
    planned_n
        Makes bounds and p-values valid at all looks (confidence sequences tuned for that many units).

    Notes
    -----
    Higher is better: holds if the lower bound of treated − control lies above −margin, broken if the upper bound lies
    below it. Means without any variation say nothing: UNDECIDED. Shares without any do: see ``exact_difference``.

    References
    ----------
    Schuirmann, D. J. (1987), A comparison of the two one-sided tests procedure and the power approach, J.
    Pharmacokinetics and Biopharmaceutics 15, 657-680. FDA (2016), Non-inferiority clinical trials, guidance.
    """
    if not 0 < margin < inf:
        raise InferenceError(f"A margin of {margin} is none.", hint="Name the loss you would accept, above zero.")
    t, c = arm_mean(treated), arm_mean(control)
    size = margin * abs(c.mean) if relative else margin
    null = -size if higher_is_better else size
    good, bad = ("greater", "less") if higher_is_better else ("less", "greater")

    def ask(alternative: str) -> Difference:
        if shares and isinstance(treated, Moments) and isinstance(control, Moments):
            looks = planned_n is not None
            if looks or without_variation(treated) or without_variation(control):
                return exact_difference(treated, control, level, sequential=looks, alternative=alternative, null=null)
            return compare_proportions(treated, control, level, method="score", alternative=alternative, null=null)
        fixed = compare_means(
            t, c, level, alternative=alternative, null=null, use_t=use_t and planned_n is None, method="non-inferiority"
        )
        return fixed if planned_n is None else always_valid(fixed, t.n + c.n, planned_n=planned_n)

    return judge_margin(ask(good), ask(bad), size, higher_is_better)


def margin_of(
    difference: Difference, n: int, margin: float, *, higher_is_better: bool = True, planned_n: float | None = None
) -> NonInferiority:
    """Ask ``non_inferiority``'s questions of a difference that is there already: stratified, adjusted.

    Parameters
    ----------
    difference
        With a standard error; its level is kept.
    n
        Units behind it, all arms together.
    margin
        In the metric's unit.
    planned_n
        As of ``non_inferiority``.
    """
    if not 0 < margin < inf:
        raise InferenceError(f"A margin of {margin} is none.", hint="Name the loss you would accept, above zero.")
    null = -margin if higher_is_better else margin
    good, bad = ("greater", "less") if higher_is_better else ("less", "greater")

    def ask(alternative: str) -> Difference:
        fixed = conclude(
            difference.value,
            difference.standard_error,
            difference.level,
            alternative,
            freedom=difference.degrees_of_freedom if planned_n is None else inf,
            null=null,
            method="non-inferiority",
        )
        return fixed if planned_n is None else always_valid(fixed, n, planned_n=planned_n)

    return judge_margin(ask(good), ask(bad), margin, higher_is_better)


def judge_margin(holds: Difference, broken: Difference, margin: float, higher_is_better: bool) -> NonInferiority:
    """Put two one-sided tests against the same margin together."""
    guard = Guard.UNDECIDED
    if holds.standard_error == 0:
        pass
    elif holds.p_value < 1 - holds.level:
        guard = Guard.HOLDS
    elif broken.p_value < 1 - broken.level:
        guard = Guard.BROKEN
    return NonInferiority(holds, margin, higher_is_better, guard, broken.p_value)
