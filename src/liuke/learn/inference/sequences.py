"""Look every day and still be wrong at most as often as promised: asymptotic confidence sequences.

A fixed-horizon interval holds at one look chosen beforehand; read daily for a month, "significant" comes up by luck in
about three of ten trials without any effect. These intervals are wider and hold at all looks together. Asymptotic:
they rest on the same normal approximation as a z-test, so the first look should have some dozens of units per arm.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf, isinf, isnan, log, log1p, sqrt

from scipy.special import lambertw, ndtr

from liuke.learn.inference.contracts import ArmMean, Difference, SequentialDifference
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.means import compare_means
from liuke.learn.inference.moments import Moments
from liuke.learn.inference.reference import below, quantile

_LARGEST_EXPONENT = 700.0  # e**700 is still a double


def tuning(planned_n: float, alpha: float = 0.05, *, one_sided: bool = False, exact: bool = False) -> float:
    """Return the rho that makes the sequence tightest after ``planned_n`` units.

    Parameters
    ----------
    planned_n
        Units of all arms together; any guess is valid, a good one is tighter.
    alpha
        1 − level.
    one_sided
        The bound is one-sided.
    exact
        Solve for the minimum (Lambert W) instead of the usual closed form, which is within a few per cent of it.

    References
    ----------
    Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. H. and Ramdas, A. (2024), Time-uniform central limit theory
    and asymptotic confidence sequences, Annals of Statistics 52, appendix on the choice of rho.
    """
    error = 2 * alpha if one_sided else alpha
    if not (planned_n > 0 and 0 < error < 1):
        raise InferenceError(
            f"Cannot tune for {planned_n} units at an error of {alpha}.", hint="Use units above 0 and a level below 1."
        )
    if exact:
        return sqrt((-float(lambertw(-(error**2) / exp(1), -1).real) - 1) / planned_n)
    return sqrt((-2 * log(error) + log(-2 * log(error) + 1)) / planned_n)


def always_valid(
    difference: Difference,
    n: int,
    *,
    planned_n: float | None = None,
    rho: float | None = None,
    small_sample: bool = False,
) -> SequentialDifference:
    """Return the difference with an interval and a p-value that hold at all looks together.

    Parameters
    ----------
    difference
        Of any method that has a standard error (means, ratios, adjusted, clusters, lifts by ``delta``; shares by
        ``wald``). Its level, alternative and null are kept.
    n
        Independent units behind it, all arms together; clusters for a cluster comparison.
    planned_n
        Units at which the sequence is tightest; fixed before the first look.
    rho
        The tuning parameter itself, instead of ``planned_n``.
    small_sample
        Widen the interval as Student's t widens the normal one; for clusters.

    Raises
    ------
    InferenceError
        Without ``planned_n`` and ``rho``, or if the difference has no standard error.

    Notes
    -----
    With n units, standard error s and k = n·ρ²: value ± s·√(2·(k + 1)/k · log(√(k + 1)/α)); one-sided with
    log(1 + √(k + 1)/(2·α)). The p-value is the error at which the null leaves the interval, rho kept; two-sided it is
    1 over the mixture martingale. Without variation so far nothing is excluded: infinite interval, p = 1.

    References
    ----------
    Waudby-Smith, I. et al. (2024), Time-uniform central limit theory and asymptotic confidence sequences, Annals of
    Statistics 52, theorem 2.2 (two-sided) and its one-sided version.
    """
    one_sided, alpha = difference.alternative != "two-sided", 1 - difference.level
    if isnan(difference.standard_error):
        raise InferenceError(
            f"The method '{difference.method}' has no standard error.", hint="Use 'wald' for shares, 'delta' for lifts."
        )
    if rho is None:
        if planned_n is None:
            raise InferenceError("A sequence needs the planned number of units.", hint="Pass planned_n, fixed before.")
        rho = tuning(planned_n, alpha, one_sided=one_sided)
    value, error, k = difference.value, difference.standard_error, n * rho**2
    if error == 0:
        return _sequential(difference, -inf, inf, 1.0, 1.0, rho, n)
    width = _boundary(k, alpha, one_sided)
    z = (value - difference.null) / error
    freedom = difference.degrees_of_freedom
    if small_sample and not isinf(freedom):
        width = -quantile(float(ndtr(-width)), freedom)
        z = _as_normal(z, freedom)
    low = -inf if difference.alternative == "less" else value - width * error
    high = inf if difference.alternative == "greater" else value + width * error
    e_value = _evidence(z if difference.alternative != "less" else -z, k, one_sided)
    return _sequential(difference, low, high, min(1.0, 1 / e_value) if e_value else 1.0, e_value, rho, n)


def compare_sequentially(
    treated: Moments | ArmMean,
    control: Moments | ArmMean,
    level: float = 0.95,
    *,
    planned_n: float | None = None,
    rho: float | None = None,
    alternative: str = "two-sided",
    null: float = 0.0,
) -> SequentialDifference:
    """Compare two means (shares, ratios, adjusted means) at any number of looks; see ``always_valid``."""
    fixed = compare_means(treated, control, level, alternative=alternative, null=null, use_t=False, method="asymptotic")
    return always_valid(fixed, treated.n + control.n, planned_n=planned_n, rho=rho)


def width_at_plan(alpha: float = 0.05, *, one_sided: bool = False) -> float:
    """Return the half-width in standard errors when the planned size is reached; 1.96 is the fixed-horizon one."""
    return _boundary(tuning(1.0, alpha, one_sided=one_sided) ** 2, alpha, one_sided)


def _boundary(k: float, alpha: float, one_sided: bool) -> float:
    root = sqrt(k + 1)
    height = log1p(root / (2 * alpha)) if one_sided else log(root / alpha)
    return sqrt(2 * (k + 1) / k * height)


def _evidence(z: float, k: float, one_sided: bool) -> float:
    exponent = min(_LARGEST_EXPONENT, z * z * k / (2 * (k + 1)))
    if not one_sided:
        return exp(exponent) / sqrt(k + 1)
    return 2 * (exp(exponent) - 1) / sqrt(k + 1) if z > 0 else 0.0


def _as_normal(t: float, freedom: float) -> float:
    """Return the normal quantile with the tail that t has under Student's distribution."""
    if t == 0 or isinf(t):
        return t
    size = -quantile(max(below(-abs(t), freedom), 1e-300))
    return size if t > 0 else -size


def _sequential(
    d: Difference, low: float, high: float, p_value: float, e_value: float, rho: float, n: int
) -> SequentialDifference:
    fields = {name: getattr(d, name) for name in Difference.__dataclass_fields__}
    found = SequentialDifference(**fields, e_value=e_value, rho=rho, n=n)
    return replace(found, low=low, high=high, p_value=p_value, method=f"sequential-{d.method}")
