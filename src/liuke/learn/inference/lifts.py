"""By how many per cent does treated differ from control? Intervals of treated / control − 1.

The control mean is an estimate too, and counting its error matters. Near zero it makes a per cent meaningless;
Fieller's interval then says so by being infinite, the others don't.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf, log, nan, sqrt

from liuke.learn.inference.contracts import Adjusted, ArmMean, Difference
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.means import arm_mean, compare_means
from liuke.learn.inference.moments import Moments
from liuke.learn.inference.reference import (
    checked_alternative,
    checked_level,
    conclude,
    error_of_difference,
    quantile,
    satterthwaite,
)

METHODS = ("delta", "fieller", "log", "fixed-base")


def lift(
    treated: Moments | ArmMean,
    control: Moments | ArmMean,
    level: float = 0.95,
    *,
    method: str = "delta",
    alternative: str = "two-sided",
    equal_var: bool = False,
    use_t: bool = True,
) -> Difference:
    """Return the relative difference (0.1 = +10 %) with its interval.

    Parameters
    ----------
    treated, control
        Sums, or estimates made by ``share_mean``, ``ratio_mean``, ``adjust`` or ``cluster_mean``.
    method
        ``delta``: symmetric, its p-value is of the lift. ``fieller``: exact for normal means; infinite ends when the
        control mean can't be told from zero. ``log``: symmetric on the log scale, for means above zero.
        ``fixed-base``: the absolute interval over the control mean as if that were known; too narrow, here for
        comparison with tools that do so. The latter three give the p-value of the absolute difference.
    equal_var
        Pool the arms' variances where the method compares the arms (``log``, ``fixed-base`` and the p-value).

    Raises
    ------
    InferenceError
        If the control mean is zero, or a mean is not above zero for ``log``.

    Notes
    -----
    delta: variance v₁/m₀² + v₀·m₁²/m₀⁴. A control mean below zero counts by its absolute value, so that "better"
    stays above zero.

    References
    ----------
    Fieller, E. C. (1954), Some problems in interval estimation, JRSS B 16, 175-185.
    Deng, A., Knoblich, U. and Lu, J. (2018), Applying the delta method in metric analytics, KDD.
    """
    t, c, side = arm_mean(treated), arm_mean(control), checked_alternative(alternative)
    checked_level(level)
    if c.mean == 0:
        raise InferenceError("The control mean is zero; there is no per cent of it.", hint="Use the difference.")
    if method == "delta":
        return _delta(t, c, level, side, use_t)
    if method not in METHODS:
        raise InferenceError(f"'{method}' is no method for lifts.", hint=f"Use one of {', '.join(METHODS)}.")
    test = compare_means(t, c, level, alternative=side, use_t=use_t, equal_var=equal_var)
    if method == "fixed-base":
        base = abs(c.mean)
        low, high, error = test.low / base, test.high / base, test.standard_error / base
    else:
        coverage = level if side == "two-sided" else 2 * level - 1  # a one-sided end is one of a two-sided interval
        low, high = _fieller(t, c, coverage, use_t) if method == "fieller" else _log(t, c, coverage, equal_var, use_t)
        error = nan
    return replace(
        test,
        value=(t.mean - c.mean) / abs(c.mean),
        low=-inf if side == "less" else low,
        high=inf if side == "greater" else high,
        standard_error=error,
        method=method,
        relative=True,
    )


def adjusted_lift(
    adjusted: Adjusted, level: float = 0.95, *, alternative: str = "two-sided", use_t: bool = True
) -> Difference:
    """Return the adjusted difference relative to the raw control mean.

    Notes
    -----
    (ȧ₁ − ȧ₀) / |m₀|, with the covariance of the adjusted and the raw control mean. ``lift(adjusted.treated,
    adjusted.control)`` divides by the adjusted control mean instead; both estimate the same.
    """
    t, c, raw = adjusted.treated, adjusted.control, adjusted.raw_control
    if raw.mean == 0:
        raise InferenceError("The control mean is zero; there is no per cent of it.", hint="Use the difference.")
    sign = 1 if raw.mean > 0 else -1
    difference, base = t.mean - c.mean, abs(raw.mean)
    slope = sign * difference / base  # of the estimate with the raw control mean, times −base
    control_variance = c.variance + slope**2 * raw.variance + 2 * slope * adjusted.control_covariance
    squared_error = (t.variance / t.n + max(0.0, control_variance) / c.n) / base**2
    return conclude(
        difference / base,
        sqrt(squared_error),
        level,
        alternative,
        freedom=satterthwaite(t, c) if use_t else inf,
        method="adjusted-delta",
        relative=True,
    )


def fieller_interval(
    numerator: float, denominator: float, v_numerator: float, v_denominator: float, covariance: float, q: float
) -> tuple[float, float]:
    """Return the interval of a ratio of two normal estimates; infinite if the denominator may be zero.

    Parameters
    ----------
    q
        Quantile of the reference distribution, such as 1.96.

    Notes
    -----
    The R with (a − R·b)² ≤ q²·(v_a − 2·R·c + R²·v_b).
    """
    square = denominator**2 - q**2 * v_denominator
    if square <= 0:
        return -inf, inf
    middle = numerator * denominator - q**2 * covariance
    constant = numerator**2 - q**2 * v_numerator
    half = sqrt(max(0.0, middle**2 - square * constant))
    return (middle - half) / square, (middle + half) / square


def _delta(t: ArmMean, c: ArmMean, level: float, side: str, use_t: bool) -> Difference:
    squared_error = t.variance / t.n / c.mean**2 + c.variance / c.n * t.mean**2 / c.mean**4
    freedom = satterthwaite(t, c) if use_t else inf
    value = (t.mean - c.mean) / abs(c.mean)
    return conclude(value, sqrt(squared_error), level, side, freedom=freedom, method="delta", relative=True)


def _fieller(t: ArmMean, c: ArmMean, coverage: float, use_t: bool) -> tuple[float, float]:
    freedom = satterthwaite(t, c, (1.0, (t.mean / c.mean) ** 2)) if use_t else inf
    q = quantile((1 + coverage) / 2, freedom)
    low, high = fieller_interval(t.mean, c.mean, t.variance / t.n, c.variance / c.n, 0.0, q)
    return (low - 1, high - 1) if c.mean > 0 else (1 - high, 1 - low)


def _log(t: ArmMean, c: ArmMean, coverage: float, equal_var: bool, use_t: bool) -> tuple[float, float]:
    if min(t.mean, c.mean) <= 0:
        raise InferenceError("A mean is not above zero and has no logarithm.", hint="Use method='fieller'.")
    scaled = (replace(arm, variance=arm.variance / arm.mean**2) for arm in (t, c))
    error, freedom = error_of_difference(*scaled, equal_var=equal_var, use_t=use_t)
    half, middle = quantile((1 + coverage) / 2, freedom) * error, log(t.mean / c.mean)
    return exp(middle - half) - 1, exp(middle + half) - 1
