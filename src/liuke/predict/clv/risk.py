"""What would customers who may leave take with them?

Value at risk of a customer is P(churn) x expected margin in the horizon if they stay, not P(churn) x lifetime value,
which counts churn twice. The interval of a group's total is of what it would lose: who leaves, what each would have
brought, and how far the shop's totals have missed in past periods. What those who leave would have brought is never
seen; what is left of the same sum, the margin of those who stay, is, and the interval is checked on that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate
from liuke.predict.clv.contracts import PurchaseSummary, TotalError
from liuke.predict.clv.intervals import group_total, variance_if_staying
from liuke.predict.clv.margin import MarginModel
from liuke.predict.clv.models.base import PurchaseModel

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stakes:
    """What is at stake with each scored customer; arrays of shape (n_customers,).

    Attributes
    ----------
    customer_id : int64
    churn : float64
        Probability of no purchase in the horizon.
    margin_minor, variance : float64
        Margin in the horizon if they stay: expected, and its variance; minor units.
    """

    customer_id: npt.NDArray[np.int64]
    churn: FloatArray
    margin_minor: FloatArray
    variance: FloatArray

    @classmethod
    def of(
        cls,
        summary: PurchaseSummary,
        churn: FloatArray,
        margin_minor: FloatArray,
        purchases: PurchaseModel,
        margins: MarginModel,
        horizon_days: int,
        rng: np.random.Generator,
    ) -> Stakes:
        """Add the variance that the purchase model gives; customers as in ``summary``."""
        margin = np.maximum(np.asarray(margin_minor, dtype=np.float64), 0.0)
        variance = variance_if_staying(summary, purchases, margins, margin, horizon_days, rng)
        return cls(summary.customer_id, np.asarray(churn, dtype=np.float64), margin, variance)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Stakes:
        """Return the chosen customers, by mask or by position."""
        return Stakes(self.customer_id[chosen], self.churn[chosen], self.margin_minor[chosen], self.variance[chosen])


def value_at_risk(stakes: Stakes, error: TotalError, level: float = 0.9) -> Estimate:
    """Return a group's value at risk, with a prediction interval of what it would lose."""
    return _expected(stakes.churn, stakes, error, level)


def value_kept(stakes: Stakes, error: TotalError, level: float = 0.9) -> Estimate:
    """Return the margin in the horizon of those who stay, the part of the same sum that can be seen later."""
    return _expected(1.0 - stakes.churn, stakes, error, level)


def _expected(share: FloatArray, stakes: Stakes, error: TotalError, level: float) -> Estimate:
    chance = share * (1.0 - share) * stakes.margin_minor**2 + share * stakes.variance
    return group_total(share * stakes.margin_minor, chance, error, level)
