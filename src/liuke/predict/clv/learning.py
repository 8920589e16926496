"""Past periods: what was known at their start, what came of it, and what covariates learn from that."""

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
from liuke.predict.clv.models.mbg_nbd import MbgNbd
from liuke.predict.clv.models.pareto_nbd import ParetoNbd
from liuke.predict.clv.outcomes import read_value_outcomes
from liuke.predict.clv.ports import Covariates, Moment, Past
from liuke.predict.clv.report import BASELINE
from liuke.predict.clv.summaries import summarise

FloatArray = npt.NDArray[np.float64]
ModelKind = type[BgNbd] | type[MbgNbd] | type[ParetoNbd]

PURCHASE_MODELS: dict[str, ModelKind] = {BASELINE: BgNbd, "mbg_nbd": MbgNbd, "pareto_nbd": ParetoNbd}

# Corrections need a period long enough to see purchases in, and at most so many past periods.
MIN_TRAIN_DAYS = 28
MAX_TRAIN_ORIGINS = 3

# Four parameters are known well from so many customers. Pareto/NBD takes a hundred times as long per history where
# nobody leaves, so it is fitted on fewer, and left out of shops so large that a day's values would take minutes.
FIT_CUSTOMERS = 20_000
PARETO_FIT_CUSTOMERS = 5_000
PARETO_MAX_CUSTOMERS = 100_000


@dataclass(frozen=True)
class Period:
    """A past period.

    Attributes
    ----------
    start, days
        First day and length.
    summary, features, prior
        Customers as known at its start; ``features`` is None without covariates.
    known_early, known_now
        What each brought (purchases, margin in minor units), as known at the start of the last period, and by now.
    """

    start: date
    days: int
    summary: PurchaseSummary
    features: FloatArray | None
    prior: PurchasePrior
    known_early: tuple[FloatArray, FloatArray]
    known_now: tuple[FloatArray, FloatArray]


def fit_purchase_model(kind: ModelKind, summary: PurchaseSummary) -> PurchaseModel:
    """Fit a model in days: on every k-th customer where there are many (ids are hashes, so that is a random sample)."""
    step = max(len(summary) // (PARETO_FIT_CUSTOMERS if kind is ParetoNbd else FIT_CUSTOMERS), 1)
    return kind().fit(summary.frequency[::step], summary.recency_days[::step], summary.T_days[::step])


def candidates(summary: PurchaseSummary) -> dict[str, ModelKind]:
    """Return the purchase models that a shop of this size can use."""
    large = len(summary) > PARETO_MAX_CUSTOMERS
    return {name: kind for name, kind in PURCHASE_MODELS.items() if not (large and kind is ParetoNbd)}


def prior_of(summary: PurchaseSummary, purchases: PurchaseModel, margins: MarginModel, days: int) -> PurchasePrior:
    """Return what the purchase model says of each customer for the next ``days``."""
    silent = purchases.probability_no_purchase(days, summary.frequency, summary.recency_days, summary.T_days)
    return PurchasePrior(1.0 - silent, expected_margin_if_staying(summary, purchases, margins, days))


def train_cutoffs(first_day: date, cutoff: date, horizon_days: int) -> tuple[int, tuple[date, ...]]:
    """Place past periods to learn from, back from a day: none reaches beyond it.

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


def read_periods(
    past: Past,
    known: Moment,
    covariates: Covariates | None,
    cutoffs: Sequence[date],
    days: int,
    progress: Progress,
) -> tuple[tuple[Period, ...], tuple[str, ...]]:
    """Read past periods, whose outcomes are as they were known at ``known``; periods without buyers are left out.

    Returns
    -------
    tuple of Period, tuple of str
        Oldest first; names of the features.
    """
    progress.start("value: past periods", len(cutoffs))
    names: tuple[str, ...] = ()
    periods: list[Period] = []
    with closing(past.at(cutoffs[-1])) as last:
        for cutoff in cutoffs:
            with closing(past.at(cutoff)) as moment:
                summary = summarise(moment)
                if len(summary):
                    features = None
                    if covariates is not None:
                        features, names = covariates(moment, summary.customer_id)
                    prior = prior_of(summary, fit_purchase_model(BgNbd, summary), MarginModel.fit(summary), days)
                    now = read_value_outcomes(known, summary.customer_id, cutoff, days)
                    early = now
                    if features is not None and cutoff < last.as_of:
                        early = read_value_outcomes(last, summary.customer_id, cutoff, days)
                    pairs = ((one.purchases, one.margin_minor) for one in (early, now))
                    periods.append(Period(cutoff, days, summary, features, prior, *pairs))
            progress.advance()
    progress.finish()
    return tuple(periods), names


def fit_covariates(
    periods: Sequence[Period], seed: int, num_threads: int, *, early: bool = False
) -> CovariateValue | None:
    """Learn corrections from past periods.

    Parameters
    ----------
    early : bool
        Use outcomes as they were known at the start of the last period: to be judged on that one.

    Returns
    -------
    CovariateValue or None
        None without features, or with too few buyers.
    """
    featured = [(one, one.features) for one in periods if one.features is not None]
    if not featured:
        return None
    outcomes = [one.known_early if early else one.known_now for one, _ in featured]
    bought, margin = (np.concatenate([outcome[i] for outcome in outcomes]) for i in (0, 1))
    if ((bought > 0) & (margin > 0)).sum() < MIN_BUYERS:
        return None
    prior = PurchasePrior(
        np.concatenate([one.prior.buys for one, _ in featured]),
        np.concatenate([one.prior.margin_if_buys for one, _ in featured]),
    )
    return CovariateValue(seed, num_threads).fit(np.concatenate([f for _, f in featured]), prior, bought, margin)
