"""May this person be contacted on this channel for this purpose? The ledger that answers, and who must never be."""

from liuke.collect.consent.contracts import ANY_CHANNEL, ConsentRecord, Purpose
from liuke.collect.consent.errors import ConsentError
from liuke.collect.consent.ledger import ConsentLedger
from liuke.collect.consent.suppression import SuppressionList
from liuke.collect.consent.tables import consents, suppressions

__all__ = [
    "ANY_CHANNEL",
    "ConsentError",
    "ConsentLedger",
    "ConsentRecord",
    "Purpose",
    "SuppressionList",
    "consents",
    "suppressions",
]
