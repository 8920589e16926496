"""Which value model does this shop use? The one that was best on its last full period, by a comparison that is fair.

The purchase model, with one of two models of spending, that had the smallest error of margin; the covariate model
instead where it is better than that beyond chance (paired bootstrap). Everything compared was fitted on days before
the period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from liuke.kernel.money import from_minor
from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import Estimate
from liuke.predict.clv.config import ValueSettings
from liuke.predict.clv.contracts import ModelChoice, PurchaseSummary, TotalError
from liuke.predict.clv.intervals import total_error
from liuke.predict.clv.learning import (
    PURCHASE_MODELS,
    Period,
    candidates,
    fit_covariates,
    fit_purchase_model,
    read_periods,
    train_cutoffs,
)
from liuke.predict.clv.margin import MarginModel
from liuke.predict.clv.models.covariates import CovariateValue
from liuke.predict.clv.ports import Covariates, Moment, Past
from liuke.predict.clv.report import COVARIATES
from liuke.predict.clv.spending import CREDIBILITY, GAMMA_GAMMA, margin_per_day
from liuke.predict.evaluation import rmse_gain

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chosen:
    """A choice with what is needed to use it.

    Attributes
    ----------
    choice : ModelChoice
    learnt : CovariateValue or None
        Fitted on all past periods, whether it was chosen or not; None where it can't be learnt.
    last : Period or None
        The last full period.
    note_en : str
        What covariates learnt from, or why they could not.
    """

    choice: ModelChoice
    learnt: CovariateValue | None
    last: Period | None
    note_en: str


def choose(
    past: Past,
    known: Moment,
    summary: PurchaseSummary,
    covariates: Covariates | None,
    settings: ValueSettings,
    horizon_days: int,
    currency: str,
    seed: int = 0,
    num_threads: int = 1,
    progress: Progress | None = None,
) -> Chosen:
    """Compare the models by what is known at a moment.

    Parameters
    ----------
    known : Moment
        Nothing of its day or later is used.
    summary : PurchaseSummary
        Of that moment.
    """
    days = past.days()
    first_day = days[0] if days else known.as_of
    length, cutoffs = train_cutoffs(first_day, known.as_of, horizon_days)
    if not cutoffs:
        return _by_likelihood(known, summary, length, (known.as_of - first_day).days)
    progress = progress or SilentProgress()
    periods, names = read_periods(past, known, covariates, cutoffs, length, progress)
    repeat = int((periods[-1].summary.frequency > 0).sum()) if periods else 0
    if not periods or periods[-1].start != cutoffs[-1] or repeat < settings.min_buyers:
        return _by_likelihood(known, summary, length, (known.as_of - first_day).days)
    progress.start("value: which model", 1)
    chosen = _by_last_period(known, periods, names, currency, seed, num_threads)
    progress.finish(chosen.choice.model)
    return chosen


def name_of(purchases: str, spend: str) -> str:
    """Return the name of a pair of models."""
    return purchases if spend == CREDIBILITY else f"{purchases} + {spend}"


def expected_margins(
    pairs: Sequence[tuple[str, str]], summary: PurchaseSummary, days: int
) -> dict[tuple[str, str], FloatArray]:
    """Fit pairs of models to customers as known at a day; return each customer's expected margin in the next days."""
    history = (summary.frequency, summary.recency_days, summary.T_days)
    margins = MarginModel.fit(summary)
    expected = {
        name: fit_purchase_model(PURCHASE_MODELS[name], summary).conditional_expected_purchases(float(days), *history)
        for name in dict.fromkeys(name for name, _ in pairs)
    }
    each = {kind: margin_per_day(kind, summary, margins) for kind in dict.fromkeys(kind for _, kind in pairs)}
    return {(name, kind): expected[name] * each[kind] for name, kind in pairs}


