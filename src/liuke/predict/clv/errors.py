"""What can be wrong with the data handed to a purchase-count model."""

from __future__ import annotations

from liuke.kernel.errors import DataError


class PurchaseSummaryError(DataError):
    """Frequency, recency and T of some customers cannot all be true."""
