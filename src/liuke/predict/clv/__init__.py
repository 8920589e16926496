"""How often will a customer buy again, and what will it bring?"""

from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.errors import PurchaseSummaryError
from liuke.predict.clv.margin import MarginModel, expected_margin_if_staying
from liuke.predict.clv.models.bg_nbd import BgNbd
from liuke.predict.clv.summaries import summarise

__all__ = [
    "BgNbd",
    "MarginModel",
    "PurchaseSummary",
    "PurchaseSummaryError",
    "expected_margin_if_staying",
    "summarise",
]