def _by_last_period(
    known: Moment, periods: Sequence[Period], names: Sequence[str], currency: str, seed: int, num_threads: int
) -> Chosen:
    last, earlier = periods[-1], periods[:-1]
    actual = last.known_now[1]
    pairs = [(name, kind) for name in candidates(last.summary) for kind in (CREDIBILITY, GAMMA_GAMMA)]
    predicted = expected_margins(pairs, last.summary, last.days)
    errors = {pair: _rmse(of, actual) for pair, of in predicted.items()}
    pair = min(errors, key=lambda one: errors[one])
    rmse = {name_of(*one): error for one, error in errors.items()}
    best = name_of(*pair)
    judged = fit_covariates(earlier, seed, num_threads, early=True) if earlier else None
    gain: Estimate | None = None
    if judged is not None and last.features is not None:
        corrected = judged.predict(last.features, last.prior)
        rmse[COVARIATES] = _rmse(corrected, actual)
        gain = rmse_gain(actual, corrected, predicted[pair], np.random.default_rng(seed))
    learnt = fit_covariates(periods, seed, num_threads)
    if learnt is None:
        note = "Covariates: switched off, or too few buyers in the past periods to learn from."
    else:
        note = (
            f"Covariates: {len(names)} features, learnt on {len(periods)} period(s) of {last.days} days "
            f"({learnt.n_customers_:,} customers, {learnt.n_buyers_:,} buyers) from {periods[0].start}."
        )
    choice = ModelChoice(
        as_of=known.as_of,
        model=COVARIATES if gain is not None and gain.low > 0 and learnt is not None else best,
        purchases=pair[0],
        spend=pair[1],
        period_days=last.days,
        judged_from=last.start,
        rmse_minor=rmse,
        gain=gain,
        reason_zh="",
        reason_en="",
        total_error=_total_error(pair, periods),
    )
    zh, en = _reasons(choice, best, currency)
    return Chosen(replace(choice, reason_zh=zh, reason_en=en), learnt, last, note)


def _total_error(pair: tuple[str, str], periods: Sequence[Period]) -> TotalError:
    """Compare the totals of past periods with what came; chance of a total is that of a Poisson sum of margins."""
    ratios, chance = [], []
    for period in periods:
        predicted = float(expected_margins([pair], period.summary, period.days)[pair].sum())
        actual = period.known_now[1]
        if predicted > 0 and actual.sum() > 0:
            ratios.append(float(actual.sum()) / predicted)
            chance.append(float((actual**2).sum()) / predicted**2)
    return total_error(ratios, chance) if ratios else total_error([], [])


def _by_likelihood(known: Moment, summary: PurchaseSummary, length: int, history_days: int) -> Chosen:
    fits = {name: fit_purchase_model(kind, summary).log_likelihood_ for name, kind in candidates(summary).items()}
    # Pareto/NBD's likelihood counts densities of the same data, so the three can be compared.
    best = max(fits, key=lambda name: fits[name])
    choice = ModelChoice(
        as_of=known.as_of,
        model=best,
        purchases=best,
        spend=CREDIBILITY,
        period_days=length,
        judged_from=None,
        rmse_minor={},
        gain=None,
        reason_zh=f"历史数据（{history_days} 天）不足以留出一个完整周期来比较模型；采用似然最高的购买模型 {best}。",
        reason_en=f"The history ({history_days} days) is too short, or too thin, to keep a full period for comparing "
        f"models; {best}, the purchase model of the highest likelihood, is used.",
        total_error=total_error([], []),
    )
    return Chosen(choice, None, None, f"Covariates: {history_days} days are too few to learn from.")


def _reasons(choice: ModelChoice, best: str, currency: str) -> tuple[str, str]:
    period_zh = f"在最近一个完整周期（{choice.judged_from} 起 {choice.period_days} 天）"
    period_en = f"On the last full period ({choice.period_days} days from {choice.judged_from})"
    error = _money(choice.rmse_minor[best], currency)
    zh, en = (
        f"{period_zh}，{best} 的毛利误差最小（RMSE {error}）",
        f"{period_en}, {best} had the smallest error of margin (RMSE {error})",
    )
    if choice.gain is None:
        return f"{zh}；协变量模型无法学习。", f"{en}; covariates could not be learnt."
    low, high = (_money(end, currency) for end in (choice.gain.low, choice.gain.high))
    other = _money(choice.rmse_minor[COVARIATES], currency)
    if choice.model == COVARIATES:
        return (
            f"{zh}，协变量模型更好（RMSE {other}，降低 {low} 至 {high}），因此采用协变量模型。",
            f"{en}; covariates lowered it to {other} (by {low} to {high}, beyond chance), so they are used.",
        )
    return (
        f"{zh}；协变量模型并未超出偶然地更好（RMSE {other}，降低 {low} 至 {high}），因此采用 {best}。",
        f"{en}; covariates were not better beyond chance (RMSE {other}, lower by {low} to {high}), so {best} is used.",
    )


def _money(minor: float, currency: str) -> str:
    return f"{from_minor(round(minor), currency):,}"


def _rmse(predicted: FloatArray, actual: FloatArray) -> float:
    return float(np.sqrt(((predicted - actual) ** 2).mean()))
