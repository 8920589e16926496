"""Is the difference between two arms real? Small immutable sums that add up, and what follows from them.

Counts, sums and sums of squares are all that these estimates need, so an analysis never reads rows twice and sums of
days, shops or shards can be added. Assumes independent units; for very skewed money and small arms the normal
approximation of the mean misleads, hence the minimum sizes asked for before a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import chdtrc, ndtri, stdtr, stdtrit

from liuke.learn.experiments.errors import ExperimentError


@dataclass(frozen=True, slots=True)
class Moments:
    """The sufficient statistics of a sample mean.

    Parameters
    ----------
    n
        Units.
    total, total_sq
        Sum and sum of squares of the metric, in its unit and the unit squared.

    Examples
    --------
    >>> (Moments(2, 3.0, 5.0) + Moments(1, 4.0, 16.0)).mean
    2.3333333333333335
    """

    n: int = 0
    total: float = 0.0
    total_sq: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.n + other.n, self.total + other.total, self.total_sq + other.total_sq)

    @property
    def mean(self) -> float:
        """The sample mean; 0 for an empty sample."""
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """The unbiased sample variance; 0 below two units. Never negative, whatever rounding did."""
        if self.n < 2:
            return 0.0
        return max(0.0, (self.total_sq - self.total**2 / self.n) / (self.n - 1))


@dataclass(frozen=True, slots=True)
class Difference:
    """Treated minus control, with its confidence interval.

    Parameters
    ----------
    value, low, high
        In the metric's unit.
    level
        Coverage of the interval.
    p_value
        Two-sided, of no difference.
    """

    value: float
    low: float
    high: float
    level: float
    p_value: float


def welch(treated: Moments, control: Moments, level: float = 0.95) -> Difference:
    """Compare two means without assuming equal variances.

    Raises
    ------
    ExperimentError
        If an arm has fewer than two units; wait for more.

    Notes
    -----
    t = (m₁ − m₀) / √(s₁²/n₁ + s₀²/n₀) with Satterthwaite's degrees of freedom.

    References
    ----------
    Welch, B. L. (1947), The generalization of "Student's" problem, Biometrika 34, eq. 28.
    """
    _enough(treated, control, 2)
    parts = (treated.variance / treated.n, control.variance / control.n)
    value, squared_error = treated.mean - control.mean, sum(parts)
    if squared_error == 0:
        return Difference(value, value, value, level, 1.0 if value == 0 else 0.0)
    freedom = squared_error**2 / (parts[0] ** 2 / (treated.n - 1) + parts[1] ** 2 / (control.n - 1))
    error = sqrt(squared_error)
    half = float(stdtrit(freedom, (1 + level) / 2)) * error
    p_value = 2 * float(stdtr(freedom, -abs(value) / error))
    return Difference(value, value - half, value + half, level, p_value)


def proportions(treated: Moments, control: Moments, level: float = 0.95) -> Difference:
    """Compare two shares; their moments are of zeros and ones.

    Raises
    ------
    ExperimentError
        If an arm is empty.

    Notes
    -----
    The interval joins the two Wilson score intervals (Newcombe's method 10): unlike the textbook one it keeps its
    coverage for rare outcomes and is not of zero width when nobody bought. The p-value is of the pooled z-test.

    References
    ----------
    Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17, 873-890, method 10.
    """
    _enough(treated, control, 1)
    p1, low1, high1 = _wilson(treated, level)
    p0, low0, high0 = _wilson(control, level)
    value = p1 - p0
    low = value - sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2)
    high = value + sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2)
    pooled = (treated + control).mean
    error = sqrt(pooled * (1 - pooled) * (1 / treated.n + 1 / control.n))
    p_value = 1.0 if error == 0 else float(chdtrc(1, (value / error) ** 2))
    return Difference(value, low, high, level, p_value)


def sample_ratio_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return how surprising the arms' sizes are under the shares that were drawn (SRM).

    Parameters
    ----------
    counts
        Units per arm.
    shares
        Intended shares in the same order; scaled to add up to 1.

    Returns
    -------
    float
        The p-value of Pearson's chi-square test; 1 with fewer than two arms or no units.

    Examples
    --------
    >>> round(sample_ratio_p([1000, 1200], [0.5, 0.5]), 9)
    2.0079e-05

    References
    ----------
    Fabijan, A. et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments, KDD.
    """
    observed, wanted = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if len(observed) != len(wanted) or (wanted <= 0).any():
        raise ExperimentError("Each arm needs a positive share to check the split.", hint="Pass one share per arm.")
    if len(observed) < 2 or observed.sum() == 0:
        return 1.0
    expected = observed.sum() * wanted / wanted.sum()
    return float(chdtrc(len(observed) - 1, ((observed - expected) ** 2 / expected).sum()))


def _wilson(sample: Moments, level: float) -> tuple[float, float, float]:
    z = float(ndtri((1 + level) / 2))
    share, n = sample.mean, sample.n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share, max(0.0, middle - half), min(1.0, middle + half)


def _enough(treated: Moments, control: Moments, least: int) -> None:
    if min(treated.n, control.n) < least:
        raise ExperimentError(
            f"The arms have {treated.n} and {control.n} units; each needs {least}.",
            hint="Wait until more customers' windows are complete.",
        )
