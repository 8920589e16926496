"""Judges every value model by a period that came after all that it knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.predict.clv.baselines import past_rate, rfm_means
from liuke.predict.clv.choosing import Chosen, name_of
from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.learning import candidates, fit_purchase_model, prior_of
from liuke.predict.clv.margin import MarginModel, expected_margin_if_staying
from liuke.predict.clv.models.base import PurchaseModel
from liuke.predict.clv.models.bg_nbd import BgNbd
from liuke.predict.clv.outcomes import ValueOutcomes
from liuke.predict.clv.report import BASELINE, COVARIATES, NOBODY, RATE, RFM, IntervalCheck
from liuke.predict.clv.risk import Stakes, value_at_risk, value_kept
from liuke.predict.clv.spending import GAMMA_GAMMA, margin_per_day
from liuke.predict.clv.valuing import ValuedCustomers

FloatArray = npt.NDArray[np.float64]

# Groups drawn by chance on which totals are checked: as large as a segment that somebody would act on.
GROUP_SIZE = 200
MIN_GROUPS, MAX_GROUPS = 5, 200


@dataclass(frozen=True)
class Predictions:
    """Predicted amounts by model; arrays of shape (n_customers,)."""

    purchases: dict[str, FloatArray]
    margin: dict[str, FloatArray]


def predict_all(
    summary: PurchaseSummary, horizon_days: int, chosen: Chosen, features: FloatArray | None
) -> Predictions:
    """Predict purchases and margin of the horizon by every model and every baseline."""
    history = (summary.frequency, summary.recency_days, summary.T_days)
    margins = MarginModel.fit(summary)
    per_day = margins.per_purchase_day(summary)
    rate, nothing = past_rate(summary, horizon_days), np.zeros(len(summary))
    purchases = {NOBODY: nothing, RATE: rate}
    margin = {NOBODY: nothing, RATE: rate * np.maximum(summary.mean_margin_minor, 0.0)}
    if chosen.last is not None:
        last = chosen.last
        bought, brought = last.known_now
        purchases[RFM] = rfm_means(last.summary, bought, summary, horizon_days, last.days)
        margin[RFM] = rfm_means(last.summary, brought, summary, horizon_days, last.days)
    fitted: dict[str, PurchaseModel] = {}
    follow = margin_per_day(GAMMA_GAMMA, summary, margins)
    for name, kind in candidates(summary).items():
        fitted[name] = fit_purchase_model(kind, summary)
        purchases[name] = fitted[name].conditional_expected_purchases(float(horizon_days), *history)
        margin[name] = purchases[name] * per_day
        margin[name_of(name, GAMMA_GAMMA)] = purchases[name] * follow
    if chosen.learnt is not None and features is not None:
        margin[COVARIATES] = chosen.learnt.predict(features, prior_of(summary, fitted[BASELINE], margins, horizon_days))
    return Predictions(purchases, margin)


def check_intervals(
    valued: ValuedCustomers, outcomes: ValueOutcomes, horizon_days: int, level: float, rng: np.random.Generator
) -> IntervalCheck:
    """Count how often intervals made at the cutoff hold what came after it."""
    summary, error = valued.summary, valued.choice.total_error
    actual, stayed = outcomes.margin_minor, outcomes.purchases > 0
    bg_nbd = fit_purchase_model(BgNbd, summary)
    history = (summary.frequency, summary.recency_days, summary.T_days)
    churn = bg_nbd.probability_no_purchase(float(horizon_days), *history)
    margin = expected_margin_if_staying(summary, bg_nbd, valued.margins, horizon_days)
    stakes = Stakes.of(summary, churn, margin, bg_nbd, valued.margins, horizon_days, rng)
    n = len(summary)
    n_groups = int(np.clip(n // GROUP_SIZE, MIN_GROUPS, MAX_GROUPS))
    hits: list[tuple[bool, bool, bool]] = []
    for members in np.array_split(rng.permutation(n), n_groups):
        own = stakes.take(members)
        came, gone = float(actual[members].sum()), float((~stayed[members] * margin[members]).sum())
        estimates = (valued.total(members, level), value_kept(own, error, level), value_at_risk(own, error, level))
        ends = zip(estimates, (came, came, gone), strict=True)
        groups, kept, left = (one.low <= what <= one.high for one, what in ends)
        hits.append((groups, kept, left))
    shares = np.array(hits, dtype=float).mean(axis=0)
    inside = (valued.low_minor <= actual + 0.5) & (actual - 0.5 <= valued.high_minor)
    return IntervalCheck(
        level=level,
        customers=float(inside.mean()),
        groups=float(shares[0]),
        kept=float(shares[1]),
        left=float(shares[2]),
        n_groups=n_groups,
        group_size=n // n_groups,
        total=valued.total(np.arange(n), level),
        actual=float(actual.sum()),
    )
