"""Values of a moment's customers by the chosen model, with what each may bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.kernel.progress import Progress
from liuke.kernel.results import Estimate
from liuke.predict.clv.contracts import ModelChoice, PurchaseSummary
from liuke.predict.clv.intervals import customer_spread, group_total
from liuke.predict.clv.learning import PURCHASE_MODELS, fit_purchase_model, prior_of
from liuke.predict.clv.margin import MarginModel
from liuke.predict.clv.models.base import PurchaseModel
from liuke.predict.clv.models.bg_nbd import BgNbd
from liuke.predict.clv.models.covariates import CovariateValue
from liuke.predict.clv.spending import margin_per_day
from liuke.predict.clv.value import lifetime_value

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ValuedCustomers:
    """What customers are worth; arrays of shape (n_customers,), amounts in minor units.

    Attributes
    ----------
    summary, purchases, margins
        The histories, and the models fitted to them.
    expected_purchases, value_minor : float64
        Days with a purchase in the horizon; expected discounted margin.
    low_minor, high_minor, variance : float64
        What one such customer may bring. The value is a mean: where nearly all bring less and a few much more, it lies
        above the central interval of the draws, which then ends at the value.
    """

    summary: PurchaseSummary
    purchases: PurchaseModel
    margins: MarginModel
    choice: ModelChoice
    expected_purchases: FloatArray
    value_minor: FloatArray
    low_minor: FloatArray
    high_minor: FloatArray
    variance: FloatArray

    def total(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp], level: float) -> Estimate:
        """Return the value of the chosen customers together, with a prediction interval of what they may bring."""
        return group_total(self.value_minor[chosen], self.variance[chosen], self.choice.total_error, level)


def value_customers(
    summary: PurchaseSummary,
    choice: ModelChoice,
    corrections: tuple[CovariateValue, FloatArray] | None,
    horizon_days: int,
    annual_discount: float,
    level: float,
    seed: int,
    num_threads: int = 1,
    progress: Progress | None = None,
) -> ValuedCustomers:
    """Value customers as known at a moment.

    Parameters
    ----------
    corrections : tuple of CovariateValue and array, optional
        What covariates learnt, and the customers' features; None where a purchase model alone was chosen.
    """
    purchases = fit_purchase_model(PURCHASE_MODELS[choice.purchases], summary)
    margins = MarginModel.fit(summary)
    each = margins.per_purchase_day(summary)
    history = (summary.frequency, summary.recency_days, summary.T_days)
    expected = purchases.conditional_expected_purchases(float(horizon_days), *history)
    spend = margin_per_day(choice.spend, summary, margins)
    value = lifetime_value(summary, purchases, spend, horizon_days, annual_discount)
    plain = expected * each
    if corrections is not None:
        learnt, features = corrections
        bg_nbd = purchases if isinstance(purchases, BgNbd) else fit_purchase_model(BgNbd, summary)
        undiscounted = expected * spend
        discount = np.divide(value, undiscounted, out=np.ones_like(value), where=undiscounted > 0)
        value = learnt.predict(features, prior_of(summary, bg_nbd, margins, horizon_days)) * discount
    spread = customer_spread(summary, purchases, margins, horizon_days, level, seed, num_threads, progress)
    scale = np.divide(value, plain, out=np.zeros_like(value), where=plain > 0)
    return ValuedCustomers(
        summary, purchases, margins, choice, expected, value,
        np.minimum(spread.low * scale, value), np.maximum(spread.high * scale, value), spread.variance * scale**2,
    )  # fmt: skip
