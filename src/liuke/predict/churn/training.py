"""Train, calibrate and judge one population; then fit once more for use.

1. Trees learn from the training origins and stop where the log-loss on the calibration origin stops falling.
2. Learner and baselines are calibrated on the calibration origin.
3. All are judged on the final origin, which nothing has seen.
4. For use the trees are fitted again, with as many rounds, on training and calibration origins, and calibrated on the
   final one: the newest outcomes there are. The judgement of step 3 is of the same procedure one horizon earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate, NotEnoughData
from liuke.predict.churn.contracts import LEARNER, GroupResult, PopulationReport
from liuke.predict.churn.features import BG_NBD_FEATURE
from liuke.predict.churn.models import boosted_trees
from liuke.predict.churn.models.boosted_trees import BoostedTrees
from liuke.predict.churn.origins import Origin
from liuke.predict.churn.stages import POPULATIONS, Mask, Stages, cut_stages, too_few
from liuke.predict.clv import BgNbd, MarginModel, PurchaseSummary, expected_margin_if_staying
from liuke.predict.evaluation import (
    Calibrator,
    Scorecard,
    auroc,
    bootstrap_auroc_difference,
    fit_calibrator,
    judge,
    precision_at_recall,
    refuse_leaks,
)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Learner:
    """How trees are grown: the same way for the judgement and for use."""

    names: tuple[str, ...]
    seed: int
    num_threads: int

    def judged_on(self, stages: Stages) -> BoostedTrees:
        """Learn from the training origins; stop where the log-loss on the calibration origin stops falling."""
        watch = (stages.calibration.features, stages.calibration.churned)
        return self._train(stages.train.features, stages.train.churned, watch=watch)

    def for_use(self, stages: Stages, rounds: int) -> BoostedTrees:
        """Learn from training and calibration origins, in as many rounds as the judged trees took."""
        return self._train(
            np.vstack([stages.train.features, stages.calibration.features]),
            np.concatenate([stages.train.churned, stages.calibration.churned]),
            rounds=rounds,
        )

    def _train(self, features: FloatArray, churned: FloatArray, **how: Any) -> BoostedTrees:
        return boosted_trees.train(features, churned, self.names, BG_NBD_FEATURE, self.seed, self.num_threads, **how)


class Judgement(TypedDict):
    """The fields of a report that come from the final origin's outcomes."""

    scorecards: tuple[Scorecard, ...]
    best_baseline: str
    auroc_gain: Estimate
    calibration: str


@dataclass(frozen=True)
class Fitted:
    """A model for use, and the judgement of its procedure."""

    trees: BoostedTrees
    calibrator: Calibrator
    report: PopulationReport


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
        refuse_leaks(stages.train.features, names, stages.train.churned, honest=stages.train.baselines.values())
    learner = Learner(names, seed, num_threads)
    trees = learner.judged_on(stages)
    scores = {LEARNER: trees.probability(stages.final.features), **stages.final.baselines}
    judgement = _judge(trees, stages, scores, np.random.default_rng(seed))
    in_use = learner.for_use(stages, trees.rounds)
    calibrator = fit_calibrator(stages.final.churned, in_use.probability(stages.final.features))
    report = PopulationReport(
        population=population,
        n_train=len(stages.train),
        n_calibration=len(stages.calibration),
        n_final=len(stages.final),
        churn_rates={origin.seen.cutoff.isoformat(): _rate(origin, mask) for origin in origins},
        groups=_groups(origins[-1], mask, stages.final.churned, scores[LEARNER]),
        rounds=trees.rounds,
        margin_ratio=_margin_ratio(origins[-1], mask, horizon_days),
        family_weights=_family_weights(trees, stages.final.features, families),
        **judgement,
    )
    return Fitted(in_use, calibrator, report)


def _judge(
    trees: BoostedTrees, stages: Stages, scores: Mapping[str, FloatArray], rng: np.random.Generator
) -> Judgement:
    churned = stages.final.churned
    before = {LEARNER: trees.probability(stages.calibration.features), **stages.calibration.baselines}
    calibrators = {name: fit_calibrator(stages.calibration.churned, raw) for name, raw in before.items()}
    cards = tuple(judge(name, churned, calibrators[name](raw), rng) for name, raw in scores.items())
    best = max(cards[1:], key=lambda card: np.nan_to_num(card.auroc.value)).model
    return Judgement(
        scorecards=cards,
        best_baseline=best,
        auroc_gain=bootstrap_auroc_difference(churned, scores[LEARNER], scores[best], rng),
        calibration=calibrators[LEARNER].kind,
    )


def _rate(origin: Origin, mask: Mask) -> float:
    churned = origin.outcomes.churned[mask(origin)]
    return float(churned.mean()) if churned.size else float("nan")


def _groups(origin: Origin, mask: Mask, churned: FloatArray, score: FloatArray) -> tuple[GroupResult, ...]:
    once = origin.seen.summary.take(mask(origin)).frequency == 0
    return tuple(
        GroupResult(
            name,
            int(part.sum()),
            float(churned[part].mean()),
            auroc(churned[part], score[part]),
            precision_at_recall(churned[part], score[part], 0.3),
        )
        for name, part in (("one-time buyers", once), ("repeat buyers", ~once))
        if part.any()
    )


def _margin_ratio(origin: Origin, mask: Mask, horizon_days: int) -> float:
    chosen = mask(origin)
    stayed = origin.outcomes.churned[chosen] == 0
    actual = float(origin.outcomes.margin_minor[chosen][stayed].sum())
    if origin.seen.purchases is None or actual <= 0:
        return float("nan")
    expected = margin_if_staying(origin.seen.summary, origin.seen.purchases, horizon_days)[chosen]
    return float(expected[stayed].sum()) / actual


def margin_if_staying(summary: PurchaseSummary, purchases: BgNbd, horizon_days: int) -> FloatArray:
    """Return everybody's expected margin in the horizon if they stay, minor units, shape (n_customers,)."""
    return expected_margin_if_staying(summary, purchases, MarginModel.fit(summary), horizon_days)


def _family_weights(trees: BoostedTrees, features: FloatArray, families: Mapping[str, str]) -> dict[str, float]:
    weight = np.abs(trees.contributions(features)).mean(axis=0)
    total = float(weight.sum()) or 1.0
    sums: dict[str, float] = {}
    for name, share in zip(trees.names, weight / total, strict=True):
        family = families.get(name, "other")
        sums[family] = sums.get(family, 0.0) + float(share)
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
