"""Is the difference between two means real?

Assumes independent units and samples large enough for their means to be normal; for very skewed money and small arms
they are not (see ``winsorising`` and ``randomisation``).
"""

from __future__ import annotations

from liuke.learn.inference.contracts import ArmMean, Difference
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.moments import Moments, zeros_and_ones
from liuke.learn.inference.reference import conclude, enough, error_of_difference


def arm_mean(sample: Moments | ArmMean) -> ArmMean:
    """Return an arm's mean as every comparison takes it; an ``ArmMean`` passes as it is.

    Raises
    ------
    InferenceError
        If the arm has fewer than two units.
    """
    if isinstance(sample, ArmMean):
        return sample
    if sample.n < 2:
        raise InferenceError(f"The arm has {sample.n} units; it needs 2.", hint="Wait for more customers.")
    return ArmMean(sample.n, sample.mean, sample.variance, sample.n - 1)


def share_mean(sample: Moments) -> ArmMean:
    """Return a share as a mean with the variance p·(1 − p), as z-tests of shares take it.

    Raises
    ------
    InferenceError
        If the arm is empty, or its values are no zeros and ones.
    """
    if sample.n < 1:
        raise InferenceError("The arm has no units.", hint="Wait for more customers.")
    zeros_and_ones(sample)
    return ArmMean(sample.n, sample.mean, sample.mean * (1 - sample.mean), max(1, sample.n - 1))


def compare_means(
    treated: Moments | ArmMean,
    control: Moments | ArmMean,
    level: float = 0.95,
    *,
    alternative: str = "two-sided",
    equal_var: bool = False,
    use_t: bool = True,
    null: float = 0.0,
    method: str = "",
) -> Difference:
    """Compare two means, or anything that behaves like a mean.

    Parameters
    ----------
    treated, control
        Sums, or estimates made by ``ratio_mean``, ``adjust`` or ``cluster_mean``.
    level
        Coverage of the interval.
    alternative
        ``two-sided``, ``greater`` or ``less``.
    equal_var
        Pool both arms' variances (Student) instead of Welch's test.
    use_t
        False takes the normal distribution (z).
    null
        The difference to test.
    method
        Name to keep in the result; by default that of the test.

    Raises
    ------
    InferenceError
        If an arm has fewer than two units; wait for more.

    Notes
    -----
    t = (m₁ − m₀ − null) / √(s₁²/n₁ + s₀²/n₀) with Satterthwaite's degrees of freedom.

    References
    ----------
    Welch, B. L. (1947), The generalization of "Student's" problem, Biometrika 34, eq. 28.
    """
    enough(treated.n, control.n, 2)
    t, c = arm_mean(treated), arm_mean(control)
    error, freedom = error_of_difference(t, c, equal_var=equal_var, use_t=use_t)
    name = method or ("student" if equal_var else "welch") + ("" if use_t else "-z")
    return conclude(
        t.mean - c.mean,
        error,
        level,
        alternative,
        freedom=freedom,
        null=null,
        method=name,
    )


def welch(treated: Moments, control: Moments, level: float = 0.95) -> Difference:
    """Compare two means without assuming equal variances: ``compare_means`` as it is by default."""
    return compare_means(treated, control, level)
