"""The purchase history of each customer in the few numbers that purchase models need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class PurchaseSummary:
    """One row per customer who has bought, ordered by ``customer_id``; all arrays have shape (n_customers,).

    Attributes
    ----------
    customer_id : int64
    frequency : float64
        Days with a purchase minus one.
    recency_days, T_days : float64
        From first to last purchase day, and from first purchase day to the moment.
    since_last_days : float64
        From last purchase day to the moment, at least 1.
    mean_margin_minor : float64
        Margin per day with a purchase, minor units; may be negative.
    """

    customer_id: npt.NDArray[np.int64]
    frequency: npt.NDArray[np.float64]
    recency_days: npt.NDArray[np.float64]
    T_days: npt.NDArray[np.float64]
    mean_margin_minor: npt.NDArray[np.float64]

    @property
    def since_last_days(self) -> npt.NDArray[np.float64]:
        """Days from the last purchase to the moment."""
        return self.T_days - self.recency_days

    def __len__(self) -> int:
        return int(self.customer_id.size)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> PurchaseSummary:
        """Return the chosen customers, by mask or by position."""
        return PurchaseSummary(
            self.customer_id[chosen],
            self.frequency[chosen],
            self.recency_days[chosen],
            self.T_days[chosen],
            self.mean_margin_minor[chosen],
        )
