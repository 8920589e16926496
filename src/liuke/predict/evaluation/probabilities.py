"""Are the probabilities true? Brier score, calibration error, and the table behind a reliability plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from liuke.predict.evaluation.ranking import checked

FloatArray = npt.NDArray[np.float64]

BAND_LEVEL = 0.95
PERFECT_DRAWS = 2_000


@dataclass(frozen=True)
class ReliabilityRow:
    """One bin of the reliability table.

    Attributes
    ----------
    predicted, observed : float
        Mean probability and share with the outcome, 0 to 1.
    n, size : int
        Customers, and for how many equally weighted ones they stand.
    low, high : float
        95 % band of ``observed`` if the probabilities were exactly true, at this bin's size.
    """

    predicted: float
    observed: float
    n: int
    low: float
    high: float
    size: int

    @property
    def inside(self) -> bool:
        """Whether a perfectly calibrated model would look like this."""
        return self.low <= self.observed <= self.high


def brier_score(y: npt.ArrayLike, probability: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the mean squared distance of probability and outcome; 0 is perfect."""
    outcome, p = checked(y, probability)
    return _mean((p - outcome) ** 2, weight)


def log_loss(y: npt.ArrayLike, probability: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the mean negative log-likelihood; probabilities are kept 1e-6 away from 0 and 1."""
    outcome, p = checked(y, probability)
    return _mean(losses(outcome, p), weight)


def _mean(values: FloatArray, weight: npt.ArrayLike | None) -> float:
    if not values.size:
        return float("nan")
    return float(values.mean()) if weight is None else float(np.average(values, weights=np.asarray(weight, np.float64)))


def losses(outcome: FloatArray, probability: FloatArray) -> FloatArray:
    """Return the negative log-likelihood of each customer."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    terms: FloatArray = -(outcome * np.log(p) + (1 - outcome) * np.log1p(-p))
    return terms


def reliability_table(
    y: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10, weight: npt.ArrayLike | None = None
) -> tuple[ReliabilityRow, ...]:
    """Compare predicted with observed shares in bins of about equal size, lowest probabilities first.

    Parameters
    ----------
    y, probability : array_like, shape (n,)
    bins : int
        At most so many; equal probabilities are never split.
    weight : array_like, shape (n,), optional
        For how many customers each one stands.

    Notes
    -----
    The band treats a bin as binomial with its mean probability. Probabilities that differ within the bin make the true
    band a little narrower, so that "inside" errs towards the model by at most the variance within the bin. With weights
    the size is the effective one, ``(sum w)^2 / sum w^2``.
    """
    outcome, p = checked(y, probability)
    if not outcome.size:
        return ()
    w = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    edges = np.unique(np.searchsorted(p[order], np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]), side="right"))
    return tuple(_row(outcome[part], p[part], w[part]) for part in np.split(order, edges) if part.size)


def _row(outcome: FloatArray, p: FloatArray, weight: FloatArray) -> ReliabilityRow:
    mean = float(np.average(p, weights=weight))
    size = max(round(float(weight.sum() ** 2 / (weight**2).sum())), 1)
    low, high = (float(v) / size for v in binom.interval(BAND_LEVEL, size, mean))
    return ReliabilityRow(mean, float(np.average(outcome, weights=weight)), int(outcome.size), low, high, size)


def calibration_error(table: tuple[ReliabilityRow, ...]) -> float:
    """Return the expected calibration error (ECE): the mean distance of predicted and observed, weighted by size."""
    total = sum(row.n for row in table)
    return sum(row.n * abs(row.predicted - row.observed) for row in table) / total if total else float("nan")


def perfect_calibration_error(table: tuple[ReliabilityRow, ...]) -> float:
    """Return the ECE that a perfectly calibrated model of this size exceeds in 5 of 100 periods.

    The ECE of a finite sample is never zero; beside this figure it can be read.
    """
    if not table:
        return float("nan")
    rng = np.random.default_rng(0)  # no part of the judgement: a property of the bins' sizes and means
    size = np.array([row.size for row in table])
    mean = np.array([row.predicted for row in table])
    drawn = np.abs(rng.binomial(size, mean, (PERFECT_DRAWS, len(table))) / size - mean)
    return float(np.quantile(np.average(drawn, axis=1, weights=[row.n for row in table]), BAND_LEVEL))
