"""How often will a customer buy again, and what will it bring?"""

from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.errors import PurchaseSummaryError
from liuke.predict.clv.margin import MarginModel, expected_margin_if_staying
from liuke.predict.clv.models.base import PurchaseModel
from liuke.predict.clv.models.bg_nbd import BgNbd
from liuke.predict.clv.models.gamma_gamma import GammaGamma
from liuke.predict.clv.models.mbg_nbd import MbgNbd
from liuke.predict.clv.models.pareto_nbd import ParetoNbd
from liuke.predict.clv.summaries import summarise
from liuke.predict.clv.value import lifetime_value, log_parameter_covariance, total_value

__all__ = [
    "BgNbd",
    "GammaGamma",
    "MarginModel",
    "MbgNbd",
    "ParetoNbd",
    "PurchaseModel",
    "PurchaseSummary",
    "PurchaseSummaryError",
    "expected_margin_if_staying",
    "lifetime_value",
    "log_parameter_covariance",
    "summarise",
    "total_value",
]
