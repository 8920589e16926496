"""What needs no model: nobody buys, the past rate goes on, and what customers alike brought in the last full period."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from liuke.predict.clv.contracts import PurchaseSummary

FloatArray = npt.NDArray[np.float64]

# Fifths of recency, frequency and margin, as shops cut them; a cell with fewer customers takes the next coarser mean.
FIFTHS = (0.2, 0.4, 0.6, 0.8)
MIN_CELL = 20


def past_rate(summary: PurchaseSummary, horizon_days: int) -> FloatArray:
    """Return purchases in the horizon if each customer went on as since their first purchase."""
    rate: FloatArray = (summary.frequency + 1.0) / np.maximum(summary.T_days, 1.0) * horizon_days
    return rate


def rfm_means(
    then: PurchaseSummary, brought: FloatArray, now: PurchaseSummary, horizon_days: int, period_days: int
) -> FloatArray:
    """Return what customers of the same RFM cell brought on average in a past period, scaled to the horizon.

    Parameters
    ----------
    then, brought
        Customers at the start of the past period, and what each brought in it.
    now : PurchaseSummary
        Customers to predict.
    """
    edges = [np.quantile(values, FIFTHS) for values in _rfm(then)]

    def cells(summary: PurchaseSummary) -> list[npt.NDArray[np.intp]]:
        r, f, m = (
            np.searchsorted(edge, values, side="left") for edge, values in zip(edges, _rfm(summary), strict=True)
        )
        return [np.zeros_like(r), r * 5 + f, (r * 5 + f) * 5 + m]

    predicted = np.zeros(len(now))
    for old, new in zip(cells(then), cells(now), strict=True):
        size = int(max(old.max(initial=0), new.max(initial=0))) + 1
        counts = np.bincount(old, minlength=size)
        means = np.bincount(old, weights=brought, minlength=size) / np.maximum(counts, 1)
        enough = counts >= (MIN_CELL if size > 1 else 1)
        predicted = np.where(enough[new], means[new], predicted)
    return predicted * horizon_days / period_days


def _rfm(summary: PurchaseSummary) -> tuple[FloatArray, FloatArray, FloatArray]:
    return summary.since_last_days, summary.frequency, summary.mean_margin_minor
