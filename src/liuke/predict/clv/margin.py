"""What margin does a customer bring within the horizon, if they stay?

Staying means buying at least once in the horizon, the very event whose opposite the churn probability measures. So the
value at risk, P(churn) x margin if staying, counts churn once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.models.base import PurchaseModel

FloatArray = npt.NDArray[np.float64]

# A wholesaler's invoice must not set the mean for families: amounts beyond these quantiles are moved to them. It also
# cuts honest one-time extremes, so customers' own means are trusted a little more than the formula alone would.
WINSOR = (0.01, 0.99)

# Bounds, in purchase days, of how much a customer's own mean is trusted against the shop's.
PRIOR_DAYS = (0.5, 50.0)

# A horizon in which somebody all but surely stays silent still has one purchase if they stay.
MIN_STAY_PROBABILITY = 1e-9


@dataclass(frozen=True)
class MarginModel:
    """The shop's mean margin per purchase day, and how many days it weighs against a customer's own mean.

    Attributes
    ----------
    mean_minor : float
        Minor units.
    prior_days : float
        k in ``(n mean_customer + k mean_shop) / (n + k)``.
    low_minor, high_minor : float
        Where customers' means are cut.
    within_variance, between_variance : float
        Of one purchase day around its customer's mean, and of customers' means; minor units squared.
    """

    mean_minor: float
    prior_days: float
    low_minor: float
    high_minor: float
    within_variance: float = 0.0
    between_variance: float = 0.0

    @classmethod
    def fit(cls, summary: PurchaseSummary) -> MarginModel:
        """Learn from customers' mean margins by the method of moments.

        Notes
        -----
        The variance of a mean over n days is between + within / n. A weighted regression of squared deviations on 1/n
        gives both; k = within / between (Bühlmann 1967, "Experience rating and credibility"), kept in ``PRIOR_DAYS``.
        """
        if not len(summary):
            return cls(0.0, PRIOR_DAYS[1], 0.0, 0.0)
        low, high = (float(v) for v in np.quantile(summary.mean_margin_minor, WINSOR))
        means = np.clip(summary.mean_margin_minor, low, high)
        mean = float(means.mean())
        inverse = 1.0 / (summary.frequency + 1.0)
        squared = (means - mean) ** 2
        spread = float(np.var(inverse))
        within = float(np.mean((inverse - inverse.mean()) * (squared - squared.mean()))) / spread if spread > 0 else 0.0
        between = float(squared.mean()) - within * float(inverse.mean())
        prior = within / between if within > 0 and between > 0 else (PRIOR_DAYS[0] if between > 0 else PRIOR_DAYS[1])
        return cls(mean, float(np.clip(prior, *PRIOR_DAYS)), low, high, max(within, 0.0), max(between, 0.0))

    def per_purchase_day(self, summary: PurchaseSummary) -> FloatArray:
        """Return each customer's expected margin per purchase day, minor units, at least 0."""
        days = summary.frequency + 1.0
        means = np.clip(summary.mean_margin_minor, self.low_minor, self.high_minor)
        shrunk = (days * means + self.prior_days * self.mean_minor) / (days + self.prior_days)
        return np.maximum(shrunk, 0.0)

    def doubt(self, summary: PurchaseSummary) -> FloatArray:
        """Return the variance of each customer's true mean around :meth:`per_purchase_day`, minor units squared."""
        days = summary.frequency + 1.0
        left: FloatArray = self.between_variance * self.prior_days / (days + self.prior_days)
        return left


def expected_margin_if_staying(
    summary: PurchaseSummary, purchases: PurchaseModel, margins: MarginModel, horizon_days: float
) -> FloatArray:
    """Return the expected margin in the horizon given at least one purchase in it.

    Returns
    -------
    array, shape (n_customers,)
        Minor units, at least 0.

    Notes
    -----
    ``E[N | N >= 1] x margin per purchase day``, where ``E[N | N >= 1] = E[N] / P(N >= 1)`` by the purchase model: at
    least one and at most one a day.
    """
    history = (summary.frequency, summary.recency_days, summary.T_days)
    expected = purchases.conditional_expected_purchases(horizon_days, *history)
    stays = 1.0 - purchases.probability_no_purchase(horizon_days, *history)
    n = np.clip(expected / np.maximum(stays, MIN_STAY_PROBABILITY), 1.0, max(horizon_days, 1.0))
    margin: FloatArray = n * margins.per_purchase_day(summary)
    return margin
