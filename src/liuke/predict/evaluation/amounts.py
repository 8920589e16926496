"""Are predicted amounts (purchases, margin) any good? Errors, bias, order, and calibration by tenth.

Most customers buy nothing in a period, so a mean absolute error rewards predicting nothing: judge by the squared error,
the bias of the total, the order and the tenths, and read every figure beside "nobody buys".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from liuke.kernel.results import Estimate
from liuke.predict.evaluation.bootstrap import LEVEL, REPLICATES
from liuke.predict.evaluation.errors import EvaluationDataError

FloatArray = npt.NDArray[np.float64]

TENTHS = 10


@dataclass(frozen=True)
class AmountTenth:
    """A tenth of the customers by predicted amount, lowest first.

    Attributes
    ----------
    predicted, actual : float
        Means, in the amount's unit.
    """

    n: int
    predicted: float
    actual: float


@dataclass(frozen=True)
class AmountScore:
    """One model's predicted amounts against what came.

    Attributes
    ----------
    mae, rmse : Estimate
        In the amount's unit; 95 % bootstrap intervals over customers.
    bias : Estimate
        Predicted total ÷ actual total − 1. NaN if nothing came.
    correlation, spearman : float
        Of amounts and of their ranks; NaN if a side is constant.
    gini : float
        Normalised Gini coefficient: 1 orders customers as they turned out, 0 as chance would. NaN if nothing came.
    """

    model: str
    n: int
    mae: Estimate
    rmse: Estimate
    bias: Estimate
    correlation: float
    spearman: float
    gini: float
    tenths: tuple[AmountTenth, ...]


def judge_amounts(
    model: str,
    actual: npt.ArrayLike,
    predicted: npt.ArrayLike,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
) -> AmountScore:
    """Score predicted amounts.

    Parameters
    ----------
    actual, predicted : array_like, shape (n_customers,)
    rng : numpy.random.Generator
        Of the bootstrap.

    Raises
    ------
    EvaluationDataError
        If the arrays are empty, differ in length, or a prediction is missing.
    """
    y, f = _checked(actual, predicted)
    counts = _resamples(len(y), rng, replicates)
    error = np.abs(f - y)
    return AmountScore(
        model=model,
        n=len(y),
        mae=_estimate(float(error.mean()), counts @ error / len(y), len(y)),
        rmse=_estimate(float(np.sqrt((error**2).mean())), np.sqrt(counts @ error**2 / len(y)), len(y)),
        bias=_estimate(_bias(f.sum(), y.sum()), _biases(counts @ f, counts @ y), len(y)),
        correlation=_correlation(y, f),
        spearman=_correlation(rankdata(y), rankdata(f)),
        gini=normalised_gini(y, f),
        tenths=_tenths(y, f),
    )


def rmse_gain(
    actual: npt.ArrayLike,
    predicted: npt.ArrayLike,
    baseline: npt.ArrayLike,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
) -> Estimate:
    """Return how much smaller the RMSE is than the baseline's, on the same resampled customers (paired)."""
    y, f = _checked(actual, predicted)
    _, g = _checked(actual, baseline)
    squares = np.stack([(g - y) ** 2, (f - y) ** 2], axis=1)
    root = np.sqrt(squares.mean(axis=0))
    draws = np.sqrt(_resamples(len(y), rng, replicates) @ squares / len(y))
    return _estimate(float(root[0] - root[1]), draws[:, 0] - draws[:, 1], len(y))


def normalised_gini(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Return the Gini coefficient of the order by prediction, relative to that of the best order.

    References
    ----------
    Frees, Meyers, Cummings (2011), "Summarizing Insurance Scores Using a Gini Index", JASA 106.

    Examples
    --------
    >>> normalised_gini([0, 0, 1, 5], [0.1, 0.2, 0.3, 0.9])
    1.0
    """
    y, f = _checked(actual, predicted)
    best = _gini(y, y)
    return _gini(y, f) / best if best > 0 else float("nan")


def _gini(y: FloatArray, order_by: FloatArray) -> float:
    """Return the covariance of amounts with mid-ranks, scaled: ties share their credit."""
    if y.sum() <= 0:
        return float("nan")
    ranks = rankdata(order_by)
    return float(2.0 * ((ranks - ranks.mean()) * y).sum() / (len(y) * y.sum()))


def _checked(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    y, f = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if not (y.ndim == 1 and y.size and y.shape == f.shape and np.isfinite(y).all() and np.isfinite(f).all()):
        raise EvaluationDataError(
            f"amounts of shapes {y.shape} and {f.shape} can't be compared",
            hint="pass one known and one predicted number per customer, none of them missing",
        )
    return y, f


def _resamples(n: int, rng: np.random.Generator, replicates: int) -> FloatArray:
    """Return how often each customer is drawn, shape (replicates, n)."""
    return np.stack([rng.multinomial(n, np.full(n, 1 / n)) for _ in range(replicates)]).astype(np.float64)


def _estimate(value: float, draws: FloatArray, n: int) -> Estimate:
    finite = draws[np.isfinite(draws)]
    if not finite.size:
        return Estimate(value, float("nan"), float("nan"), LEVEL, n)
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # resamples of a skewed or biased measure may all lie on one side of it; the interval then ends at the value
    return Estimate(value, min(float(low), value), max(float(high), value), LEVEL, n)


def _bias(predicted: float, actual: float) -> float:
    return predicted / actual - 1.0 if actual else float("nan")


def _biases(predicted: FloatArray, actual: FloatArray) -> FloatArray:
    ratio = np.divide(predicted, actual, out=np.full_like(predicted, np.nan), where=actual != 0)
    return ratio - 1.0


def _correlation(a: FloatArray, b: FloatArray) -> float:
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _tenths(y: FloatArray, f: FloatArray) -> tuple[AmountTenth, ...]:
    parts = np.array_split(np.argsort(f, kind="stable"), min(TENTHS, len(y)))
    return tuple(AmountTenth(len(part), float(f[part].mean()), float(y[part].mean())) for part in parts)
