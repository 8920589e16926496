"""From an estimate and its standard error to an interval and a p-value; normal or Student's t."""

from __future__ import annotations

from math import inf, isinf, isnan, sqrt
from typing import get_args

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from liuke.learn.inference.contracts import Alternative, ArmMean, Difference
from liuke.learn.inference.errors import InferenceError

_OTHER_NAMES: dict[str, Alternative] = {"larger": "greater", "smaller": "less", "two_sided": "two-sided"}


def quantile(probability: float, freedom: float = inf) -> float:
    """Return the quantile of Student's t; of the normal distribution for infinite degrees of freedom."""
    return float(ndtri(probability)) if isinf(freedom) else float(stdtrit(freedom, probability))


def below(statistic: float, freedom: float = inf) -> float:
    """Return the chance of a smaller statistic; Student's t, normal for infinite degrees of freedom."""
    return float(ndtr(statistic)) if isinf(freedom) else float(stdtr(freedom, statistic))


def tail(statistic: float, alternative: Alternative, freedom: float = inf) -> float:
    """Return the p-value of a statistic that is symmetric around zero."""
    if alternative == "two-sided":
        return min(1.0, 2 * below(-abs(statistic), freedom))
    return below(-statistic if alternative == "greater" else statistic, freedom)


def checked_alternative(alternative: str) -> Alternative:
    """Return the alternative by its usual name; ``larger`` and ``smaller`` are understood."""
    name = _OTHER_NAMES.get(alternative, alternative)
    if name not in get_args(Alternative):
        raise InferenceError(
            f"'{alternative}' is no alternative.", hint="Use 'two-sided', 'greater' or 'less' (treated than control)."
        )
    return name  # type: ignore[return-value]


def checked_level(level: float) -> float:
    """Return the level, or raise an error if it is no coverage."""
    if not 0 < level < 1:
        raise InferenceError(f"A level of {level} is no coverage.", hint="Use a number between 0 and 1, such as 0.95.")
    return level


def enough(treated_n: float, control_n: float, least: int, what: str = "units") -> None:
    """Raise an error unless both arms have ``least`` units."""
    if not min(treated_n, control_n) >= least:
        raise InferenceError(
            f"The arms have {treated_n} and {control_n} {what}; each needs {least}.",
            hint="Wait until more customers' windows are complete.",
        )


def conclude(
    value: float,
    error: float,
    level: float,
    alternative: str = "two-sided",
    *,
    freedom: float = inf,
    null: float = 0.0,
    method: str = "",
    relative: bool = False,
) -> Difference:
    """Return the interval and test of an estimate that is normal around the truth.

    Without any variation the spread is not known, and so nothing is excluded: an infinite interval, p = 1.
    """
    side = checked_alternative(alternative)
    checked_level(level)
    if isnan(value) or isnan(error):
        raise InferenceError("The sums hold a number that is none (NaN).", hint="Leave units without a value out.")
    if error == 0:
        return Difference(value, -inf, inf, level, 1.0, 0.0, 0.0, freedom, null, side, method, relative)
    statistic = (value - null) / error
    half = quantile((1 + level) / 2 if side == "two-sided" else level, freedom) * error
    low = -inf if side == "less" else value - half
    high = inf if side == "greater" else value + half
    p_value = tail(statistic, side, freedom)
    return Difference(value, low, high, level, p_value, error, statistic, freedom, null, side, method, relative)


def satterthwaite(treated: ArmMean, control: ArmMean, weights: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return the degrees of freedom of a weighted sum of two squared standard errors.

    References
    ----------
    Satterthwaite, F. E. (1946), An approximate distribution of estimates of variance components, Biometrics
    Bulletin 2, eq. 17.
    """
    parts = [w * arm.variance / arm.n for w, arm in zip(weights, (treated, control), strict=True)]
    largest = max(parts)
    if largest == 0:
        return inf
    scaled = [part / largest for part in parts]  # squares of very small variances would vanish
    spread = sum(part**2 / arm.freedom for part, arm in zip(scaled, (treated, control), strict=True) if part)
    return sum(scaled) ** 2 / spread if spread else inf


def error_of_difference(treated: ArmMean, control: ArmMean, *, equal_var: bool, use_t: bool) -> tuple[float, float]:
    """Return the standard error of a difference of means and its degrees of freedom.

    ``equal_var`` pools the variances (Student); else they stand apart (Welch). Without ``use_t`` the freedom is
    infinite.
    """
    if equal_var:
        freedom = treated.freedom + control.freedom
        pooled = (treated.variance * treated.freedom + control.variance * control.freedom) / freedom
        return sqrt(pooled * (1 / treated.n + 1 / control.n)), freedom if use_t else inf
    squared_error = treated.variance / treated.n + control.variance / control.n
    return sqrt(squared_error), satterthwaite(treated, control) if use_t else inf
