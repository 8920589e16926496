"""All that is said about one model on one untouched period, the flattering figure never alone."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate
from liuke.predict.evaluation.bootstrap import bootstrap_ranking
from liuke.predict.evaluation.probabilities import (
    ReliabilityRow,
    brier_score,
    calibration_error,
    log_loss,
    perfect_calibration_error,
    reliability_table,
)
from liuke.predict.evaluation.ranking import (
    auroc_of_counts,
    average_precision,
    average_precision_of_counts,
    checked,
    flagged_at_recall,
    lift_at,
    precision_at_recall_of_counts,
    recall_at_precision,
)

FloatArray = npt.NDArray[np.float64]

STATED_RECALL = 0.3
STATED_PRECISION = 0.85


@dataclass(frozen=True)
class Scorecard:
    """Measures of one model; 1 is the outcome (churned). Shares are 0 to 1; NaN means "not defined here".

    Attributes
    ----------
    accuracy, majority_accuracy : float
        At probability 0.5, and of always naming the commoner class: the first means nothing without the second.
    auroc, pr_auc : Estimate
        With 95 % bootstrap intervals.
    log_loss : float
    ece_of_perfect : float
        The ECE below which a perfectly calibrated model of this size stays in 95 of 100 periods.
    pr_auc_stay, lift_stay_at_10pct : float
        The same with "stays" as the outcome.
    precision_at_recall : Estimate
        Hit rate of warnings (预警命中率): of the flagged, the share that churned, when as many are flagged as catch
        ``STATED_RECALL`` of the churners.
    n_flagged : int
        How many are flagged for that.
    recall_at_precision : float
        The most churners that can be caught while ``STATED_PRECISION`` of the flagged churn; 0 if it is never reached.
    """

    model: str
    n: int
    base_rate: float
    accuracy: float
    majority_accuracy: float
    balanced_accuracy: float
    auroc: Estimate
    pr_auc: Estimate
    pr_auc_stay: float
    precision_at_recall: Estimate
    n_flagged: int
    recall_at_precision: float
    lift_at_10pct: float
    lift_stay_at_10pct: float
    brier: float
    log_loss: float
    ece: float
    ece_of_perfect: float
    reliability: tuple[ReliabilityRow, ...]

    @property
    def calibrated(self) -> bool:
        """Whether a perfectly calibrated model could well have this ECE."""
        return self.ece <= self.ece_of_perfect

    @property
    def bins_inside(self) -> int:
        """How many rows of the reliability table lie in their bands."""
        return sum(row.inside for row in self.reliability)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; undefined measures become None."""
        plain: dict[str, Any] = jsonable(asdict(self))
        plain["calibrated"] = self.calibrated
        for row, told in zip(self.reliability, plain["reliability"], strict=True):
            told["inside"] = row.inside
        return plain


def judge(
    model: str,
    y: npt.ArrayLike,
    probability: npt.ArrayLike,
    rng: np.random.Generator,
    replicates: int = 200,
    weight: npt.ArrayLike | None = None,
) -> Scorecard:
    """Judge probabilities of one model by outcomes that it has never seen.

    Parameters
    ----------
    model : str
        Its name in reports.
    y, probability : array_like, shape (n,)
        Outcomes 0 or 1, probabilities 0 to 1.
    rng : numpy.random.Generator
        For the intervals.
    weight : array_like, shape (n,), optional
        For how many customers each one stands: members of a control group stand for the treated.
    """
    outcome, p = checked(y, probability)
    w = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    base = float(np.average(outcome, weights=w)) if outcome.size else float("nan")
    called = p >= 0.5
    reliability = reliability_table(outcome, p, weight=w)
    hits = partial(precision_at_recall_of_counts, recall=STATED_RECALL)
    return Scorecard(
        model=model,
        n=int(outcome.size),
        base_rate=base,
        accuracy=float(np.average(called == (outcome == 1), weights=w)) if outcome.size else float("nan"),
        majority_accuracy=max(base, 1 - base),
        balanced_accuracy=_balanced_accuracy(outcome, called, w),
        auroc=bootstrap_ranking(auroc_of_counts, outcome, p, rng, replicates, w),
        pr_auc=bootstrap_ranking(average_precision_of_counts, outcome, p, rng, replicates, w),
        pr_auc_stay=average_precision(1 - outcome, -p, w),
        precision_at_recall=bootstrap_ranking(hits, outcome, p, rng, replicates, w),
        n_flagged=flagged_at_recall(outcome, p, STATED_RECALL),
        recall_at_precision=recall_at_precision(outcome, p, STATED_PRECISION, weight=w),
        lift_at_10pct=lift_at(outcome, p, 0.1, w),
        lift_stay_at_10pct=lift_at(1 - outcome, -p, 0.1, w),
        brier=brier_score(outcome, p, w),
        log_loss=log_loss(outcome, p, w),
        ece=calibration_error(reliability),
        ece_of_perfect=perfect_calibration_error(reliability),
        reliability=reliability,
    )


def _balanced_accuracy(outcome: FloatArray, called: npt.NDArray[np.bool_], weight: FloatArray) -> float:
    if not outcome.size or outcome.min() == outcome.max():
        return float("nan")
    left, stayed = outcome == 1, outcome == 0
    hit = np.average(called[left], weights=weight[left]) + np.average(~called[stayed], weights=weight[stayed])
    return float(hit / 2)


def jsonable(value: Any) -> Any:
    """Return nested dicts, lists and numbers with undefined numbers (NaN, infinite) as None."""
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
