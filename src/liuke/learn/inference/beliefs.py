"""What to believe: chance to win and expected loss, beside the intervals, never instead of them.

With a flat prior these repeat the interval in words that are easier to act on. They give no protection against
looking every day and no error rate; a decision rule rests on the intervals.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import exp, inf, pi, sqrt

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betaincinv, betaln, ndtr, ndtri, xlog1py, xlogy

from liuke.learn.inference.contracts import Belief, Difference
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.moments import Moments
from liuke.learn.inference.reference import checked_level, enough


def chance_to_win(
    difference: Difference,
    *,
    prior_mean: float = 0.0,
    prior_sd: float = inf,
    higher_is_better: bool = True,
    level: float | None = None,
) -> Belief:
    """Return what to believe of a difference whose estimate is normal.

    Parameters
    ----------
    difference
        Of any method with a standard error.
    prior_mean, prior_sd
        Normal prior of the effect, in the unit of ``value``; an infinite spread is flat.
    level
        Of the credible interval; by default that of the difference.

    Notes
    -----
    Posterior N(m, s²); expected loss of treating everybody = E[max(−δ, 0)] = s·φ(m/s) − m·Φ(−m/s).
    """
    error = difference.standard_error
    if not error > 0:
        why = "no standard error" if error != 0 else "seen no variation"
        raise InferenceError(f"The method '{difference.method}' has {why}.", hint="Use 'wald', 'delta', share_belief.")
    if not prior_sd > 0:
        raise InferenceError("A prior needs a spread above zero.", hint="Use prior_sd=inf for a flat one.")
    coverage = checked_level(difference.level if level is None else level)
    weight, prior_weight = error**-2.0, prior_sd**-2.0
    mean = (weight * difference.value + prior_weight * prior_mean) / (weight + prior_weight)
    spread = sqrt(1 / (weight + prior_weight))
    z = mean / spread
    density = exp(-z * z / 2) / sqrt(2 * pi)
    loss = max(0.0, spread * density - mean * float(ndtr(-z)))
    staying = max(0.0, spread * density + mean * float(ndtr(z)))
    half = float(ndtri((1 + coverage) / 2)) * spread
    win = float(ndtr(z))
    if not higher_is_better:
        win, loss, staying = 1 - win, staying, loss
    return Belief(win, loss, staying, mean, mean - half, mean + half, coverage)


def share_belief(
    treated: Moments,
    control: Moments,
    *,
    prior: tuple[float, float] = (1.0, 1.0),
    higher_is_better: bool = True,
    level: float = 0.95,
) -> Belief:
    """Return what to believe of the difference of two shares, exactly, by Beta posteriors.

    Parameters
    ----------
    treated, control
        Sums of zeros and ones; an empty arm leaves the prior.
    prior
        Parameters of the Beta prior of both arms; (1, 1) is flat, (0.5, 0.5) Jeffreys'.

    Notes
    -----
    P(p₁ > p₀) = ∫ f₁(x)·F₀(x) dx. Expected loss E[max(p₀ − p₁, 0)] = E[p₀]·P(p₀' > p₁) − E[p₁]·P(p₀ > p₁'), where
    the primed posterior has one success more. The interval inverts the distribution of the difference.
    """
    enough(treated.n, control.n, 0)
    checked_level(level)
    if min(prior) <= 0:
        raise InferenceError(f"A Beta prior {prior} is none.", hint="Both parameters have to be above zero.")
    a1, b1 = prior[0] + treated.total, prior[1] + treated.n - treated.total
    a0, b0 = prior[0] + control.total, prior[1] + control.n - control.total
    mean1, mean0 = a1 / (a1 + b1), a0 / (a0 + b0)
    win = _above(a1, b1, a0, b0)
    loss = mean0 * _above(a0 + 1, b0, a1, b1) - mean1 * (1 - _above(a1 + 1, b1, a0, b0))
    loss = max(0.0, loss)
    staying = max(0.0, mean1 - mean0 + loss)
    low, high = (_difference_quantile(a1, b1, a0, b0, q) for q in ((1 - level) / 2, (1 + level) / 2))
    if not higher_is_better:
        win, loss, staying = 1 - win, staying, loss
    return Belief(win, loss, staying, mean1 - mean0, low, high, level)


def _above(a1: float, b1: float, a0: float, b0: float) -> float:
    return _over(a1, b1, lambda x: float(betainc(a0, b0, x)))


def _difference_quantile(a1: float, b1: float, a0: float, b0: float, q: float) -> float:
    def below(d: float) -> float:
        """Return the chance that p₁ − p₀ ≤ d."""

        def at(x: float) -> float:
            edge = x - d
            return 1.0 if edge <= 0 else 0.0 if edge >= 1 else float(betaincc(a0, b0, edge))

        return _over(a1, b1, at)

    return float(brentq(lambda d: below(d) - q, -1.0, 1.0, xtol=1e-10))


def _over(a: float, b: float, function: Callable[[float], float]) -> float:
    """Return the mean of a function over a Beta distribution; its tails beyond 1e-13 are cut off."""
    ends = [float(betaincinv(a, b, q)) for q in (1e-13, 0.02, 0.5, 0.98)] + [1 - float(betaincinv(b, a, 1e-13))]
    scale = float(betaln(a, b))

    def integrand(x: float) -> float:
        return exp(float(xlogy(a - 1, x)) + float(xlog1py(b - 1, -x)) - scale) * function(x)

    pieces = [quad(integrand, lo, hi, epsabs=1e-12, epsrel=1e-10)[0] for lo, hi in pairwise(ends)]
    return min(1.0, max(0.0, float(sum(pieces))))
