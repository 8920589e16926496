"""Use cases of customer value: judge the models, compute a day's values."""

from __future__ import annotations

from contextlib import closing, nullcontext
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import Estimate, NotEnoughData
from liuke.kernel.shop import ShopProfile
from liuke.predict.clv.config import ValueSettings
from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.judging import (
    Predictions,
    add_covariates,
    fit_covariates,
    fit_purchase_model,
    predict_all,
    train_cutoffs,
)
from liuke.predict.clv.margin import MarginModel
from liuke.predict.clv.models.base import PurchaseModel
from liuke.predict.clv.models.bg_nbd import BgNbd
from liuke.predict.clv.outcomes import ValueOutcomes, read_value_outcomes
from liuke.predict.clv.ports import Covariates, Moment, Past
from liuke.predict.clv.report import BASELINE, COVARIATES, ValueReport
from liuke.predict.clv.summaries import summarise
from liuke.predict.clv.tables import CUSTOMER_VALUES
from liuke.predict.clv.value import lifetime_value
from liuke.predict.evaluation import judge_amounts, rmse_gain
from liuke.store.lake import Lake

# Draws per customer behind the interval of one customer; its ends are quantiles of so many.
DRAWS = 60
CHUNK = 50_000

_VALUES = pa.schema(
    [
        ("as_of", pa.date32()),
        ("customer_id", pa.int64()),
        ("horizon_days", pa.int32()),
        ("expected_purchases", pa.float64()),
        ("value_minor", pa.int64()),
        ("low_minor", pa.int64()),
        ("high_minor", pa.int64()),
    ]
)


