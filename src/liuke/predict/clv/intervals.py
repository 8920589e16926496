"""What may one customer bring, and how far may the total of a group of customers be off?

One customer's interval holds chance: how often they buy, and what each purchase is worth. A group's total holds that
too, but there it averages out, and another doubt takes over that no group size removes: the coming period is a
different one (season, prices, campaigns). :class:`TotalError` measures it on the shop's own past periods. Neither knows
of a change that the past has never seen.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma, norm, t

from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import Estimate
from liuke.predict.clv.contracts import PurchaseSummary, TotalError
from liuke.predict.clv.margin import MIN_STAY_PROBABILITY, MarginModel
from liuke.predict.clv.models.base import PurchaseModel

FloatArray = npt.NDArray[np.float64]

# Draws per customer; the ends of an interval are quantiles of so many.
DRAWS = 60

# Customers at a time: bounds the memory (some 100 MB for two threads), whatever the size of the shop.
CHUNK = 25_000

# Before any past period is known, totals are taken to miss by a fifth, as if seen in three periods: purchase models
# fall short of what customers of public data sets then spent by up to that much (docs/reference/value.md).
PRIOR_SD, PRIOR_PERIODS = 0.20, 3

# Amounts more uneven than this (variance over squared mean) are drawn as this uneven.
MAX_UNEVEN = 20.0


@dataclass(frozen=True)
class Spread:
    """What each customer may bring; float64 arrays of shape (n_customers,), minor units (variance: squared)."""

    low: FloatArray
    high: FloatArray
    variance: FloatArray


def customer_spread(
    summary: PurchaseSummary,
    purchases: PurchaseModel,
    margins: MarginModel,
    horizon_days: int,
    level: float,
    seed: int,
    num_threads: int = 1,
    progress: Progress | None = None,
) -> Spread:
    """Draw each customer's margin in the horizon, undiscounted.

    Returns
    -------
    Spread
        Prediction intervals of the given level. The same seed gives the same, with any number of threads.
    """
    progress = progress or SilentProgress()
    n = len(summary)
    found = Spread(np.zeros(n), np.zeros(n), np.zeros(n))
    parts = [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
    seeds = np.random.SeedSequence(seed).spawn(len(parts))
    quantiles = [(1 - level) / 2, (1 + level) / 2]

    def draw(part: slice, own: np.random.SeedSequence) -> int:
        one = summary.take(np.arange(part.start, part.stop))
        drawn = draw_margin(one, purchases, margins, horizon_days, np.random.default_rng(own), DRAWS)
        found.low[part], found.high[part] = np.quantile(drawn, quantiles, axis=0)
        found.variance[part] = drawn.var(axis=0, ddof=1)
        return len(one)

    progress.start("value: intervals", n)
    with ThreadPoolExecutor(max(num_threads, 1)) as pool:
        for done in pool.map(draw, parts, seeds):
            progress.advance(done)
    progress.finish()
    return found


def draw_margin(
    summary: PurchaseSummary,
    purchases: PurchaseModel,
    margins: MarginModel,
    horizon_days: int,
    rng: np.random.Generator,
    draws: int,
) -> FloatArray:
    """Draw purchases, then their margin around the customer's expected one, shape (draws, n_customers).

    Notes
    -----
    Given N purchases of mean m, the margin is gamma with mean N m and variance N within + N² doubt: days differ, and
    the customer's mean is itself an estimate.
    """
    history = (summary.frequency, summary.recency_days, summary.T_days)
    count = purchases.simulate(rng, float(horizon_days), *history, draws=draws)
    mean = margins.per_purchase_day(summary)
    spread = margins.within_variance / np.maximum(count, 1.0) + margins.doubt(summary)
    with np.errstate(divide="ignore", invalid="ignore"):
        uneven = np.clip(np.where(mean > 0, spread / mean**2, 0.0), 1e-9, MAX_UNEVEN)
    drawn: FloatArray = count * mean * rng.gamma(1.0 / uneven) * uneven
    return drawn


def variance_if_staying(
    summary: PurchaseSummary,
    purchases: PurchaseModel,
    margins: MarginModel,
    margin_minor: FloatArray,
    horizon_days: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the variance of each customer's margin in the horizon given at least one purchase, minor units squared.

    Parameters
    ----------
    margin_minor : array, shape (n_customers,)
        Expected margin given at least one purchase.

    Notes
    -----
    ``E[M² | N >= 1] - E[M | N >= 1]²``, with ``E[M² | N >= 1] = E[M²] / P(N >= 1)`` from draws. Single customers' are
    rough; sums over a group average that out.
    """
    history = (summary.frequency, summary.recency_days, summary.T_days)
    stays = np.maximum(1.0 - purchases.probability_no_purchase(horizon_days, *history), MIN_STAY_PROBABILITY)
    second = np.zeros(len(summary))
    for start in range(0, len(summary), CHUNK):
        part = np.arange(start, min(start + CHUNK, len(summary)))
        drawn = draw_margin(summary.take(part), purchases, margins, horizon_days, rng, DRAWS)
        second[part] = (drawn**2).mean(axis=0)
    # one purchase at least has the spread of one purchase
    variance: FloatArray = np.maximum(second / stays - margin_minor**2, 0.0)
    return variance


def total_error(ratios: npt.ArrayLike, chance: npt.ArrayLike) -> TotalError:
    """Learn how far the shop's totals miss from past periods.

    Parameters
    ----------
    ratios : array_like, shape (n_periods,)
        Actual over predicted total.
    chance : array_like, shape (n_periods,)
        Variance of that ratio that single customers' chance explains.

    Notes
    -----
    The mean square of ``ratio - 1`` less chance, pooled with a prior of ``PRIOR_SD`` that weighs ``PRIOR_PERIODS``
    periods; as many degrees of freedom as periods and prior together.
    """
    misses = np.atleast_1d(np.asarray(ratios, dtype=np.float64)) - 1.0
    beyond = np.maximum(misses**2 - np.atleast_1d(np.asarray(chance, dtype=np.float64)), 0.0)
    dof = PRIOR_PERIODS + misses.size
    return TotalError(float(np.sqrt((PRIOR_PERIODS * PRIOR_SD**2 + beyond.sum()) / dof)), float(dof), misses.size)


def group_total(amount: FloatArray, variance: FloatArray, error: TotalError, level: float) -> Estimate:
    """Return the total of a group's expected amounts with a prediction interval of what may come.

    Parameters
    ----------
    amount, variance : array, shape (n_customers,)
        Expected, at least 0, and the chance of single customers around it.

    Notes
    -----
    Gamma quantiles of variance ``sum(variance) + (sd total)²``, widened as t is wider than the normal, with the degrees
    of freedom of that sum (Satterthwaite). Never below 0, and skewed as small groups are.
    """
    total, n = float(amount.sum()), int(amount.size)
    if total <= 0:
        return Estimate(0.0, 0.0, 0.0, level, n)
    chance, shared = float(variance.sum()), (error.sd * total) ** 2
    if chance + shared <= 0:
        return Estimate(total, total, total, level, n)
    dof = error.dof * ((chance + shared) / shared) ** 2 if shared > 0 else np.inf
    high = (1 + level) / 2
    wider = float(t.ppf(high, dof) / norm.ppf(high)) ** 2 if np.isfinite(dof) else 1.0
    spread = (chance + shared) * wider
    shape = total**2 / spread
    low, top = gamma.ppf([1 - high, high], shape, scale=spread / total)
    # a gamma far more uneven than an exponential has both ends below its mean
    return Estimate(total, min(float(low), total), max(float(top), total), level, n)
