"""May this person be contacted on this channel for this purpose? The ledger that answers, and who must never be."""

from liuke.collect.consent.contracts import ANY_CHANNEL, ConsentRecord, Purpose
from liuke.collect.consent.errors import ConsentError
from liuke.collect.consent.ledger import ConsentLedger
from liuke.collect.consent.spelling import NO_EVENTS, NO_STATUSES, answer_sql, channel_sql, no_sql, purpose_sql, says_no
from liuke.collect.consent.suppression import SuppressionList
from liuke.collect.consent.tables import consents, suppressions

__all__ = [
    "ANY_CHANNEL",
    "NO_EVENTS",
    "NO_STATUSES",
    "ConsentError",
    "ConsentLedger",
    "ConsentRecord",
    "Purpose",
    "SuppressionList",
    "answer_sql",
    "channel_sql",
    "consents",
    "no_sql",
    "purpose_sql",
    "says_no",
    "suppressions",
]
