"""What crosses this room's door: purchase histories in a few numbers, and which model was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate


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


@dataclass(frozen=True)
class TotalError:
    """How far totals of the whole shop have missed so far, relative, beyond the chance of single customers.

    Attributes
    ----------
    sd : float
        0.15: a total is usually 15 % off, because a coming period is a different one (season, prices, campaigns).
    dof : float
        How sure that is, as degrees of freedom of a t distribution.
    n_periods : int
        Past periods that it was measured on.
    """

    sd: float
    dof: float
    n_periods: int


@dataclass(frozen=True)
class ModelChoice:
    """Which value model is used from a day on, and why.

    Attributes
    ----------
    as_of : date
        Nothing of this day or later was used.
    model : str
        The model that is used.
    purchases : str
        The purchase model behind expected purchases, intervals and, with covariates, what they correct.
    spend : str
        How a purchase day's margin is estimated: ``credibility`` or ``gamma-gamma``.
    period_days, judged_from : int, date or None
        The last full past period, on which models were compared; None where the history is too short for one.
    rmse_minor : dict of str to float
        Error of margin on that period, by model.
    gain : Estimate or None
        By how much covariates lowered it (paired bootstrap, minor units); None where they couldn't be tried.
    reason_zh, reason_en : str
    total_error : TotalError
    """

    as_of: date
    model: str
    purchases: str
    spend: str
    period_days: int
    judged_from: date | None
    rmse_minor: dict[str, float]
    gain: Estimate | None
    reason_zh: str
    reason_en: str
    total_error: TotalError
