"""Fits every value model on what was known at a cutoff and judges it by what came."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from liuke.kernel.progress import Progress
from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.margin import MarginModel, expected_margin_if_staying
from liuke.predict.clv.models.base import PurchaseModel
from liuke.predict.clv.models.bg_nbd import BgNbd
from liuke.predict.clv.models.covariates import MIN_BUYERS, CovariateValue, PurchasePrior
from liuke.predict.clv.models.gamma_gamma import GammaGamma
from liuke.predict.clv.models.mbg_nbd import MbgNbd
from liuke.predict.clv.models.pareto_nbd import ParetoNbd
from liuke.predict.clv.outcomes import ValueOutcomes, read_value_outcomes
from liuke.predict.clv.ports import Covariates, Moment, Past
from liuke.predict.clv.report import BASELINE, COVARIATES, NOBODY, RATE
from liuke.predict.clv.summaries import summarise

FloatArray = npt.NDArray[np.float64]

PURCHASE_MODELS: tuple[tuple[str, type[BgNbd] | type[MbgNbd] | type[ParetoNbd]], ...] = (
    (BASELINE, BgNbd),
    ("mbg_nbd", MbgNbd),
    ("pareto_nbd", ParetoNbd),
)

# Corrections need a period long enough to see purchases in, and at most so many past periods.
MIN_TRAIN_DAYS = 28
MAX_TRAIN_ORIGINS = 3

# The slowest model's time grows with the different histories; four parameters are known well from so many customers.
FIT_CUSTOMERS = 20_000


@dataclass(frozen=True)
class Predictions:
    """Predicted amounts by model; arrays of shape (n_customers,)."""

    purchases: dict[str, FloatArray]
    margin: dict[str, FloatArray]


def fit_purchase_model(kind: type[BgNbd] | type[MbgNbd] | type[ParetoNbd], summary: PurchaseSummary) -> PurchaseModel:
    """Fit a model in days: on every k-th customer where there are many (ids are hashes, so that is a random sample)."""
    step = max(len(summary) // FIT_CUSTOMERS, 1)
    return kind().fit(summary.frequency[::step], summary.recency_days[::step], summary.T_days[::step])


def predict_all(summary: PurchaseSummary, horizon_days: int) -> Predictions:
    """Predict purchases and margin of the horizon by every model that needs no covariates."""
    history = (summary.frequency, summary.recency_days, summary.T_days)
    margins = MarginModel.fit(summary)
    per_day = margins.per_purchase_day(summary)
    rate = (summary.frequency + 1.0) / np.maximum(summary.T_days, 1.0) * horizon_days
    nothing = np.zeros(len(summary))
    purchases = {NOBODY: nothing, RATE: rate}
    margin = {NOBODY: nothing, RATE: rate * np.maximum(summary.mean_margin_minor, 0.0)}
    for name, kind in PURCHASE_MODELS:
        expected = fit_purchase_model(kind, summary).conditional_expected_purchases(float(horizon_days), *history)
        purchases[name] = expected
        margin[name] = expected * per_day
    earned = summary.mean_margin_minor > 0
    if earned.sum() >= MIN_BUYERS:
        days = summary.frequency + 1.0
        spend = GammaGamma().fit(days[earned], summary.mean_margin_minor[earned])
        each = spend.expected_spend(np.where(earned, days, 0.0), np.where(earned, summary.mean_margin_minor, 0.0))
        margin[f"{BASELINE} + gamma-gamma"] = purchases[BASELINE] * np.nan_to_num(each, nan=margins.mean_minor)
    return Predictions(purchases, margin)


def prior_of(summary: PurchaseSummary, purchases: PurchaseModel, margins: MarginModel, days: int) -> PurchasePrior:
    """Return what the purchase model says of each customer for the next ``days``."""
    silent = purchases.probability_no_purchase(days, summary.frequency, summary.recency_days, summary.T_days)
    return PurchasePrior(1.0 - silent, expected_margin_if_staying(summary, purchases, margins, days))


def train_cutoffs(first_day: date, cutoff: date, horizon_days: int) -> tuple[int, tuple[date, ...]]:
    """Place past periods to learn corrections from: none reaches into the judged one.

    Returns
    -------
    int, tuple of date
        Their length in days and their first days, oldest first; none if the history is too short.
    """
    history = (cutoff - first_day).days
    length = min(horizon_days, history // 3)
    if length < MIN_TRAIN_DAYS:
        return length, ()
    count = min((history - length) // length, MAX_TRAIN_ORIGINS)
    return length, tuple(cutoff - timedelta(days=length * back) for back in range(count, 0, -1))


def fit_covariates(
    past: Past,
    known: Moment,
    covariates: Covariates,
    cutoffs: Sequence[date],
    days: int,
    seed: int,
    num_threads: int,
    progress: Progress,
) -> CovariateValue | None:
    """Learn corrections from past periods, whose outcomes are read as they were known at the cutoff.

    Returns
    -------
    CovariateValue or None
        None with too few buyers.
    """
    progress.start("value: past periods", len(cutoffs))
    parts: list[tuple[FloatArray, PurchasePrior, ValueOutcomes]] = []
    for cutoff in cutoffs:
        with closing(past.at(cutoff)) as moment:
            summary = summarise(moment)
            if len(summary):
                features, _ = covariates(moment, summary.customer_id)
                prior = prior_of(summary, fit_purchase_model(BgNbd, summary), MarginModel.fit(summary), days)
                parts.append((features, prior, read_value_outcomes(known, summary.customer_id, cutoff, days)))
        progress.advance()
    progress.finish()
    if not parts:
        return None
    features = np.concatenate([part[0] for part in parts])
    prior = PurchasePrior(
        np.concatenate([part[1].buys for part in parts]), np.concatenate([part[1].margin_if_buys for part in parts])
    )
    bought = np.concatenate([part[2].purchases for part in parts])
    margin = np.concatenate([part[2].margin_minor for part in parts])
    if ((bought > 0) & (margin > 0)).sum() < MIN_BUYERS:
        return None
    return CovariateValue(seed, num_threads).fit(features, prior, bought, margin)


def add_covariates(
    predictions: Predictions, learnt: CovariateValue, summary: PurchaseSummary, features: FloatArray, horizon_days: int
) -> None:
    """Add the corrected margin to the predictions."""
    purchases, margins = fit_purchase_model(BgNbd, summary), MarginModel.fit(summary)
    prior = prior_of(summary, purchases, margins, horizon_days)
    predictions.margin[COVARIATES] = learnt.predict(features, prior)
