"""Train, calibrate and judge one population; then fit once more for use.

1. Trees learn from the training origins and stop where the log-loss on the calibration origin stops falling.
2. Learner and baselines are calibrated on the calibration origin.
3. All are judged on the final origin, which nothing has seen.
4. For use the trees are fitted again, with as many rounds, on training and calibration origins, and calibrated on the
   final one: the newest outcomes there are. The judgement of step 3 is of the same procedure one horizon earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import NotEnoughData
from liuke.predict.churn.contracts import LEARNER, GroupResult, PopulationReport
from liuke.predict.churn.features import BG_NBD_FEATURE
from liuke.predict.churn.models import baselines, boosted_trees
from liuke.predict.churn.models.boosted_trees import BoostedTrees
from liuke.predict.churn.origins import Origin
from liuke.predict.clv import BgNbd, MarginModel, PurchaseSummary, expected_margin_if_staying
from liuke.predict.evaluation import (
    Calibrator,
    auroc,
    bootstrap_auroc_difference,
    fit_calibrator,
    judge,
    precision_at_recall,
    refuse_leaks,
)

FloatArray = npt.NDArray[np.float64]
Mask = Callable[[Origin], npt.NDArray[np.bool_]]


def bought_lately(origin: Origin) -> npt.NDArray[np.bool_]:
    """Mark the active buyers."""
    return origin.seen.active


def ever_bought(origin: Origin) -> npt.NDArray[np.bool_]:
    """Mark everybody."""
    return np.ones(len(origin.seen.summary), dtype=np.bool_)


POPULATIONS: Mapping[str, Mask] = {"active": bought_lately, "all": ever_bought}


@dataclass(frozen=True)
class Stage:
    """Customers of one or more origins, one below the other."""

    features: FloatArray
    churned: FloatArray
    baselines: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return int(self.churned.size)


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
    train, calibration, final = (
        _stage(part, mask, horizon_days) for part in (origins[:-2], origins[-2:-1], origins[-1:])
    )
    short = _too_few({"train": train, "calibration": calibration, "final": final}, min_class)
    if short:
        return short
    if population == "active":  # among all customers, having been away for a year does all but settle it
        refuse_leaks(train.features, names, train.churned, honest=train.baselines.values())
    trees = boosted_trees.train(
        train.features,
        train.churned,
        names,
        BG_NBD_FEATURE,
        seed,
        num_threads,
        watch=(calibration.features, calibration.churned),
    )
    raw = {LEARNER: trees.probability(final.features), **final.baselines}
    raw_before = {LEARNER: trees.probability(calibration.features), **calibration.baselines}
    calibrators = {name: fit_calibrator(calibration.churned, scores) for name, scores in raw_before.items()}
    rng = np.random.default_rng(seed)
    cards = tuple(judge(name, final.churned, calibrators[name](scores), rng) for name, scores in raw.items())
    best = max(cards[1:], key=lambda card: np.nan_to_num(card.auroc.value)).model
    in_use = boosted_trees.train(
        np.vstack([train.features, calibration.features]),
        np.concatenate([train.churned, calibration.churned]),
        names,
        BG_NBD_FEATURE,
        seed,
        num_threads,
        rounds=trees.rounds,
    )
    calibrator = fit_calibrator(final.churned, in_use.probability(final.features))
    report = PopulationReport(
        population=population,
        n_train=len(train),
        n_calibration=len(calibration),
        n_final=len(final),
        churn_rates={origin.seen.cutoff.isoformat(): _rate(origin, mask) for origin in origins},
        scorecards=cards,
        best_baseline=best,
        auroc_gain=bootstrap_auroc_difference(final.churned, raw[LEARNER], raw[best], rng),
        groups=_groups(origins[-1], mask, final.churned, raw[LEARNER]),
        rounds=trees.rounds,
        calibration=calibrators[LEARNER].kind,
        margin_ratio=_margin_ratio(origins[-1], mask, horizon_days),
        family_weights=_family_weights(trees, final.features, families),
    )
    return Fitted(in_use, calibrator, report)


def _stage(origins: Sequence[Origin], mask: Mask, horizon_days: int) -> Stage:
    chosen = [mask(origin) for origin in origins]
    per_origin = [_baselines(origin, keep, horizon_days) for origin, keep in zip(origins, chosen, strict=True)]
    return Stage(
        features=np.vstack([o.seen.features[keep] for o, keep in zip(origins, chosen, strict=True)]),
        churned=np.concatenate([o.outcomes.churned[keep] for o, keep in zip(origins, chosen, strict=True)]),
        baselines={name: np.concatenate([part[name] for part in per_origin]) for name in per_origin[0]},
    )


def _baselines(origin: Origin, keep: npt.NDArray[np.bool_], horizon_days: int) -> dict[str, FloatArray]:
    summary = origin.seen.summary.take(keep)
    silence = (
        baselines.bg_nbd(summary, origin.seen.purchases, horizon_days)
        if origin.seen.purchases
        else np.zeros(len(summary))
    )
    return {
        baselines.MAJORITY: baselines.majority(len(summary)),
        baselines.RECENCY: baselines.recency(summary, horizon_days),
        baselines.RFM: baselines.rfm(summary),
        baselines.BG_NBD: silence,
    }


def _too_few(stages: Mapping[str, Stage], min_class: int) -> NotEnoughData | None:
    words = {"train": ("训练", "training"), "calibration": ("校准", "calibration"), "final": ("终评", "final")}
    for name, stage in stages.items():
        churned = int(stage.churned.sum())
        stayed = len(stage) - churned
        if min(churned, stayed) < min_class:
            zh, en = words[name]
            return NotEnoughData(
                reason_zh=f"数据不足,无法预测流失:{zh}时段有 {churned:,} 人流失、{stayed:,} 人留下,"
                f"两者都至少需要 {min_class} 人",
                reason_en=f"not enough data to predict churn: in the {en} period {churned:,} churned and {stayed:,} "
                f"stayed, at least {min_class} of each are needed",
                have=min(churned, stayed),
                need=min_class,
            )
    return None


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
