"""Rules that any learner has to beat: always the same, time since the last purchase, RFM ranks, BG/NBD.

Each gives a raw churn probability per customer, shape (n_customers,), later calibrated like the learner's own, so that
only their knowledge differs. BG/NBD comes from :mod:`liuke.predict.churn.models.rhythm`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from liuke.predict.clv import PurchaseSummary

FloatArray = npt.NDArray[np.float64]

MAJORITY, RECENCY, RFM, BG_NBD = "majority", "recency", "rfm", "bg_nbd"


def majority(n: int) -> FloatArray:
    """Say the same of everyone; calibration turns it into the base rate."""
    return np.full(n, 0.5)


def recency(summary: PurchaseSummary, horizon_days: int) -> FloatArray:
    """Churn risk grows with the days since the last purchase: ``d / (d + horizon)``."""
    since = summary.since_last_days
    risk: FloatArray = since / (since + horizon_days)
    return risk


def rfm(summary: PurchaseSummary) -> FloatArray:
    """One minus the mean of the ranks (0 to 1) of recency, frequency and margin."""
    ranks = [
        _ranks(-summary.since_last_days),
        _ranks(summary.frequency),
        _ranks(summary.mean_margin_minor * (summary.frequency + 1)),
    ]
    risk: FloatArray = np.clip(1.0 - np.mean(ranks, axis=0), 0.01, 0.99)
    return risk


def _ranks(values: FloatArray) -> FloatArray:
    ranks: FloatArray = (rankdata(values) - 0.5) / max(values.size, 1)
    return ranks
