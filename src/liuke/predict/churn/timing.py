"""When will a customer buy again, not only whether within the horizon?

A survival curve per customer: BG/NBD gives its shape, the learner its height at the horizon. With S the curve of BG/NBD
and p the calibrated probability of churn, ``S*(t) = S(t)^g`` with ``g = log p / log S(H)``: proportional hazards, so
that both never contradict each other. Judged on the untouched period by the mean Brier score and by concordance; within
the horizon nobody's time is censored, at its end everybody's who hasn't bought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.predict.clv import PurchaseModel, PurchaseSummary
from liuke.predict.evaluation import auroc, brier_score

FloatArray = npt.NDArray[np.float64]

PARTS = 4  # the curve is read at a quarter, half, three quarters and all of the horizon

# A power outside this range would say that BG/NBD knows nothing of the customer.
POWERS = (0.02, 50.0)
SURELY = 1e-6


@dataclass(frozen=True)
class TimingReport:
    """How well the time of the next purchase is told.

    Attributes
    ----------
    days : tuple of int
        Where the curves are compared, last the horizon.
    silent : tuple of float
        Share of customers without a purchase by then, as it came.
    expected : tuple of float
        The same by the mean of the curves.
    brier, brier_bg_nbd, brier_same : float
        Mean Brier score over ``days`` of these curves, of BG/NBD's alone, and of one curve for everybody, which is the
        observed one: a bound that no rule without knowledge of the customer can beat.
    concordance : float
        Of two customers of whom one is seen to buy first, how often that one was given the lower risk; 0.5 is chance.
    """

    days: tuple[int, ...]
    silent: tuple[float, ...]
    expected: tuple[float, ...]
    brier: float
    brier_bg_nbd: float
    brier_same: float
    concordance: float


def grid(horizon_days: int) -> FloatArray:
    """Return the days at which curves are read, shape (4,)."""
    return np.round(horizon_days * np.arange(1, PARTS + 1) / PARTS)


def raw_curves(model: PurchaseModel, summary: PurchaseSummary, horizon_days: int) -> FloatArray:
    """Return a purchase model's chance of no purchase by each day of the grid, shape (n_customers, 4)."""
    history = (summary.frequency, summary.recency_days, summary.T_days)
    return np.column_stack([model.probability_no_purchase(day, *history) for day in grid(horizon_days)])


def curves(raw: FloatArray, churn: FloatArray) -> FloatArray:
    """Bend raw curves so that they end at the probability of churn, shape (n_customers, 4)."""
    kept = np.clip(raw, SURELY, 1 - SURELY)
    power = np.clip(np.log(np.clip(churn, SURELY, 1 - SURELY)) / np.log(kept[:, -1]), *POWERS)
    bent: FloatArray = kept ** power[:, None]
    bent[:, -1] = churn
    return np.minimum.accumulate(bent, axis=1)


def median_days(bent: FloatArray, horizon_days: int) -> FloatArray:
    """Return the days by which a purchase is as likely as not; NaN if not within the horizon.

    Between the days of the grid the logarithm of the curve is taken as straight: a constant hazard.
    """
    days = np.concatenate([[0.0], grid(horizon_days)])
    logs = np.log(np.clip(np.column_stack([np.ones(len(bent)), bent]), SURELY, 1.0))
    half = np.log(0.5)
    at = np.argmax(logs <= half, axis=1)
    row = np.arange(len(bent))
    before, after = logs[row, np.maximum(at - 1, 0)], logs[row, at]
    share = np.divide(before - half, before - after, out=np.zeros(len(bent)), where=before > after)
    found = days[np.maximum(at - 1, 0)] + share * (days[at] - days[np.maximum(at - 1, 0)])
    return np.where(at > 0, found, np.nan)


def judge_timing(
    raw: FloatArray, churn: FloatArray, days_to_purchase: FloatArray, horizon_days: int
) -> TimingReport | None:
    """Judge curves by the days that passed until the next purchase (NaN: none within the horizon)."""
    if not len(churn):
        return None
    bent = curves(raw, churn)
    days = grid(horizon_days)
    silent = [np.where(np.nan_to_num(days_to_purchase, nan=np.inf) >= day, 1.0, 0.0) for day in days]
    return TimingReport(
        days=tuple(int(day) for day in days),
        silent=tuple(float(one.mean()) for one in silent),
        expected=tuple(float(v) for v in bent.mean(axis=0)),
        brier=_mean_brier(silent, bent),
        brier_bg_nbd=_mean_brier(silent, raw),
        brier_same=float(np.mean([one.mean() * (1 - one.mean()) for one in silent])),
        concordance=_concordance(churn, days_to_purchase, horizon_days),
    )


def _mean_brier(silent: list[FloatArray], told: FloatArray) -> float:
    return float(np.mean([brier_score(one, told[:, k]) for k, one in enumerate(silent)]))


def _concordance(risk: FloatArray, days: FloatArray, horizon_days: int) -> float:
    """Return Harrell's C, from an AUROC per day on which somebody bought: buyers of that day against all later ones."""
    last = np.where(np.isnan(days), horizon_days + 1.0, days)
    pairs, right = 0.0, 0.0
    for day in np.unique(last[last <= horizon_days]):
        at_risk = last >= day
        first = last[at_risk] == day
        n = float(first.sum()) * float((~first).sum())
        if n:
            pairs += n
            right += n * auroc(~first, risk[at_risk])
    return right / pairs if pairs else float("nan")
