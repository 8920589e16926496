"""Small immutable sums that add up: all that the estimates need, so an analysis never reads rows twice.

Counts, sums, sums of squares and of products can be made by one SQL query; those of days, shops or shards add with
``+`` to those of the whole. Give whole numbers (minor units) as ``int`` and the sums stay exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liuke.learn.inference.errors import InferenceError

_ROUNDING = 1e-9  # of the sum of squares: far more than sums of doubles lose, far less than a mistake in them


@dataclass(frozen=True, slots=True)
class Moments:
    """The sufficient statistics of a sample mean.

    Parameters
    ----------
    n
        Units.
    total, total_sq
        Sum and sum of squares of the metric, in its unit and the unit squared.

    Raises
    ------
    InferenceError
        If no values can have these sums.

    Examples
    --------
    >>> (Moments(2, 3.0, 5.0) + Moments(1, 4.0, 16.0)).mean
    2.3333333333333335
    """

    n: int = 0
    total: float = 0.0
    total_sq: float = 0.0

    def __post_init__(self) -> None:
        possible(self.n, self.total, self.total_sq)

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.n + other.n, self.total + other.total, self.total_sq + other.total_sq)

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """Sum up values, shape (n,)."""
        array = finite(values, 1)
        return cls(len(array), float(array.sum()), float(array @ array))

    @classmethod
    def of_share(cls, successes: int, n: int) -> Moments:
        """Sum up ``successes`` ones and zeros for the rest of ``n``."""
        if not 0 <= successes <= n:
            raise InferenceError(f"{successes} successes of {n} units is no share.", hint="0 ≤ successes ≤ units.")
        return cls(n, successes, successes)

    @classmethod
    def from_mean(cls, mean: float, standard_deviation: float, n: int) -> Moments:
        """Rebuild the sums from a published mean and (n − 1) standard deviation."""
        return cls(n, mean * n, standard_deviation**2 * (n - 1) + mean**2 * n)

    @property
    def mean(self) -> float:
        """The sample mean; 0 for an empty sample."""
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """The unbiased sample variance; 0 below two units, and where only rounding would make it negative."""
        return _spread(self.n, self.total, self.total, self.total_sq) if self.n >= 2 else 0.0


@dataclass(frozen=True, slots=True)
class PairMoments:
    """The sufficient statistics of two columns measured on the same units.

    Parameters
    ----------
    n
        Units.
    total_x, total_y
        Sums. For a ratio metric y is the numerator and x the denominator; for an adjusted mean y is the metric and x
        the covariate known before.
    total_x_sq, total_y_sq, total_xy
        Sums of squares and of products.
    """

    n: int = 0
    total_x: float = 0.0
    total_y: float = 0.0
    total_x_sq: float = 0.0
    total_y_sq: float = 0.0
    total_xy: float = 0.0

    def __post_init__(self) -> None:
        possible(self.n, self.total_x, self.total_x_sq)
        possible(self.n, self.total_y, self.total_y_sq)
        related(self.n, (self.total_x, self.total_y), (self.total_x_sq, self.total_y_sq), self.total_xy)

    def __add__(self, other: PairMoments) -> PairMoments:
        return PairMoments(
            self.n + other.n,
            self.total_x + other.total_x,
            self.total_y + other.total_y,
            self.total_x_sq + other.total_x_sq,
            self.total_y_sq + other.total_y_sq,
            self.total_xy + other.total_xy,
        )

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike) -> PairMoments:
        """Sum up two columns of the same length."""
        a, b = finite(x, 1), finite(y, 1)
        if len(a) != len(b):
            raise InferenceError(f"{len(a)} values of x and {len(b)} of y.", hint="Pass one of each per unit.")
        return cls(len(a), float(a.sum()), float(b.sum()), float(a @ a), float(b @ b), float(a @ b))

    @property
    def x(self) -> Moments:
        """The sums of x alone."""
        return Moments(self.n, self.total_x, self.total_x_sq)

    @property
    def y(self) -> Moments:
        """The sums of y alone."""
        return Moments(self.n, self.total_y, self.total_y_sq)

    @property
    def covariance(self) -> float:
        """The unbiased sample covariance of x and y; 0 below two units."""
        if self.n < 2:
            return 0.0
        return float(self.total_xy - self.total_x * self.total_y / self.n) / (self.n - 1)

    @property
    def multi(self) -> MultiMoments:
        """The same sums with y as the first column and x as the second."""
        products = ((self.total_y_sq, self.total_xy), (self.total_xy, self.total_x_sq))
        return MultiMoments(self.n, (self.total_y, self.total_x), products)


@dataclass(frozen=True, slots=True)
class MultiMoments:
    """The sufficient statistics of k columns measured on the same units.

    Parameters
    ----------
    n
        Units.
    totals
        Sums, shape (k,). The metric comes first (for a ratio metric numerator, then denominator), covariates after it.
    products
        Sums of products, shape (k, k), symmetric.
    """

    n: int
    totals: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        k = len(self.totals)
        if len(self.products) != k or any(len(row) != k for row in self.products):
            raise InferenceError(f"{k} sums need {k} × {k} sums of products.", hint="Pass one row per column.")
        for i in range(k):
            possible(self.n, self.totals[i], self.products[i][i])
            for j in range(i):
                squares = (self.products[i][i], self.products[j][j])
                related(self.n, (self.totals[i], self.totals[j]), squares, self.products[i][j])

    def __add__(self, other: MultiMoments) -> MultiMoments:
        if len(self.totals) != len(other.totals):
            raise InferenceError("Sums of different columns cannot be added.", hint="Use the same columns everywhere.")
        return MultiMoments(
            self.n + other.n,
            tuple(a + b for a, b in zip(self.totals, other.totals, strict=True)),
            tuple(
                tuple(a + b for a, b in zip(mine, theirs, strict=True))
                for mine, theirs in zip(self.products, other.products, strict=True)
            ),
        )

    @classmethod
    def of(cls, columns: ArrayLike) -> MultiMoments:
        """Sum up a table of shape (n, k)."""
        table = finite(columns, 2)
        products = table.T @ table
        return cls(len(table), tuple(table.sum(axis=0).tolist()), tuple(tuple(row) for row in products.tolist()))

    @property
    def means(self) -> NDArray[np.float64]:
        """The sample means, shape (k,)."""
        return np.asarray(self.totals, dtype=np.float64) / max(1, self.n)

    @property
    def covariances(self) -> NDArray[np.float64]:
        """The unbiased sample covariances, shape (k, k); zeros below two units."""
        k = len(self.totals)
        if self.n < 2:
            return np.zeros((k, k))
        found = np.empty((k, k))
        for i in range(k):  # whole numbers stay exact until the subtraction is done
            for j in range(k):
                left, right = self.totals[i], self.totals[j]
                if i == j:
                    found[i, j] = _spread(self.n, left, right, self.products[i][j])
                else:
                    found[i, j] = (self.products[i][j] - left * right / self.n) / (self.n - 1)
        return found

    def column(self, index: int) -> Moments:
        """Return the sums of one column."""
        return Moments(self.n, self.totals[index], self.products[index][index])

    def pair(self, y: int, x: int) -> PairMoments:
        """Return the sums of two columns, the first as ``y``."""
        t, p = self.totals, self.products
        return PairMoments(self.n, t[x], t[y], p[x][x], p[y][y], p[y][x])

    def pick(self, columns: Sequence[int]) -> MultiMoments:
        """Return the sums of some columns."""
        table = tuple(tuple(self.products[i][j] for j in columns) for i in columns)
        return MultiMoments(self.n, tuple(self.totals[i] for i in columns), table)


def finite(values: ArrayLike, dimensions: int) -> NDArray[np.float64]:
    """Return values as an array, or raise an error that names the first position that holds no number."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions:
        raise InferenceError(f"Expected {dimensions} dimensions, got {array.ndim}.", hint="Check the shape.")
    bad = ~np.isfinite(array)
    if bad.any():
        where = np.argwhere(bad)[0].tolist()
        raise InferenceError(
            f"The value at position {where[0] if dimensions == 1 else tuple(where)} is missing or infinite.",
            hint="Leave such units out, or say what a missing value means.",
        )
    return array


