"""Use cases of customer value: judge the models, compute a day's values, sum them up for groups."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import NotEnoughData
from liuke.kernel.shop import ShopProfile
from liuke.predict.clv.choosing import Chosen, choose
from liuke.predict.clv.config import ValueSettings
from liuke.predict.clv.contracts import ModelChoice, PurchaseSummary
from liuke.predict.clv.grouping import group_rows
from liuke.predict.clv.judging import check_intervals, predict_all
from liuke.predict.clv.outcomes import read_value_outcomes
from liuke.predict.clv.ports import Covariates, Moment, Past
from liuke.predict.clv.report import BASELINE, COVARIATES, ValueReport
from liuke.predict.clv.risk import Stakes
from liuke.predict.clv.storage import KeptModel, ValueModelStore
from liuke.predict.clv.summaries import priced, summarise
from liuke.predict.clv.tables import CUSTOMER_VALUES
from liuke.predict.clv.valuing import ValuedCustomers, value_customers
from liuke.predict.evaluation import judge_amounts, rmse_gain
from liuke.store.lake import Lake

FloatArray = npt.NDArray[np.float64]

# Of kept choices; one in another format is made again.
FORMAT = 1

# A shop's first days say nothing about what comes.
MIN_HISTORY_DAYS = 2

_VALUES = pa.schema(
    [
        ("as_of", pa.date32()),
        ("customer_id", pa.int64()),
        ("horizon_days", pa.int32()),
        ("expected_purchases", pa.float64()),
        ("value_minor", pa.int64()),
        ("low_minor", pa.int64()),
        ("high_minor", pa.int64()),
        ("model", pa.string()),
        ("margin_rate", pa.float64()),
    ]
)


@dataclass(frozen=True)
class ValueRun:
    """A day's values.

    Attributes
    ----------
    rows : pyarrow.Table
        As written to ``customer_values``, ordered by customer.
    valued : ValuedCustomers
        The same with what groups need.
    """

    rows: pa.Table
    valued: ValuedCustomers

    @property
    def choice(self) -> ModelChoice:
        """Which model was used, and why."""
        return self.valued.choice


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
    models_dir : Path
        The workspace's models folder; choices lie in ``clv/`` below it.
    covariates : Covariates, optional
        What the covariate model reads; without it that model is left out.
    num_threads : int
    """

    def __init__(
        self,
        history: Past,
        lake: Lake,
        shop: ShopProfile,
        settings: ValueSettings,
        models_dir: Path,
        covariates: Covariates | None = None,
        num_threads: int = 1,
    ) -> None:
        self._history = history
        self._lake = lake
        self._shop = shop
        self._settings = settings
        self._models = ValueModelStore(models_dir / "clv")
        self._covariates = covariates if settings.covariates else None
        self._threads = num_threads

    def run(
        self, as_of: date, rng_seed: int = 0, moment: Moment | None = None, progress: Progress | None = None
    ) -> ValueRun | NotEnoughData:
        """Compute every buyer's value and write ``customer_values`` of the day, after a new choice where one is due.

        Parameters
        ----------
        moment : Moment, optional
            An open moment of ``as_of``; it stays open.

        Returns
        -------
        ValueRun or NotEnoughData
            No rows are written without enough repeat buyers.
        """
        with nullcontext(moment) if moment is not None else closing(self._history.at(as_of)) as here:
            summary = summarise(here)
            found: ValueRun | NotEnoughData = self._unknown(here, summary) or self._run(
                here, summary, rng_seed, progress
            )
        rows = _VALUES.empty_table() if isinstance(found, NotEnoughData) else found.rows
        self._lake.ensure(CUSTOMER_VALUES)
        self._lake.overwrite(CUSTOMER_VALUES.name, rows, {"as_of": as_of}, f"clv:{as_of}", {})
        return found

    def choice(self, as_of: date) -> ModelChoice | None:
        """Return which model is used on a day, and why; None before the first values."""
        kept = self._models.latest(as_of, self._settings_hash)
        return kept.choice if kept is not None else None

    def groups(
        self,
        run: ValueRun,
        groups: Mapping[tuple[str, str], npt.NDArray[np.int64]],
        scores: pa.Table | None = None,
        rng_seed: int = 0,
    ) -> pa.Table:
        """Sum values and value at risk up for groups of customers.

        Parameters
        ----------
        groups : mapping of (grouping, group) to int64 array of customer ids
        scores : pyarrow.Table, optional
            ``customer_id``, ``probability``, ``horizon_days``, ``expected_margin_minor`` of the day; None or no rows:
            nobody is scored.

        Returns
        -------
        pyarrow.Table
            Rows of ``group_values``.
        """
        stakes, days = None, None
        if scores is not None and scores.num_rows:
            ids = np.asarray(scores["customer_id"], dtype=np.int64)
            order = np.argsort(ids)
            at = np.searchsorted(run.valued.summary.customer_id, ids[order])
            at = np.minimum(at, len(run.valued.summary) - 1)
            known = run.valued.summary.customer_id[at] == ids[order]
            churn = np.asarray(scores["probability"], dtype=np.float64)[order][known]
            margin = np.asarray(scores["expected_margin_minor"], dtype=np.float64)[order][known]
            days = int(scores["horizon_days"][0].as_py())
            summary, rng = run.valued.summary.take(at[known]), np.random.default_rng(rng_seed)
            stakes = Stakes.of(summary, churn, margin, run.valued.purchases, run.valued.margins, days, rng)
        return group_rows(run.valued, stakes, groups, self._settings.horizon_days, days, self._settings.level)

    def evaluate(
        self,
        as_of: date,
        horizon_days: int | None = None,
        rng_seed: int = 0,
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
        if days is None or (as_of - days[0]).days < MIN_HISTORY_DAYS:
            return _no_history()
        horizon = horizon_days or min(self._settings.horizon_days, (as_of - days[0]).days // 2)
        cutoff = as_of - timedelta(days=horizon)
        with closing(self._history.at(cutoff)) as moment, closing(self._history.at(as_of)) as later:
            summary = summarise(moment)
            short = self._unknown(moment, summary)
            if short:
                return short
            chosen = self._choose(moment, summary, horizon, rng_seed, progress)
            features = None
            if chosen.learnt is not None and self._covariates is not None:
                features, _ = self._covariates(moment, summary.customer_id)
            progress.start("value: models", 1)
            report = self._judge(moment, later, summary, chosen, features, horizon, rng_seed)
            progress.finish(chosen.choice.model)
        return report

    def _judge(
        self,
        moment: Moment,
        later: Moment,
        summary: PurchaseSummary,
        chosen: Chosen,
        features: FloatArray | None,
        horizon: int,
        seed: int,
    ) -> ValueReport:
        rng = np.random.default_rng(seed)
        predictions = predict_all(summary, horizon, chosen, features)
        outcomes = read_value_outcomes(later, summary.customer_id, moment.as_of, horizon)
        level, actual, choice = self._settings.level, outcomes.margin_minor, chosen.choice
        corrections = None
        if choice.model == COVARIATES and chosen.learnt is not None and features is not None:
            corrections = (chosen.learnt, features)
        valued = value_customers(summary, choice, corrections, horizon, 0.0, level, seed, self._threads)
        gain = None
        if COVARIATES in predictions.margin:
            gain = rmse_gain(actual, predictions.margin[COVARIATES], predictions.margin[BASELINE], rng)
        others = {name: of for name, of in predictions.margin.items() if name != choice.model}
        return ValueReport(
            as_of=later.as_of,
            cutoff=moment.as_of,
            horizon_days=horizon,
            n_customers=len(summary),
            n_repeat=int((summary.frequency > 0).sum()),
            currency=self._shop.currency,
            margin_rate=self._shop.margin_rate,
            purchases=tuple(
                judge_amounts(name, outcomes.purchases, of, rng) for name, of in predictions.purchases.items()
            ),
            margin=tuple(judge_amounts(name, actual, of, rng) for name, of in predictions.margin.items()),
            choice=choice,
            gains={name: rmse_gain(actual, predictions.margin[choice.model], of, rng) for name, of in others.items()},
            covariate_gain=gain,
            covariate_note=chosen.note_en,
            intervals=check_intervals(valued, outcomes, horizon, level, rng),
        )

    def _choose(
        self, moment: Moment, summary: PurchaseSummary, horizon: int, seed: int, progress: Progress | None
    ) -> Chosen:
        return choose(
            self._history,
            moment,
            summary,
            self._covariates,
            self._settings,
            horizon,
            self._shop.currency,
            seed,
            self._threads,
            progress,
        )

    def _run(self, moment: Moment, summary: PurchaseSummary, seed: int, progress: Progress | None) -> ValueRun:
        settings, as_of = self._settings, moment.as_of
        kept = self._models.latest(as_of, self._settings_hash, self._threads)
        if kept is None or (as_of - kept.choice.as_of).days >= settings.review_days:
            chosen = self._choose(moment, summary, settings.horizon_days, seed, progress)
            used = chosen.learnt if chosen.choice.model == COVARIATES else None
            self._models.save(KeptModel(chosen.choice, used, self._settings_hash))
            # read back, so that a run killed after this line goes on with exactly the same
            kept = self._models.latest(as_of, self._settings_hash, self._threads)
            assert kept is not None, "just saved"
        corrections = None
        if kept.learnt is not None and self._covariates is not None:
            corrections = (kept.learnt, self._covariates(moment, summary.customer_id)[0])
        valued = value_customers(
            summary,
            kept.choice,
            corrections,
            settings.horizon_days,
            settings.annual_discount,
            settings.level,
            seed,
            self._threads,
            progress,
        )
        return ValueRun(self._rows(valued, as_of), valued)

    @property
    def _settings_hash(self) -> str:
        told = self._settings.model_dump_json(exclude={"review_days", "level"})
        return hashlib.sha256(f"{FORMAT}{told}".encode()).hexdigest()[:16]

    def _unknown(self, moment: Moment, summary: PurchaseSummary) -> NotEnoughData | None:
        """Return why nobody can say what these customers are worth; None if it can be said."""
        repeat, need = int((summary.frequency > 0).sum()), self._settings.min_buyers
        if len(summary) and not priced(moment):
            zh, en = "订单都没有金额，无法计算客户价值", "no order has an amount: nobody knows what a customer is worth"
            return NotEnoughData(reason_zh=zh, reason_en=en, have=0, need=1)
        if repeat >= need:
            return None
        buyers = len(summary)
        return NotEnoughData(
            reason_zh=f"数据不足，无法计算客户价值：{buyers:,} 位买家中只有 {repeat} 位在两天或以上购买过，"
            f"至少需要 {need} 位",
            reason_en=f"not enough data for customer value: only {repeat} of {buyers:,} buyers bought on two days or "
            f"more; {need} are needed",
            have=repeat,
            need=need,
        )

    def _rows(self, valued: ValuedCustomers, as_of: date) -> pa.Table:
        n = len(valued.summary)
        columns = [
            pa.array([as_of] * n, pa.date32()),
            pa.array(valued.summary.customer_id),
            pa.array(np.full(n, self._settings.horizon_days, dtype=np.int32)),
            pa.array(valued.expected_purchases),
            *(
                pa.array(np.rint(amount).astype(np.int64))
                for amount in (valued.value_minor, valued.low_minor, valued.high_minor)
            ),
            pa.array([valued.choice.model] * n, pa.string()),
            pa.array(np.full(n, self._shop.margin_rate)),
        ]
        return pa.table(columns, schema=_VALUES)


def _no_history() -> NotEnoughData:
    return NotEnoughData("数据不足，无法计算客户价值：没有已付订单", "not enough data: there are no paid orders", 0, 1)
