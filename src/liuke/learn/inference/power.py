"""How many customers, how small an effect, how long? Planned before the first customer is drawn.

All sizes are totals over all arms unless named per arm. The defaults (two-sided, 5 %, power 80 %) are the customary
ones. A plan says nothing about the effect there will be, only which one would be found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil, inf, isnan, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, ndtr

from liuke.learn.inference.contracts import Alternative, Plan
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.reference import checked_alternative, quantile
from liuke.learn.inference.sequences import width_at_plan

EQUAL = (0.5, 0.5)
_MOST_UNITS = 1e15


def power_means(
    variance: float,
    effect: float,
    n_total: float,
    *,
    alpha: float = 0.05,
    alternative: str = "two-sided",
    shares: Sequence[float] = EQUAL,
    variance_treated: float | None = None,
    correlation: float = 0.0,
    design_effect: float = 1.0,
    use_t: bool = True,
    sequential: bool = False,
) -> float:
    """Return the chance to find a difference of means.

    Parameters
    ----------
    variance
        Of the metric in control (of a ratio: ``ratio_mean(...).variance``), unit squared.
    effect
        True difference, in the unit.
    n_total
        Units of all arms.
    alpha
        Error of the first kind; shared by Bonferroni (the first step of Holm) between the treated arms.
    shares
        Of the arms, control first; scaled to add up to 1. With several treated arms: the power for the smallest.
    variance_treated
        If it differs.
    correlation
        Of the metric with what is known before: CUPED leaves 1 − correlation² of the variance.
    design_effect
        By how much clustering multiplies the variance; see ``design_effect``.
    use_t
        Noncentral t (as G*Power) instead of the normal approximation.
    sequential
        Read by a confidence sequence tuned for ``n_total``: the chance that it has excluded zero at the end; a little
        more counting the looks before.
    """
    arms = _arms(shares)
    side, error = checked_alternative(alternative), alpha / (len(arms) - 1)
    factor = design_effect * (1 - correlation**2)
    return _power_mean(
        (variance if variance_treated is None else variance_treated) * factor,
        variance * factor,
        effect,
        (min(arms[1:]) * n_total, arms[0] * n_total),
        error,
        side,
        use_t and not sequential,
        width_at_plan(error, one_sided=side != "two-sided") if sequential else None,
    )


def plan_means(
    variance: float,
    mde: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: str = "two-sided",
    shares: Sequence[float] = EQUAL,
    variance_treated: float | None = None,
    correlation: float = 0.0,
    design_effect: float = 1.0,
    use_t: bool = True,
    sequential: bool = False,
    daily_entries: float | Sequence[float] | None = None,
    observation_days: int = 0,
) -> Plan:
    """Return the sizes at which a difference of means of ``mde`` is found with ``power``.

    Parameters
    ----------
    mde
        In the metric's unit; its sign is ignored except for one-sided alternatives, where it must fit.
    daily_entries
        Customers who enter per day: a number, or a history that is repeated.
    observation_days
        Days after entry until an outcome is complete.

    Notes
    -----
    Each arm's size is rounded up. The others are those of ``power_means``. G*Power and spotify-confidence state the
    same totals: variance 100, mde 0.3, power 0.85 gives 39,906 (19,953 per arm).
    """
    _checked_plan(mde, power, alpha, variance)

    def reached(n: float) -> float:
        return power_means(
            variance,
            mde,
            n,
            alpha=alpha,
            alternative=alternative,
            shares=shares,
            variance_treated=variance_treated,
            correlation=correlation,
            design_effect=design_effect,
            use_t=use_t,
            sequential=sequential,
        )

    return _plan(reached, mde, alpha, power, shares, daily_entries, observation_days)


def mde_means(
    variance: float, n_total: float, *, power: float = 0.8, alternative: str = "two-sided", **design: object
) -> float:
    """Return the smallest difference of means found with ``power``; ``design`` is that of ``power_means``."""
    sign = -1.0 if checked_alternative(alternative) == "less" else 1.0
    unit = sqrt(variance / n_total)

    def reached(effect: float) -> float:
        return power_means(variance, sign * effect, n_total, alternative=alternative, **design)  # type: ignore[arg-type]

    return sign * _solve(reached, power, unit, inf)


def power_proportions(
    baseline: float,
    effect: float,
    n_total: float,
    *,
    alpha: float = 0.05,
    alternative: str = "two-sided",
    shares: Sequence[float] = EQUAL,
    design_effect: float = 1.0,
    pooled: bool = True,
    sequential: bool = False,
) -> float:
    """Return the chance to find a difference of shares.

    Parameters
    ----------
    baseline
        Share in control (0 to 1).
    effect
        Difference in points as a share (0.01 = 1 point).
    pooled
        Of the pooled z-test (as G*Power); False: unpooled (as spotify-confidence).

    Notes
    -----
    Φ((|δ| − z·√(p̄q̄(1/n₁ + 1/n₀))) / √(p₁q₁/n₁ + p₀q₀/n₀)).

    References
    ----------
    Fleiss, J. L., Levin, B. and Paik, M. C. (2003), Statistical methods for rates and proportions, ch. 4.
    """
    p0, p1 = baseline, baseline + effect
    if not (0 <= p0 <= 1 and 0 <= p1 <= 1):
        raise InferenceError(f"Shares of {p0} and {p1} are none.", hint="baseline and baseline + effect: 0 to 1.")
    arms, side = _arms(shares), checked_alternative(alternative)
    error = alpha / (len(arms) - 1)
    n1, n0 = min(arms[1:]) * n_total / design_effect, arms[0] * n_total / design_effect
    real = sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    both = (p1 * n1 + p0 * n0) / (n1 + n0)
    assumed = sqrt(both * (1 - both) * (1 / n1 + 1 / n0)) if pooled and not sequential else real
    width = width_at_plan(error, one_sided=side != "two-sided") if sequential else _critical(error, side)
    if real == 0:
        return 1.0
    return _cross(effect, width * assumed, real, side)


def plan_proportions(
    baseline: float,
    mde: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    alternative: str = "two-sided",
    shares: Sequence[float] = EQUAL,
    design_effect: float = 1.0,
    pooled: bool = True,
    sequential: bool = False,
    daily_entries: float | Sequence[float] | None = None,
    observation_days: int = 0,
) -> Plan:
    """Return the sizes at which a difference of shares of ``mde`` is found with ``power``; see ``plan_means``."""
    _checked_plan(mde, power, alpha, 1.0)

    def reached(n: float) -> float:
        return power_proportions(
            baseline,
            mde,
            n,
            alpha=alpha,
            alternative=alternative,
            shares=shares,
            design_effect=design_effect,
            pooled=pooled,
            sequential=sequential,
        )

    return _plan(reached, mde, alpha, power, shares, daily_entries, observation_days)


def mde_proportions(
    baseline: float, n_total: float, *, power: float = 0.8, alternative: str = "two-sided", **design: object
) -> float:
    """Return the smallest difference of shares found with ``power``; ``design`` is that of ``power_proportions``.

    Upwards, unless the alternative is ``less`` or the baseline is so high that there is no room above.
    """
    down = checked_alternative(alternative) == "less"
    room = baseline if down else 1 - baseline
    sign = -1.0 if down else 1.0

    def reached(effect: float) -> float:
        return power_proportions(baseline, sign * effect, n_total, alternative=alternative, **design)  # type: ignore[arg-type]

    if reached(room) < power:
        raise InferenceError(
            f"{n_total:g} units find no difference of shares with a power of {power}.", hint="Plan more units."
        )
    return sign * _solve(reached, power, room / 1e6, room)


def design_effect(cluster_size: float, icc: float, cluster_size_cv: float = 0.0) -> float:
    """Return by how much drawing clusters instead of customers multiplies the variance.

    Parameters
    ----------
    cluster_size
        Mean customers per cluster.
    icc
        Intraclass correlation; see ``intraclass_correlation``.
    cluster_size_cv
        Standard deviation of the sizes over their mean.

    References
    ----------
    Eldridge, S. M., Ashby, D. and Kerry, S. (2006), Sample size for cluster randomized trials: effect of coefficient
    of variation of cluster size and analysis method, International Journal of Epidemiology 35, 1292-1300.
    """
    if cluster_size < 1 or not 0 <= icc <= 1 or cluster_size_cv < 0:
        raise InferenceError("Sizes from 1, a correlation from 0 to 1, a spread from 0.", hint="Check the arguments.")
    return 1 + ((cluster_size_cv**2 + 1) * cluster_size - 1) * icc


def plan_clusters(
    variance: float,
    mde: float,
    cluster_size: float,
    icc: float,
    *,
    cluster_size_cv: float = 0.0,
    correlation: float = 0.0,
    **design: object,
) -> Plan:
    """Return how many clusters per arm; parameters of ``design_effect`` and ``plan_means``.

    ``correlation`` is between clusters' means now and before. Sizes in the plan are clusters, with Student's t on
    their number.
    """
    per_cluster = variance * design_effect(cluster_size, icc, cluster_size_cv) / cluster_size
    return plan_means(per_cluster, mde, correlation=correlation, **design)  # type: ignore[arg-type]


def sequential_inflation(alpha: float = 0.05, power: float = 0.8, alternative: str = "two-sided") -> float:
    """Return how many times more customers daily reading costs, compared with one look at the end."""
    side = checked_alternative(alternative)
    wide = width_at_plan(alpha, one_sided=side != "two-sided")
    need = quantile(power)
    return ((wide + need) / (_critical(alpha, side) + need)) ** 2


def duration_days(n_total: float, daily_entries: float | Sequence[float], observation_days: int = 0) -> int:
    """Return the days until ``n_total`` customers have entered and their outcomes are complete.

    Parameters
    ----------
    daily_entries
        A number, or a history by day that is repeated until enough have entered.
    """
    history = np.atleast_1d(np.asarray(daily_entries, dtype=np.float64))
    if history.size == 0 or not (history >= 0).all() or not 0 < history.sum() < inf:
        raise InferenceError("Nobody enters.", hint="Pass customers per day, above zero.")
    cycles, rest = divmod(float(n_total), float(history.sum()))
    days = int(cycles) * len(history)
    if rest > 1e-9:
        days += int(np.searchsorted(np.cumsum(history), rest - 1e-9)) + 1
    return days + observation_days


def _power_mean(
    v1: float,
    v0: float,
    effect: float,
    sizes: tuple[float, float],
    alpha: float,
    side: Alternative,
    use_t: bool,
    width: float | None,
) -> float:
    (n1, n0) = sizes
    error = sqrt(v1 / n1 + v0 / n0)
    if error == 0:
        return 1.0
    if not use_t:
        return _cross(effect, (_critical(alpha, side) if width is None else width) * error, error, side)
    if min(n1, n0) <= 1:
        return 0.0
    freedom = (v1 / n1 + v0 / n0) ** 2 / ((v1 / n1) ** 2 / (n1 - 1) + (v0 / n0) ** 2 / (n0 - 1))
    edge, shift = quantile(1 - alpha / (2 if side == "two-sided" else 1), freedom), effect / error
    if freedom > 1e6:  # the noncentral t loses digits where it no longer differs from the normal distribution
        return _cross(effect, edge * error, error, side)
    above, below = 1 - float(nctdtr(freedom, shift, edge)), float(nctdtr(freedom, shift, -edge))
    if isnan(above + below):  # so does it far out in its tails
        return _cross(effect, edge * error, error, side)
    return {"two-sided": above + below, "greater": above, "less": below}[side]


def _cross(effect: float, half: float, error: float, side: Alternative) -> float:
    above, below = float(ndtr((effect - half) / error)), float(ndtr((-effect - half) / error))
    return {"two-sided": above + below, "greater": above, "less": below}[side]


def _critical(alpha: float, side: Alternative) -> float:
    return quantile(1 - alpha / (2 if side == "two-sided" else 1))


def _arms(shares: Sequence[float]) -> list[float]:
    if len(shares) < 2 or not all(0 < share < inf for share in shares):
        raise InferenceError("A trial has two arms or more, each with a share.", hint="Pass e.g. shares=(0.5, 0.5).")
    return [share / sum(shares) for share in shares]


def _checked_plan(mde: float, power: float, alpha: float, variance: float) -> None:
    if mde == 0 or not 0 < alpha < 1 or not alpha < power < 1 or not 0 < variance < inf:
        raise InferenceError(
            f"No trial finds {mde} with power {power} at alpha {alpha} and variance {variance}.",
            hint="mde other than 0, 0 < alpha < power < 1, variance above 0.",
        )


def _solve(reached: Callable[[float], float], power: float, start: float, most: float) -> float:
    """Return where a rising function reaches ``power``."""
    high = start
    while reached(high) < power:
        if high >= most or high > _MOST_UNITS:
            raise InferenceError(f"A power of {power} is out of reach.", hint="Check the sign of the effect.")
        high = min(2 * high, most)
    low = high / 2
    while reached(low) >= power and low > 1e-12 * high:
        low /= 2
    return float(brentq(lambda x: reached(x) - power, low, high, xtol=1e-9, rtol=1e-13))


def _plan(
    reached: Callable[[float], float],
    mde: float,
    alpha: float,
    power: float,
    shares: Sequence[float],
    daily_entries: float | Sequence[float] | None,
    observation_days: int,
) -> Plan:
    arms = _arms(shares)
    n = _solve(reached, power, 4.0, inf)
    sizes = tuple(ceil(n * share - 1e-6) for share in arms)
    plan = Plan(sizes, sum(sizes), mde, alpha / (len(arms) - 1), power)
    if daily_entries is None:
        return plan
    return replace(plan, days=duration_days(plan.n_total, daily_entries, observation_days))
