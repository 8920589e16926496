"""Train, calibrate and judge one population; then fit once more for use.

1. A start and trees learn from the training origins; the trees stop where the log-loss on the calibration origin stops
   falling, and how far they are believed is chosen there too.
2. Learner and baselines are calibrated on the calibration origin.
3. All are judged on the final origin, which nothing has seen.
4. For use everything is fitted again, with as many rounds, on training and calibration origins, and calibrated on the
   final one: the newest outcomes there are. The judgement of step 3 is of the same procedure one horizon earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import NotEnoughData
from liuke.predict.churn.contracts import LEARNER, PopulationReport
from liuke.predict.churn.features import BG_NBD_FEATURE
from liuke.predict.churn.models.boosted_trees import BoostedTrees, Growth
from liuke.predict.churn.origins import Origin
from liuke.predict.churn.parts import left_out, parts
from liuke.predict.churn.stages import POPULATIONS, Mask, Stage, Stages, cut_stages, too_few
from liuke.predict.churn.timing import judge_timing, raw_curves
from liuke.predict.clv import MarginModel, PurchaseModel, PurchaseSummary, expected_margin_if_staying
from liuke.predict.evaluation import (
    Calibrator,
    Drift,
    bootstrap_auroc_difference,
    bootstrap_loss_gain,
    drifts,
    fit_calibrator,
    judge,
    refuse_leaks,
)

FloatArray = npt.NDArray[np.float64]

# Features whose drift is told; all are computed, the list would bury the news.
TOLD_DRIFTS = 8


@dataclass(frozen=True)
class Fitted:
    """A model for use, and the judgement of its procedure.

    Attributes
    ----------
    final : Stage
        The customers that it was judged on.
    judged : array, shape (n_customers,)
        The calibrated probabilities that it was judged by.
    """

    trees: BoostedTrees
    calibrator: Calibrator
    report: PopulationReport
    final: Stage
    judged: FloatArray


def fit_population(
    population: str,
    origins: Sequence[Origin],
    families: Mapping[str, str],
    horizon_days: int,
    seed: int,
    num_threads: int,
    min_class: int,
) -> Fitted | NotEnoughData:
    """Run the four steps for one population.

    Parameters
    ----------
    population : str
        A key of ``POPULATIONS``.
    origins : sequence of Origin
        Oldest first; the last two calibrate and judge.
    families : mapping of feature to tag family
    min_class : int
        Each stage needs so many who churned and so many who stayed.
    """
    mask = POPULATIONS[population]
    names = origins[0].seen.names
    stages = cut_stages(origins, mask, horizon_days)
    short = too_few(stages, min_class)
    if short:
        return short
    if population == "active":  # among all customers, having been away for a year does all but settle it
        learnt = stages.train
        refuse_leaks(learnt.sample.features, names, learnt.churned, honest=learnt.baselines.values())
    growth = Growth(names, BG_NBD_FEATURE, seed, num_threads)
    trees = growth.watched(stages.train.sample, stages.calibration.sample)
    report, judged = _judged(population, trees, stages, origins, mask, families, horizon_days, seed)
    in_use = growth.fixed(stages.before_final(), trees.rounds, trees.belief)
    final = stages.final
    calibrator = fit_calibrator(final.churned, _raw(in_use, final), final.weight)
    return Fitted(in_use, calibrator, report, final, judged)


def _raw(trees: BoostedTrees, stage: Stage) -> FloatArray:
    return trees.probability(stage.sample.features, stage.sample.basis)


def _judged(
    population: str,
    trees: BoostedTrees,
    stages: Stages,
    origins: Sequence[Origin],
    mask: Mask,
    families: Mapping[str, str],
    horizon_days: int,
    seed: int,
) -> tuple[PopulationReport, FloatArray]:
    """Say what the final origin's outcomes say; return the learner's calibrated probabilities beside it."""
    rng = np.random.default_rng(seed)
    y, weight = stages.final.churned, stages.final.weight
    before = {LEARNER: _raw(trees, stages.calibration), **stages.calibration.baselines}
    after = {LEARNER: _raw(trees, stages.final), **stages.final.baselines}
    calibrators = {
        name: fit_calibrator(stages.calibration.churned, raw, stages.calibration.weight) for name, raw in before.items()
    }
    told = {name: calibrators[name](raw) for name, raw in after.items()}
    cards = tuple(judge(name, y, p, rng, weight=weight) for name, p in told.items())
    best = max(cards[1:], key=lambda card: np.nan_to_num(card.auroc.value)).model
    last = origins[-1]
    chosen = mask(last)
    summary = last.seen.summary.take(chosen)
    assert last.seen.rhythms is not None  # there are customers, so the models were fitted
    shape = raw_curves(last.seen.rhythms.bg_nbd, summary, horizon_days)
    report = PopulationReport(
        population=population,
        n_train=len(stages.train),
        n_calibration=len(stages.calibration),
        n_final=len(stages.final),
        churn_rates={origin.seen.cutoff.isoformat(): _rate(origin, mask) for origin in origins},
        scorecards=cards,
        best_baseline=best,
        auroc_gain=bootstrap_auroc_difference(y, after[LEARNER], after[best], rng, weight=weight),
        loss_gain=bootstrap_loss_gain(y, told[LEARNER], told[best], rng, weight=weight),
        groups=parts(last, chosen, told[LEARNER], rng),
        left_out=left_out(origins, population == "active"),
        rounds=trees.rounds,
        belief=trees.belief,
        calibration=calibrators[LEARNER].kind,
        timing=judge_timing(shape, told[LEARNER], last.outcomes.days[chosen], horizon_days),
        drift=_drift(stages, before[LEARNER], after[LEARNER], trees.names),
        margin_ratio=_margin_ratio(last, chosen, horizon_days),
        family_weights=_family_weights(trees, stages.final, families),
    )
    return report, told[LEARNER]


def _drift(stages: Stages, before: FloatArray, after: FloatArray, names: Sequence[str]) -> tuple[Drift, ...]:
    score = drifts(before[:, None], after[:, None], ["score"])
    return score + drifts(stages.calibration.sample.features, stages.final.sample.features, names)[:TOLD_DRIFTS]


def _rate(origin: Origin, mask: Mask) -> float:
    chosen = mask(origin)
    churned = origin.outcomes.churned[chosen]
    return float(np.average(churned, weights=origin.weight[chosen])) if churned.size else float("nan")


def _margin_ratio(origin: Origin, chosen: npt.NDArray[np.bool_], horizon_days: int) -> float:
    stayed = origin.outcomes.churned[chosen] == 0
    actual = float(origin.outcomes.margin_minor[chosen][stayed].sum())
    if origin.seen.rhythms is None or actual <= 0:
        return float("nan")
    expected = margin_if_staying(origin.seen.summary, origin.seen.rhythms.bg_nbd, horizon_days)[chosen]
    return float(expected[stayed].sum()) / actual


def margin_if_staying(summary: PurchaseSummary, purchases: PurchaseModel, horizon_days: int) -> FloatArray:
    """Return everybody's expected margin in the horizon if they stay, minor units, shape (n_customers,)."""
    return expected_margin_if_staying(summary, purchases, MarginModel.fit(summary), horizon_days)


def _family_weights(trees: BoostedTrees, stage: Stage, families: Mapping[str, str]) -> dict[str, float]:
    weight = np.abs(trees.contributions(stage.sample.features, stage.sample.basis)).mean(axis=0)
    total = float(weight.sum()) or 1.0
    sums: dict[str, float] = {}
    for name, share in zip(trees.names, weight / total, strict=True):
        family = families.get(name, "other")
        sums[family] = sums.get(family, 0.0) + float(share)
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
