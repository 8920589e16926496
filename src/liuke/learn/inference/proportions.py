"""Is the difference between two shares real? For outcomes that a customer has or has not."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan, sqrt

from scipy.optimize import brentq
from scipy.special import betaincinv, ndtri

from liuke.learn.inference.contracts import Difference
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.moments import Moments, zeros_and_ones
from liuke.learn.inference.reference import checked_alternative, checked_level, conclude, enough, tail

METHODS = ("newcombe", "wald", "pooled", "agresti-caffo", "score")
INTERVALS = ("wilson", "wald", "agresti-coull", "clopper-pearson", "jeffreys")


def compare_proportions(
    treated: Moments,
    control: Moments,
    level: float = 0.95,
    *,
    method: str = "newcombe",
    alternative: str = "two-sided",
    null: float = 0.0,
) -> Difference:
    """Compare two shares; their moments are of zeros and ones.

    Parameters
    ----------
    treated, control
        ``Moments.of_share(successes, n)``.
    method
        ``newcombe`` (default): joins the two Wilson score intervals; the p-value is of the pooled z-test (unpooled for
        another ``null``). Unlike the textbook interval it keeps its coverage for rare outcomes and is not of zero
        width when nobody bought.
        ``wald``: unpooled standard error for interval and test. ``pooled``: the standard error under no difference
        for both. ``agresti-caffo``: Wald after adding a success and a failure to each arm.
        ``score``: Miettinen and Nurminen's score test, inverted for the interval.

    Raises
    ------
    InferenceError
        If an arm is empty, or its values are no zeros and ones.

    References
    ----------
    Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17, 873-890, method 10. Miettinen, O. and Nurminen, M. (1985), Comparative analysis of two rates,
    Statistics in Medicine 4, 213-226. Agresti, A. and Caffo, B. (2000), American Statistician 54, 280-288.
    """
    side, name = checked_alternative(alternative), {"newcomb": "newcombe", "unpooled": "wald"}.get(method, method)
    checked_level(level)
    _shares(treated, control)
    if name == "newcombe":
        return _newcombe(treated, control, level, side, null)
    if name == "score":
        return _score(treated, control, level, side, null)
    if name == "agresti-caffo":
        plus = Moments.of_share(1, 2)
        found = _z(treated + plus, control + plus, level, side, null, pooled=False, method=name)
        return found
    if name in ("wald", "pooled"):
        return _z(treated, control, level, side, null, pooled=name == "pooled", method=name)
    raise InferenceError(f"'{method}' is no method for shares.", hint=f"Use one of {', '.join(METHODS)}.")


def proportions(treated: Moments, control: Moments, level: float = 0.95) -> Difference:
    """Compare two shares by Newcombe's interval and the pooled z-test: ``compare_proportions`` as it is by default."""
    return compare_proportions(treated, control, level)


def proportion_interval(sample: Moments, level: float = 0.95, method: str = "wilson") -> tuple[float, float]:
    """Return the confidence interval of one share.

    Parameters
    ----------
    method
        ``wilson``, ``wald``, ``agresti-coull``, ``clopper-pearson`` or ``jeffreys``.

    References
    ----------
    Brown, L. D., Cai, T. T. and DasGupta, A. (2001), Interval estimation for a binomial proportion, Statistical
    Science 16, 101-133.
    """
    _shares(sample, sample)
    z, n, hits = float(ndtri((1 + checked_level(level)) / 2)), sample.n, float(sample.total)
    tail_share = (1 - level) / 2
    if method == "wilson":
        return wilson(sample, z)[1:]
    if method in ("clopper-pearson", "jeffreys"):
        more = 0.5 if method == "jeffreys" else 0.0
        low = float(betaincinv(hits + more, n - hits + 1 - more, tail_share)) if hits + more else 0.0
        high = float(betaincinv(hits + 1 - more, n - hits + more, 1 - tail_share)) if n - hits + more else 1.0
        return low, high
    if method == "agresti-coull":
        n, hits = n + z * z, hits + z * z / 2  # type: ignore[assignment]
    elif method != "wald":
        raise InferenceError(f"'{method}' is no interval of a share.", hint=f"Use one of {', '.join(INTERVALS)}.")
    share = hits / n
    half = z * sqrt(share * (1 - share) / n)
    return max(0.0, share - half), min(1.0, share + half)


