"""Rules that any learner has to beat: always the same, time since the last purchase, RFM ranks, BG/NBD.

Each gives a raw churn probability per customer, shape (n_customers,), later calibrated like the learner's own, so that
only their knowledge differs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from liuke.predict.clv import BgNbd, PurchaseSummary

FloatArray = npt.NDArray[np.float64]

# Four parameters are known well enough from so many customers; the fit's time grows with them.
BG_NBD_CUSTOMERS = 5_000

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


def fit_bg_nbd(summary: PurchaseSummary) -> BgNbd:
    """Fit BG/NBD, in days, on those who had bought by the moment: on every k-th of them where there are many.

    Ids are hashes, so every k-th by id is a random sample that is the same in every run.
    """
    step = max(len(summary) // BG_NBD_CUSTOMERS, 1)
    return BgNbd().fit(summary.frequency[::step], summary.recency_days[::step], summary.T_days[::step])


def bg_nbd(summary: PurchaseSummary, model: BgNbd, horizon_days: int) -> FloatArray:
    """Return BG/NBD's probability of no purchase within the horizon."""
    silence: FloatArray = model.probability_no_purchase(
        horizon_days, summary.frequency, summary.recency_days, summary.T_days
    )
    return silence


def _ranks(values: FloatArray) -> FloatArray:
    ranks: FloatArray = (rankdata(values) - 0.5) / max(values.size, 1)
    return ranks
