"""What may be said of two shares when in an arm nothing has happened, or always the same? Exact bounds.

Such an arm has a sample variance of zero, and every method that rests on the variance then says "certain" or "no idea".
Both are wrong: nobody among 10,000 asking for a refund leaves little room for refunds. The bounds here count successes
instead, hold for any number of them and any size, and are wider than approximate ones where those are good.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log, log1p, nan

from scipy.optimize import brentq
from scipy.special import betaincinv, betaln

from liuke.learn.inference.contracts import Difference
from liuke.learn.inference.moments import Moments, zeros_and_ones
from liuke.learn.inference.reference import checked_alternative, checked_level, enough

_LEAST_LOG = -700.0  # e**-700 is still a double above zero
_EDGE = 1e-15


def without_variation(sample: Moments) -> bool:
    """Whether all of an arm's zeros and ones are the same."""
    return sample.total in (0, sample.n)


def exact_difference(
    treated: Moments,
    control: Moments,
    level: float = 0.95,
    *,
    sequential: bool = False,
    alternative: str = "two-sided",
    null: float = 0.0,
) -> Difference:
    """Return the difference of two shares with an interval that holds for any shares and sizes.

    Parameters
    ----------
    treated, control
        Sums of zeros and ones.
    sequential
        The interval and the p-value hold at all looks together; else at one look.
    alternative, null
        As of ``compare_means``.

    Returns
    -------
    Difference
        Without a standard error; its p-value is the error at which ``null`` leaves the interval.

    Notes
    -----
    Each arm's share is bounded with half the error, and the ends are joined: low = low₁ − high₀, high = high₁ − low₀.
    One look: Clopper and Pearson's bounds. All looks: the shares p at which the mixture martingale
    B(1 + x, 1 + n − x) / (p^x·(1 − p)^(n − x)) stays below 1/error; with x = 0 that is p ≤ 1 − (error/(n + 1))^(1/n).

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934), The use of confidence or fiducial limits illustrated in the case of the
    binomial, Biometrika 26, 404-413. Robbins, H. (1970), Statistical methods related to the law of the iterated
    logarithm, Annals of Mathematical Statistics 41, 1397-1409, on mixtures. Howard, S. R., Ramdas, A., McAuliffe, J.
    and Sekhon, J. (2021), Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of Statistics 49.
    """
    side = checked_alternative(alternative)
    enough(treated.n, control.n, 1)
    zeros_and_ones(treated)
    zeros_and_ones(control)
    bounds = _mixture if sequential else _clopper_pearson
    tails = 1 if sequential or side != "two-sided" else 2  # the martingale's two ends share one error

    def ends(log_error: float) -> tuple[float, float]:
        each = log_error - log(2 * tails)
        (low1, high1), (low0, high0) = bounds(treated, each), bounds(control, each)
        return low1 - high0, high1 - low0

    def excluded(log_error: float) -> bool:
        low, high = ends(log_error)
        return (side != "less" and low > null) or (side != "greater" and high < null)

    low, high = ends(log(1 - checked_level(level)))
    return Difference(
        value=treated.mean - control.mean,
        low=-inf if side == "less" else low,
        high=inf if side == "greater" else high,
        level=level,
        p_value=exp(_least_error(excluded)),
        standard_error=nan,
        null=null,
        alternative=side,
        method="exact-sequential" if sequential else "exact",
    )


def _least_error(excluded: Callable[[float], bool]) -> float:
    """Return the logarithm of the least error at which something is excluded; 0 if it never is."""
    if not excluded(-_EDGE):
        return 0.0
    low, high = _LEAST_LOG, 0.0
    if excluded(low):
        return low
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if excluded(middle) else (middle, high)
    return high


def _clopper_pearson(sample: Moments, log_error: float) -> tuple[float, float]:
    n, hits, error = sample.n, float(sample.total), exp(log_error)
    low = float(betaincinv(hits, n - hits + 1, error)) if hits else 0.0
    high = 1 - float(betaincinv(n - hits, hits + 1, error)) if hits < n else 1.0
    return low, high


def _mixture(sample: Moments, log_error: float) -> tuple[float, float]:
    n, hits = sample.n, float(sample.total)
    evidence = float(betaln(1 + hits, 1 + n - hits))

    def beyond(p: float) -> float:
        return evidence - hits * log(p) - (n - hits) * log1p(-p) + log_error

    share = min(max(hits / n, _EDGE), 1 - _EDGE)
    low = float(brentq(beyond, _EDGE, share, xtol=1e-16)) if hits and beyond(_EDGE) > 0 else 0.0
    high = float(brentq(beyond, share, 1 - _EDGE, xtol=1e-16)) if hits < n and beyond(1 - _EDGE) > 0 else 1.0
    return low, high
