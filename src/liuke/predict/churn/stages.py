"""What one population learns from: its customers at each origin, cut into training, calibration and final stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from liuke.kernel.results import NotEnoughData
from liuke.predict.churn.models import baselines
from liuke.predict.churn.models.boosted_trees import Sample
from liuke.predict.churn.origins import Origin

FloatArray = npt.NDArray[np.float64]
Mask = Callable[[Origin], npt.NDArray[np.bool_]]


def bought_lately(origin: Origin) -> npt.NDArray[np.bool_]:
    """Mark the active buyers who count."""
    return origin.seen.active & origin.counted


def ever_bought(origin: Origin) -> npt.NDArray[np.bool_]:
    """Mark everybody who counts."""
    return origin.counted


POPULATIONS: Mapping[str, Mask] = {"active": bought_lately, "all": ever_bought}


@dataclass(frozen=True)
class Stage:
    """Customers of one or more origins, one below the other, with the raw scores of the baselines."""

    sample: Sample
    baselines: Mapping[str, FloatArray]

    @property
    def churned(self) -> FloatArray:
        """Outcomes, shape (n_customers,)."""
        return self.sample.churned

    @property
    def weight(self) -> FloatArray:
        """For how many customers each one stands."""
        return self.sample.weight

    def __len__(self) -> int:
        return len(self.sample)


@dataclass(frozen=True)
class Stages:
    """The three parts of the past that one population is learnt from."""

    train: Stage
    calibration: Stage
    final: Stage

    def before_final(self) -> Sample:
        """Return training and calibration customers together."""
        first, second = self.train.sample, self.calibration.sample
        return Sample(
            np.vstack([first.features, second.features]),
            np.vstack([first.basis, second.basis]),
            np.concatenate([first.churned, second.churned]),
            np.concatenate([first.weight, second.weight]),
        )


def cut_stages(origins: Sequence[Origin], mask: Mask, horizon_days: int) -> Stages:
    """Lay the origins, oldest first, into three stages: the last two calibrate and judge, the others train."""
    train, calibration, final = (
        _stage(part, mask, horizon_days) for part in (origins[:-2], origins[-2:-1], origins[-1:])
    )
    return Stages(train, calibration, final)


def too_few(stages: Stages, min_class: int) -> NotEnoughData | None:
    """Say which stage has fewer than ``min_class`` who churned or who stayed, if one has."""
    named = (
        ("用来学习", "training", stages.train),
        ("用来校准", "calibration", stages.calibration),
        ("用来检验", "final", stages.final),
    )
    for zh, en, stage in named:
        churned = int(stage.churned.sum())
        stayed = len(stage) - churned
        if min(churned, stayed) < min_class:
            return NotEnoughData(
                reason_zh=f"数据不足，无法预测流失：{zh}的那段历史中有 {churned:,} 人流失、{stayed:,} 人留下，"
                f"两者都至少需要 {min_class} 人",
                reason_en=f"not enough data to predict churn: in the {en} period {churned:,} churned and {stayed:,} "
                f"stayed, at least {min_class} of each are needed",
                have=min(churned, stayed),
                need=min_class,
            )
    return None


def _stage(origins: Sequence[Origin], mask: Mask, horizon_days: int) -> Stage:
    chosen = [mask(origin) for origin in origins]
    pairs = list(zip(origins, chosen, strict=True))
    per_origin = [_baselines(origin, keep, horizon_days) for origin, keep in pairs]
    sample = Sample(
        features=np.vstack([o.seen.features[keep] for o, keep in pairs]),
        basis=np.vstack([o.seen.basis[keep] for o, keep in pairs]),
        churned=np.concatenate([o.outcomes.churned[keep] for o, keep in pairs]),
        weight=np.concatenate([o.weight[keep] for o, keep in pairs]),
    )
    return Stage(sample, {name: np.concatenate([part[name] for part in per_origin]) for name in per_origin[0]})


def _baselines(origin: Origin, keep: npt.NDArray[np.bool_], horizon_days: int) -> dict[str, FloatArray]:
    summary = origin.seen.summary.take(keep)
    return {
        baselines.MAJORITY: baselines.majority(len(summary)),
        baselines.RECENCY: baselines.recency(summary, horizon_days),
        baselines.RFM: baselines.rfm(summary),
        baselines.BG_NBD: expit(origin.seen.basis[keep, 0]),
    }
