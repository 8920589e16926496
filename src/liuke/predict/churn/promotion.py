"""May a newly trained model take the place of the one in use? Only if it is better on the same customers.

Both are asked about the final period, which the new one has not seen in the judged form; the old one may have been
calibrated on a part of it, which favours the old one. What counts is the log-loss of the probabilities as they would be
served, and a paired bootstrap says whether the difference is more than luck. A draw leaves the old model in use: scores
and reasons that change for nothing cost trust.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from liuke.kernel.results import Estimate
from liuke.predict.churn.shelf import Decision
from liuke.predict.churn.storage import ChurnModel
from liuke.predict.churn.training import Fitted
from liuke.predict.evaluation import bootstrap_auroc_difference, bootstrap_loss_gain


def decide(new: ChurnModel, fitted: Fitted, old: ChurnModel | None, usable: bool, seed: int) -> Decision:
    """Compare a new model with the one in use.

    Parameters
    ----------
    fitted : Fitted
        Holds the final customers and the probabilities that the new one was judged by.
    old : ChurnModel or None
    usable : bool
        Whether the old one can still be asked: same horizon, same definitions of its features.
    seed : int
        Of the bootstrap.
    """
    if old is None:
        return _decision(new, "first", None, None, "首个模型", "the first model")
    if not usable:
        return _decision(
            new, "replaced", old, None, "周期或特征定义已变，原模型无法再用", "horizon or definitions of features have "
            "changed: the model in use can't be used any longer",
        )  # fmt: skip
    stage = fitted.final
    before = old.probability(stage.sample.features[:, old.columns(new.trees.names)], stage.sample.basis)
    rng = np.random.default_rng(seed)
    gain = bootstrap_loss_gain(stage.churned, fitted.judged, before, rng, weight=stage.weight)
    area = bootstrap_auroc_difference(stage.churned, fitted.judged, before, rng, weight=stage.weight)
    zh = f"同一时段 {gain.n:,} 人上，减少的对数损失 {_ends(gain)}，AUROC 变化 {_ends(area)}"
    en = f"on the same {gain.n:,} customers log-loss saved: {_ends(gain)}, AUROC gained: {_ends(area)}"
    if gain.low > 0:
        return _decision(new, "promoted", old, gain, f"{zh}：更好", f"{en}: better")
    return _decision(
        new, "kept", old, gain, f"{zh}：没有明显更好，保留原模型", f"{en}: not clearly better, the old one stays"
    )


def _decision(
    new: ChurnModel, action: str, old: ChurnModel | None, gain: Estimate | None, zh: str, en: str
) -> Decision:
    active = old.version if old is not None and action == "kept" else new.version
    return Decision(
        as_of=new.as_of,
        action=action,
        trained=new.version,
        active=active,
        against=old.version if old is not None else None,
        gain=asdict(gain) if gain is not None else None,
        reason_zh=zh,
        reason_en=en,
    )


def _ends(gain: Estimate) -> str:
    return f"{gain.value:+.4f} ({gain.low:+.4f} … {gain.high:+.4f})"
