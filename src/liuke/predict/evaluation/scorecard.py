"""All that is said about one model on one untouched period, the flattering figure never alone."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate
from liuke.predict.evaluation.bootstrap import bootstrap_ranking
from liuke.predict.evaluation.probabilities import (
    ReliabilityRow,
    brier_score,
    calibration_error,
    reliability_table,
)
from liuke.predict.evaluation.ranking import (
    auroc_of_counts,
    average_precision,
    average_precision_of_counts,
    checked,
    lift_at,
    precision_at_recall,
    recall_at_precision,
)

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
    pr_auc_stay, lift_stay_at_10pct : float
        The same with "stays" as the outcome.
    precision_at_recall : float
        Of the flagged, the share that churned, when as many are flagged as catch ``STATED_RECALL`` of the churners.
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
    precision_at_recall: float
    recall_at_precision: float
    lift_at_10pct: float
    lift_stay_at_10pct: float
    brier: float
    ece: float
    reliability: tuple[ReliabilityRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; undefined measures become None."""
        plain: dict[str, Any] = jsonable(asdict(self))
        return plain


def judge(
    model: str, y: npt.ArrayLike, probability: npt.ArrayLike, rng: np.random.Generator, replicates: int = 200
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
    """
    outcome, p = checked(y, probability)
    base = float(outcome.mean()) if outcome.size else float("nan")
    called = p >= 0.5
    reliability = reliability_table(outcome, p)
    return Scorecard(
        model=model,
        n=int(outcome.size),
        base_rate=base,
        accuracy=float(np.mean(called == (outcome == 1))) if outcome.size else float("nan"),
        majority_accuracy=max(base, 1 - base),
        balanced_accuracy=_balanced_accuracy(outcome, called),
        auroc=bootstrap_ranking(auroc_of_counts, outcome, p, rng, replicates),
        pr_auc=bootstrap_ranking(average_precision_of_counts, outcome, p, rng, replicates),
        pr_auc_stay=average_precision(1 - outcome, -p),
        precision_at_recall=precision_at_recall(outcome, p, STATED_RECALL),
        recall_at_precision=recall_at_precision(outcome, p, STATED_PRECISION),
        lift_at_10pct=lift_at(outcome, p, 0.1),
        lift_stay_at_10pct=lift_at(1 - outcome, -p, 0.1),
        brier=brier_score(outcome, p),
        ece=calibration_error(reliability),
        reliability=reliability,
    )


def _balanced_accuracy(outcome: npt.NDArray[np.float64], called: npt.NDArray[np.bool_]) -> float:
    if not outcome.size or outcome.min() == outcome.max():
        return float("nan")
    return float((called[outcome == 1].mean() + (~called[outcome == 0]).mean()) / 2)


def jsonable(value: Any) -> Any:
    """Return nested dicts, lists and numbers with undefined numbers (NaN, infinite) as None."""
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