def possible(n: int, total: float, total_sq: float) -> None:
    """Raise an error if no ``n`` values have this sum and this sum of squares: total² ≤ n · total_sq.

    A difference that the rounding of doubles explains is none.
    """
    if n < 0:
        raise InferenceError(f"{n} units cannot be.", hint="A count of units is 0 or more.")
    if n == 0 and (total or total_sq):
        raise InferenceError(f"No units have a sum of {total} and squares of {total_sq}.", hint="Pass the units, too.")
    if total_sq < 0 or n * total_sq - total * total < -_ROUNDING * n * abs(total_sq):
        raise InferenceError(
            f"No {n} values have the sum {total} and the sum of squares {total_sq}.",
            hint="The sum of squares is at least sum² / n; are the sums of the same units, and in the same unit?",
        )


def zeros_and_ones(sample: Moments) -> None:
    """Raise an error if no zeros and ones have these sums."""
    if sample.total != sample.total_sq or not 0 <= sample.total <= sample.n:
        raise InferenceError(
            f"A share needs zeros and ones; the sums are {sample.total} and {sample.total_sq} of {sample.n} units.",
            hint="Use compare_means for counts and money, compare_ratios for a ratio of two sums.",
        )


def related(n: int, totals: tuple[float, float], squares: tuple[float, float], product: float) -> None:
    """Raise an error if no ``n`` pairs of values have this sum of products (Cauchy and Schwarz)."""
    (x, y), (xx, yy) = totals, squares
    shared, own = n * product - x * y, (n * xx - x * x, n * yy - y * y)
    slack = _ROUNDING * n * (max(xx, 0) * max(yy, 0)) ** 0.5
    if abs(shared) > (max(own[0], 0) * max(own[1], 0)) ** 0.5 + slack:
        raise InferenceError(
            f"No {n} pairs of values have the sums {x} and {y}, squares {xx} and {yy} and the products {product}.",
            hint="Are all sums of the same units?",
        )


def _spread(n: int, left: float, right: float, product: float) -> float:
    return max(0.0, float(product - left * right / n) / (n - 1))
