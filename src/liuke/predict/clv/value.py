"""What is a customer, or a group of customers, worth over the coming year, and how sure is that?

Expected purchases × expected margin per purchase day, discounted. The interval of a group's total holds
two kinds of doubt: chance in who buys how often, and the model's parameters, which are estimates. It does not hold a
change of the shop itself (prices, assortment, season): the models know none.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from liuke.kernel.results import Estimate
from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.models.base import PurchaseModel
from liuke.predict.clv.models.history import FloatArray, distinct

# What money a year away is worth less: a usual rate for retail; a shop's own may be passed.
ANNUAL_DISCOUNT = 0.10
YEAR_DAYS = 365

# Points of the integral over the horizon: expected purchases bend so little that four are exact to six digits.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(4)

# Draws per customer for the variance of one customer's purchases; sums over many customers average its noise out.
DRAWS = 24

# Step of the numerical derivatives, in logarithms of parameters: small against their error, large against rounding.
LOG_STEP = 1e-3

# Curvature below this share of the largest is flat: what it doesn't tell apart, expectations don't either.
FLAT = 1e-9


def lifetime_value(
    summary: PurchaseSummary,
    purchases: PurchaseModel,
    margin_minor: FloatArray,
    horizon_days: int = YEAR_DAYS,
    annual_discount: float = ANNUAL_DISCOUNT,
) -> FloatArray:
    """Return each customer's expected discounted margin.

    Parameters
    ----------
    summary : PurchaseSummary
        Time in days.
    purchases : PurchaseModel
        Fitted in days.
    margin_minor : array, shape (n_customers,)
        Expected margin per purchase day (``MarginModel.per_purchase_day``), minor units.

    Returns
    -------
    array, shape (n_customers,)
        Minor units.

    Notes
    -----
    ``margin ∫_0^H (1+d)^(-t/365) dE[N(t)]``, by parts: ``margin [D(H) E(H) + ln(1+d)/365 ∫_0^H D(t) E(t) dt]`` with
    ``D(t) = (1+d)^(-t/365)``, the integral by Gauss and Legendre.
    """
    history = (summary.frequency, summary.recency_days, summary.T_days)
    horizon, rate = float(horizon_days), float(np.log1p(annual_discount)) / YEAR_DAYS
    total = np.exp(-rate * horizon) * purchases.conditional_expected_purchases(horizon, *history)
    if rate > 0:
        for node, weight in zip(NODES, WEIGHTS, strict=True):
            t = horizon * (node + 1) / 2
            factor = rate * np.exp(-rate * t) * weight * horizon / 2
            total = total + factor * purchases.conditional_expected_purchases(t, *history)
    discounted: FloatArray = total * margin_minor
    return discounted


def total_value(
    summary: PurchaseSummary,
    purchases: PurchaseModel,
    margin_minor: FloatArray,
    rng: np.random.Generator,
    *,
    covariance: FloatArray | None = None,
    horizon_days: int = YEAR_DAYS,
    annual_discount: float = ANNUAL_DISCOUNT,
    level: float = 0.9,
) -> Estimate:
    """Return the expected discounted margin of a group of customers, with a prediction interval of the total.

    Parameters
    ----------
    summary, margin_minor
        Of the group's members.
    covariance : array, shape (4, 4), optional
        Of the logarithms of the parameters, from :func:`log_parameter_covariance` over the customers that the model was
        fitted on; None leaves that doubt out.
    rng : Generator
        For the variance of single customers' purchases.
    """
    if not len(summary):
        return Estimate(0.0, 0.0, 0.0, level, 0)

    def value_of(model: PurchaseModel) -> float:
        return float(lifetime_value(summary, model, margin_minor, horizon_days, annual_discount).sum())

    value = value_of(purchases)
    history = (summary.frequency, summary.recency_days, summary.T_days)
    drawn = np.stack([purchases.simulate(rng, float(horizon_days), *history) for _ in range(DRAWS)])
    variance = float((drawn.var(axis=0, ddof=1) * margin_minor**2).sum())
    if covariance is not None:
        slope = _log_gradient(purchases, value_of)
        variance += float(slope @ covariance @ slope)
    half = float(ndtri((1 + level) / 2)) * variance**0.5
    return Estimate(value, value - half, value + half, level, len(summary))


def log_parameter_covariance(model: PurchaseModel, summary: PurchaseSummary) -> FloatArray:
    """Return the covariance of the logarithms of a fitted model's parameters, shape (4, 4).

    Notes
    -----
    The inverse of the observed information, by central differences. Directions in which the likelihood is flat (no
    repeat buyers, parameters at a bound) have no finite variance; they count as known, since expectations don't depend
    on them either.
    """
    x, t_x, T, counts = distinct(summary.frequency, summary.recency_days, summary.T_days)
    at = np.log(model.parameters)

    def information(i: int, j: int) -> float:
        """Return minus the mixed second derivative."""
        di, dj = np.eye(len(at))[i] * LOG_STEP, np.eye(len(at))[j] * LOG_STEP
        ends = ((di + dj, 1.0), (di - dj, -1.0), (dj - di, -1.0), (-di - dj, 1.0))
        second = sum(sign * (_at(model, at + move).log_likelihoods(x, t_x, T) @ counts) for move, sign in ends)
        return -float(second) / (4 * LOG_STEP**2)

    matrix = np.array([[information(min(i, j), max(i, j)) for j in range(len(at))] for i in range(len(at))])
    values, vectors = np.linalg.eigh(matrix)
    known = values <= values.max() * FLAT
    covariance: FloatArray = (vectors * np.where(known, 0.0, 1.0 / np.where(known, 1.0, values))) @ vectors.T
    return covariance


def _at(model: PurchaseModel, log_parameters: FloatArray) -> PurchaseModel:
    """Return the same model with other parameters."""
    return type(model)().set_parameters(*(float(v) for v in np.exp(log_parameters)))


def _log_gradient(model: PurchaseModel, value_of: Callable[[PurchaseModel], float]) -> FloatArray:
    """Differentiate a value by the logarithms of the model's parameters, shape (4,)."""
    at = np.log(model.parameters)
    moves = np.eye(len(at)) * LOG_STEP
    return np.array([(value_of(_at(model, at + d)) - value_of(_at(model, at - d))) / (2 * LOG_STEP) for d in moves])
