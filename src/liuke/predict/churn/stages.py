"""What one population learns from: its customers at each origin, cut into training, calibration and final stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import NotEnoughData
from liuke.predict.churn.models import baselines
from liuke.predict.churn.origins import Origin

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
class Stages:
    """The three parts of the past that one population is learnt from."""

    train: Stage
    calibration: Stage
    final: Stage


def cut_stages(origins: Sequence[Origin], mask: Mask, horizon_days: int) -> Stages:
    """Lay the origins, oldest first, into three stages: the last two calibrate and judge, the others train."""
    train, calibration, final = (
        _stage(part, mask, horizon_days) for part in (origins[:-2], origins[-2:-1], origins[-1:])
    )
    return Stages(train, calibration, final)


def too_few(stages: Stages, min_class: int) -> NotEnoughData | None:
    """Say which stage has fewer than ``min_class`` who churned or who stayed, if one has."""
    named = (
        ("训练", "training", stages.train),
        ("校准", "calibration", stages.calibration),
        ("终评", "final", stages.final),
    )
    for zh, en, stage in named:
        churned = int(stage.churned.sum())
        stayed = len(stage) - churned
        if min(churned, stayed) < min_class:
            return NotEnoughData(
                reason_zh=f"数据不足,无法预测流失:{zh}时段有 {churned:,} 人流失、{stayed:,} 人留下,"
                f"两者都至少需要 {min_class} 人",
                reason_en=f"not enough data to predict churn: in the {en} period {churned:,} churned and {stayed:,} "
                f"stayed, at least {min_class} of each are needed",
                have=min(churned, stayed),
                need=min_class,
            )
    return None


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
