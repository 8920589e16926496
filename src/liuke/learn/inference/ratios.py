"""Is the difference between two ratios of sums real? For metrics such as margin per order when customers are drawn.

The units that were drawn (customers) differ in both sums, so the variance of the ratio comes from both and from how
they go together (delta method). Misleads while the denominator's mean is within a few standard errors of zero.
"""

from __future__ import annotations

from liuke.learn.inference.contracts import ArmMean, Difference
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.means import compare_means
from liuke.learn.inference.moments import PairMoments
from liuke.learn.inference.reference import enough


def ratio_mean(sample: PairMoments) -> ArmMean:
    """Return the ratio total_y / total_x as a mean over units.

    Raises
    ------
    InferenceError
        If the denominators add up to zero, or there are fewer than two units.

    Notes
    -----
    R = ȳ / x̄; a unit contributes (y − R·x) / x̄, whose variance is (s_yy − 2·R·s_xy + R²·s_xx) / x̄².

    References
    ----------
    Deng, A., Knoblich, U. and Lu, J. (2018), Applying the delta method in metric analytics, KDD, eq. 4.
    """
    enough(sample.n, sample.n, 2)
    if sample.total_x == 0:
        raise InferenceError("The denominators of an arm add up to zero.", hint="Wait until the arm has some.")
    ratio, base = sample.total_y / sample.total_x, sample.total_x / sample.n
    spread = sample.y.variance - 2 * ratio * sample.covariance + ratio**2 * sample.x.variance
    return ArmMean(sample.n, ratio, max(0.0, spread) / base**2, sample.n - 1)


def compare_ratios(
    treated: PairMoments,
    control: PairMoments,
    level: float = 0.95,
    *,
    alternative: str = "two-sided",
    equal_var: bool = False,
    use_t: bool = True,
    null: float = 0.0,
) -> Difference:
    """Compare two ratios of sums; y is the numerator, x the denominator. Parameters as of ``compare_means``."""
    return compare_means(
        ratio_mean(treated),
        ratio_mean(control),
        level,
        alternative=alternative,
        equal_var=equal_var,
        use_t=use_t,
        null=null,
        method="ratio-delta",
    )
