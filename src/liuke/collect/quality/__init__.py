"""Quarantine: rows that could not be loaded, each with its reason, until they are released."""

from liuke.collect.quality.contracts import QuarantineCount, QuarantinedRow, Selection
from liuke.collect.quality.quarantine import Quarantine
from liuke.collect.quality.reasons import Reason, because, told
from liuke.collect.quality.tables import quarantine

__all__ = [
    "Quarantine",
    "QuarantineCount",
    "QuarantinedRow",
    "Reason",
    "Selection",
    "because",
    "quarantine",
    "told",
]