class ValueService:
    """Computes and judges customer lifetime value for one shop.

    Parameters
    ----------
    history : Past
        Opens moments of the shop's past.
    lake : Lake
        Where ``customer_values`` is written.
    shop : ShopProfile
    settings : ValueSettings
    covariates : Covariates, optional
        What the covariate model reads; without it that model is left out.
    """

    def __init__(
        self,
        history: Past,
        lake: Lake,
        shop: ShopProfile,
        settings: ValueSettings,
        covariates: Covariates | None = None,
    ) -> None:
        self._history = history
        self._lake = lake
        self._shop = shop
        self._settings = settings
        self._covariates = covariates

    def run(self, as_of: date, rng_seed: int = 0, moment: Moment | None = None) -> pa.Table | NotEnoughData:
        """Compute every buyer's value and write ``customer_values`` of the day.

        Returns
        -------
        pyarrow.Table or NotEnoughData
            Rows of ``customer_values`` ordered by customer; none are written without enough repeat buyers.
        """
        with nullcontext(moment) if moment is not None else closing(self._history.at(as_of)) as here:
            summary = summarise(here)
        short = self._too_few(summary)
        rows = _VALUES.empty_table() if short else self._values(summary, as_of, np.random.default_rng(rng_seed))
        self._lake.ensure(CUSTOMER_VALUES)
        self._lake.overwrite(CUSTOMER_VALUES.name, rows, {"as_of": as_of}, f"clv:{as_of}", {})
        return short or rows

    def evaluate(
        self,
        as_of: date,
        horizon_days: int | None = None,
        rng_seed: int = 0,
        num_threads: int = 2,
        progress: Progress | None = None,
    ) -> ValueReport | NotEnoughData:
        """Judge all models by the last ``horizon_days`` before a day.

        Parameters
        ----------
        as_of : date
            Nothing of this day or later is used.
        horizon_days : int, optional
            Default: the second half of the history, at most the horizon of the settings.
        rng_seed : int
            Of the learner and of the bootstrap.
        """
        progress = progress or SilentProgress()
        days = self._history.days()
        if days is None or (as_of - days[0]).days < 2:
            return _no_history()
        horizon = horizon_days or min(self._settings.horizon_days, (as_of - days[0]).days // 2)
        cutoff = as_of - timedelta(days=horizon)
        with closing(self._history.at(cutoff)) as moment, closing(self._history.at(as_of)) as later:
            summary = summarise(moment)
            short = self._too_few(summary)
            if short:
                return short
            progress.start("value: models", 1)
            predictions = predict_all(summary, horizon)
            progress.finish()
            note = self._learn(moment, summary, predictions, days[0], horizon, rng_seed, num_threads, progress)
            outcomes = read_value_outcomes(later, summary.customer_id, cutoff, horizon)
        return self._report(as_of, cutoff, horizon, summary, predictions, outcomes, note, rng_seed)

    def _learn(
        self,
        moment: Moment,
        summary: PurchaseSummary,
        predictions: Predictions,
        first_day: date,
        horizon: int,
        seed: int,
        num_threads: int,
        progress: Progress,
    ) -> str:
        """Add the covariate model's prediction; say what it learnt from, or why there is none."""
        if self._covariates is None:
            return "No covariates were given."
        length, cutoffs = train_cutoffs(first_day, moment.as_of, horizon)
        if not cutoffs:
            return f"Covariates: {(moment.as_of - first_day).days} days before the cutoff are too few to learn from."
        learnt = fit_covariates(self._history, moment, self._covariates, cutoffs, length, seed, num_threads, progress)
        if learnt is None:
            return "Covariates: too few buyers in the past periods to learn from."
        features, names = self._covariates(moment, summary.customer_id)
        add_covariates(predictions, learnt, summary, features, horizon)
        return (
            f"Covariates: {len(names)} features, learnt on {len(cutoffs)} period(s) of {length} days "
            f"({learnt.n_customers_:,} customers, {learnt.n_buyers_:,} buyers) from {cutoffs[0]}."
        )

    def _report(
        self,
        as_of: date,
        cutoff: date,
        horizon: int,
        summary: PurchaseSummary,
        predictions: Predictions,
        outcomes: ValueOutcomes,
        note: str,
        seed: int,
    ) -> ValueReport:
        rng = np.random.default_rng(seed)
        gain: Estimate | None = None
        if COVARIATES in predictions.margin:
            gain = rmse_gain(outcomes.margin_minor, predictions.margin[COVARIATES], predictions.margin[BASELINE], rng)
        return ValueReport(
            as_of=as_of,
            cutoff=cutoff,
            horizon_days=horizon,
            n_customers=len(summary),
            n_repeat=int((summary.frequency > 0).sum()),
            currency=self._shop.currency,
            purchases=tuple(
                judge_amounts(name, outcomes.purchases, of, rng) for name, of in predictions.purchases.items()
            ),
            margin=tuple(
                judge_amounts(name, outcomes.margin_minor, of, rng) for name, of in predictions.margin.items()
            ),
            covariate_gain=gain,
            covariate_note=note,
        )

    def _too_few(self, summary: PurchaseSummary) -> NotEnoughData | None:
        repeat, need = int((summary.frequency > 0).sum()), self._settings.min_buyers
        if repeat >= need:
            return None
        buyers = len(summary)
        return NotEnoughData(
            reason_zh=f"数据不足,无法计算客户价值:{buyers:,} 位买家中只有 {repeat} 位在两天或以上购买过,"
            f"至少需要 {need} 位",
            reason_en=f"not enough data for customer value: only {repeat} of {buyers:,} buyers bought on two days or "
            f"more; {need} are needed",
            have=repeat,
            need=need,
        )

    def _values(self, summary: PurchaseSummary, as_of: date, rng: np.random.Generator) -> pa.Table:
        horizon, discount = self._settings.horizon_days, self._settings.annual_discount
        purchases = fit_purchase_model(BgNbd, summary)
        margin = MarginModel.fit(summary).per_purchase_day(summary)
        value = lifetime_value(summary, purchases, margin, horizon, discount)
        expected = purchases.conditional_expected_purchases(
            float(horizon), summary.frequency, summary.recency_days, summary.T_days
        )
        per_purchase = np.divide(value, expected, out=np.zeros_like(value), where=expected > 0)
        low, high = _interval(purchases, summary, horizon, self._settings.level, rng)
        columns = [
            pa.array([as_of] * len(summary), pa.date32()),
            pa.array(summary.customer_id),
            pa.array(np.full(len(summary), horizon, dtype=np.int32)),
            pa.array(expected),
            *(
                pa.array(np.rint(amount).astype(np.int64))
                for amount in (value, low * per_purchase, high * per_purchase)
            ),
        ]
        return pa.table(columns, schema=_VALUES)


def _interval(
    purchases: PurchaseModel, summary: PurchaseSummary, horizon: int, level: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the quantiles of each customer's number of purchases, chunk by chunk to bound the memory."""
    low, high = np.empty(len(summary)), np.empty(len(summary))
    for start in range(0, len(summary), CHUNK):
        part = slice(start, start + CHUNK)
        history = (summary.frequency[part], summary.recency_days[part], summary.T_days[part])
        drawn = np.stack([purchases.simulate(rng, float(horizon), *history) for _ in range(DRAWS)])
        low[part], high[part] = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _no_history() -> NotEnoughData:
    return NotEnoughData("数据不足,无法计算客户价值:没有已付订单", "not enough data: there are no paid orders", 0, 1)