def wilson(sample: Moments, z: float) -> tuple[float, float, float]:
    """Return a share and the ends of its score interval."""
    share, n = sample.mean, sample.n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share, max(0.0, middle - half), min(1.0, middle + half)


def _newcombe(treated: Moments, control: Moments, level: float, side: str, null: float) -> Difference:
    z = float(ndtri((1 + level) / 2 if side == "two-sided" else level))
    p1, low1, high1 = wilson(treated, z)
    p0, low0, high0 = wilson(control, z)
    value = p1 - p0
    low = -inf if side == "less" else value - sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2)
    high = inf if side == "greater" else value + sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2)
    test = _z(treated, control, level, side, null, pooled=null == 0, method="")
    return Difference(
        value, low, high, level, test.p_value, nan, test.statistic, inf, null, test.alternative, "newcombe"
    )


def _z(
    treated: Moments, control: Moments, level: float, side: str, null: float, *, pooled: bool, method: str
) -> Difference:
    p1, p0 = treated.mean, control.mean
    if pooled:
        share = (treated + control).mean
        squared_error = share * (1 - share) * (1 / treated.n + 1 / control.n)
    else:
        squared_error = p1 * (1 - p1) / treated.n + p0 * (1 - p0) / control.n
    return conclude(p1 - p0, sqrt(squared_error), level, side, null=null, method=method)


def _score(treated: Moments, control: Moments, level: float, side: str, null: float) -> Difference:
    alternative = checked_alternative(side)
    value = treated.mean - control.mean
    z = float(ndtri((1 + level) / 2 if side == "two-sided" else level))
    statistic = _score_statistic(treated, control, null)

    def end(toward: float, signed: float) -> float:
        def gap(delta: float) -> float:
            return _score_statistic(treated, control, delta) - signed

        edge = toward * (1 - 1e-12)
        return toward if gap(edge) * gap(value) > 0 else _root(gap, min(value, edge), max(value, edge))

    low = -inf if side == "less" else end(-1.0, z)
    high = inf if side == "greater" else end(1.0, -z)
    p_value = tail(statistic, alternative)
    return Difference(value, low, high, level, p_value, nan, statistic, inf, null, alternative, "score")


def _root(gap: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(gap, low, high, xtol=1e-13, rtol=1e-13))


def _score_statistic(treated: Moments, control: Moments, delta: float) -> float:
    """Return the z statistic for a difference ``delta``, its variance at the likeliest shares that differ by delta."""
    n1, n0, n = treated.n, control.n, treated.n + control.n
    value = treated.mean - control.mean
    p0 = _restricted_share(treated, control, delta)
    p1 = p0 + delta
    variance = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * n / (n - 1)
    if variance <= 0:
        return 0.0 if value == delta else inf if value > delta else -inf
    return (value - delta) / sqrt(variance)


def _restricted_share(treated: Moments, control: Moments, delta: float) -> float:
    """Return the likeliest control share when treated is ``delta`` above it, by bisecting the score.

    The log likelihood is concave in the share, so its derivative has one sign change; bisection finds it whatever the
    shares, where the closed cubic solution loses digits near 0 and 1.
    """
    x1, n1, x0, n0 = treated.total, treated.n, control.total, control.n
    low, high = max(0.0, -delta), min(1.0, 1.0 - delta)

    def slope(p: float) -> float:
        q = p + delta
        gain = (x1 / q if x1 else 0.0) + (x0 / p if x0 else 0.0)
        return gain - ((n1 - x1) / (1 - q) if n1 > x1 else 0.0) - ((n0 - x0) / (1 - p) if n0 > x0 else 0.0)

    inner_low, inner_high = low + 1e-15 + 1e-12 * (high - low), high - 1e-15 - 1e-12 * (high - low)
    if slope(inner_low) <= 0:
        return low
    if slope(inner_high) >= 0:
        return high
    return _root(slope, inner_low, inner_high)


def _shares(treated: Moments, control: Moments) -> None:
    enough(treated.n, control.n, 1)
    zeros_and_ones(treated)
    zeros_and_ones(control)
