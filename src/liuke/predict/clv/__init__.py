"""How often will a customer buy again, and what will it bring?"""

from liuke.predict.clv.config import ValueSettings
from liuke.predict.clv.contracts import ModelChoice, PurchaseSummary, TotalError
from liuke.predict.clv.errors import PurchaseSummaryError
from liuke.predict.clv.margin import MarginModel, expected_margin_if_staying
from liuke.predict.clv.models.base import PurchaseModel
from liuke.predict.clv.models.bg_nbd import BgNbd
from liuke.predict.clv.models.gamma_gamma import GammaGamma
from liuke.predict.clv.models.mbg_nbd import MbgNbd
from liuke.predict.clv.models.pareto_nbd import ParetoNbd
from liuke.predict.clv.report import COVARIATES, NAIVE, IntervalCheck, ValueReport
from liuke.predict.clv.risk import Stakes, value_at_risk, value_kept
from liuke.predict.clv.service import ValueRun, ValueService
from liuke.predict.clv.summaries import summarise
from liuke.predict.clv.tables import CUSTOMER_VALUES, GROUP_VALUES
from liuke.predict.clv.value import lifetime_value, log_parameter_covariance, total_value
from liuke.predict.clv.valuing import ValuedCustomers, value_customers

__all__ = [
    "COVARIATES",
    "CUSTOMER_VALUES",
    "GROUP_VALUES",
    "NAIVE",
    "BgNbd",
    "GammaGamma",
    "IntervalCheck",
    "MarginModel",
    "MbgNbd",
    "ModelChoice",
    "ParetoNbd",
    "PurchaseModel",
    "PurchaseSummary",
    "PurchaseSummaryError",
    "Stakes",
    "TotalError",
    "ValueReport",
    "ValueRun",
    "ValueService",
    "ValueSettings",
    "ValuedCustomers",
    "expected_margin_if_staying",
    "lifetime_value",
    "log_parameter_covariance",
    "summarise",
    "total_value",
    "value_at_risk",
    "value_customers",
    "value_kept",
]
