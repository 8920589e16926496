"""How much would a measure move if other customers had come by? Percentile intervals over resampled customers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate
from liuke.predict.evaluation.probabilities import losses
from liuke.predict.evaluation.ranking import FloatArray, auroc_of_counts, checked, group_counts, score_groups

LEVEL = 0.95
REPLICATES = 200

CountMeasure = Callable[[FloatArray, FloatArray], float]


def bootstrap_ranking(
    measure: CountMeasure,
    y: npt.ArrayLike,
    score: npt.ArrayLike,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
    weight: npt.ArrayLike | None = None,
) -> Estimate:
    """Return a ranking measure with its 95 % bootstrap confidence interval.

    Parameters
    ----------
    measure : callable
        ``auroc_of_counts`` or ``average_precision_of_counts``: positives and negatives per distinct score → value.
    y, score : array_like, shape (n,)
    rng : numpy.random.Generator
    replicates : int
    weight : array_like, shape (n,), optional
        For how many customers each one stands.

    Notes
    -----
    Customers are drawn with replacement: counts on scores sorted once, so that a replicate costs O(n).
    Resampled customers say nothing about other seasons: the interval is for this period.
    """
    outcome, values = checked(y, score)
    value, draws = _replicates(measure, outcome, [values], rng, replicates, _weights(weight, outcome))
    return _estimate(value[0], draws[:, 0], outcome.size)


def bootstrap_auroc_difference(
    y: npt.ArrayLike,
    score: npt.ArrayLike,
    baseline: npt.ArrayLike,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
    weight: npt.ArrayLike | None = None,
) -> Estimate:
    """Return AUROC of ``score`` minus AUROC of ``baseline`` on the same resampled customers (paired)."""
    outcome, values = checked(y, score)
    _, other = checked(y, baseline)
    value, draws = _replicates(auroc_of_counts, outcome, [values, other], rng, replicates, _weights(weight, outcome))
    return _estimate(value[0] - value[1], draws[:, 0] - draws[:, 1], outcome.size)


def bootstrap_loss_gain(
    y: npt.ArrayLike,
    probability: npt.ArrayLike,
    baseline: npt.ArrayLike,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
    weight: npt.ArrayLike | None = None,
) -> Estimate:
    """Return the log-loss of ``baseline`` minus that of ``probability``, paired: above zero is better."""
    outcome, p = checked(y, probability)
    _, q = checked(y, baseline)
    weights = _weights(weight, outcome)
    gain = losses(outcome, q) - losses(outcome, p)
    n = outcome.size
    if not n:
        return _estimate(float("nan"), np.zeros(0), 0)
    drawn = (_resample(n, rng) * weights for _ in range(replicates))
    return _estimate(float(gain @ weights / weights.sum()), np.array([w @ gain / w.sum() for w in drawn]), n)


def _resample(n: int, rng: np.random.Generator) -> FloatArray:
    """Draw n customers with replacement; return how often each came."""
    return np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)


def _weights(weight: npt.ArrayLike | None, outcome: FloatArray) -> FloatArray:
    return np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)


def _replicates(
    measure: CountMeasure,
    outcome: FloatArray,
    scores: list[FloatArray],
    rng: np.random.Generator,
    replicates: int,
    weight: FloatArray,
) -> tuple[list[float], FloatArray]:
    """Return the measure of each score on all rows, and on each resample, shape (replicates, n_scores)."""
    groups = [score_groups(score) for score in scores]

    def values(counts: FloatArray) -> list[float]:
        return [measure(*group_counts(outcome, counts * weight, group, size)) for group, size in groups]

    n = outcome.size
    draws = [values(_resample(n, rng)) for _ in range(replicates if n else 0)]
    return values(np.ones(n)), np.array(draws, dtype=np.float64).reshape(-1, len(scores))


def _estimate(value: float, draws: FloatArray, n: int) -> Estimate:
    finite = draws[np.isfinite(draws)]
    if not finite.size:
        return Estimate(value, float("nan"), float("nan"), LEVEL, n)
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # resamples of a skewed or biased measure may all lie on one side of it; the interval then ends at the value
    return Estimate(value, min(float(low), value), max(float(high), value), LEVEL, n)
