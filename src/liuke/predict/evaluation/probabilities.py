"""Are the probabilities true? Brier score, calibration error, and the table behind a reliability plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from liuke.predict.evaluation.ranking import checked

BAND_LEVEL = 0.95


@dataclass(frozen=True)
class ReliabilityRow:
    """One bin of the reliability table.

    Attributes
    ----------
    predicted, observed : float
        Mean probability and share with the outcome, 0 to 1.
    n : int
    low, high : float
        95 % band of ``observed`` if the probabilities were exactly true, at this bin's size.
    """

    predicted: float
    observed: float
    n: int
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether a perfectly calibrated model would look like this."""
        return self.low <= self.observed <= self.high


def brier_score(y: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the mean squared distance of probability and outcome; 0 is perfect."""
    outcome, p = checked(y, probability)
    return float(np.mean((p - outcome) ** 2)) if outcome.size else float("nan")


def log_loss(y: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the mean negative log-likelihood; probabilities are kept 1e-6 away from 0 and 1."""
    outcome, p = checked(y, probability)
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-np.mean(outcome * np.log(p) + (1 - outcome) * np.log1p(-p))) if outcome.size else float("nan")


def reliability_table(y: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10) -> tuple[ReliabilityRow, ...]:
    """Compare predicted with observed shares in bins of about equal size, lowest probabilities first.

    Parameters
    ----------
    y, probability : array_like, shape (n,)
    bins : int
        At most so many; equal probabilities are never split.

    Notes
    -----
    The band treats a bin as binomial with its mean probability. Probabilities that differ within the bin make the true
    band a little narrower, so that "inside" errs towards the model by at most the variance within the bin.
    """
    outcome, p = checked(y, probability)
    if not outcome.size:
        return ()
    order = np.argsort(p, kind="stable")
    edges = np.unique(np.searchsorted(p[order], np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]), side="right"))
    rows = []
    for members in np.split(order, edges):
        n = int(members.size)
        if n:
            mean = float(p[members].mean())
            low, high = (float(v) / n for v in binom.interval(BAND_LEVEL, n, mean))
            rows.append(ReliabilityRow(mean, float(outcome[members].mean()), n, low, high))
    return tuple(rows)


def calibration_error(table: tuple[ReliabilityRow, ...]) -> float:
    """Return the expected calibration error (ECE): the mean distance of predicted and observed, weighted by size."""
    total = sum(row.n for row in table)
    return sum(row.n * abs(row.predicted - row.observed) for row in table) / total if total else float("nan")
