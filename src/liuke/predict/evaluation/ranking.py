"""Does a score put the right customers first? Measures that need only the order of the scores.

All take ``y`` (0 or 1, 1 = the outcome, such as churned), ``score`` (higher = more likely) and optional non-negative
``weight``, each of shape (n,). Ties share their credit, so the order of rows never matters. An undefined measure (one
class only) is NaN, never a flattering number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from liuke.predict.evaluation.errors import EvaluationDataError

FloatArray = npt.NDArray[np.float64]


def auroc(y: npt.ArrayLike, score: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the probability that a random positive is scored above a random negative; ties count half.

    Examples
    --------
    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    return auroc_of_counts(*by_score(y, score, weight))


def average_precision(y: npt.ArrayLike, score: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Return the area under the precision-recall curve as a step function (PR-AUC).

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    return average_precision_of_counts(*by_score(y, score, weight))


def auroc_of_counts(positives: FloatArray, negatives: FloatArray) -> float:
    """Return the AUROC of counts per distinct score, highest score first."""
    total = positives.sum() * negatives.sum()
    if total == 0:
        return float("nan")
    below = negatives.sum() - np.cumsum(negatives)  # each positive beats the negatives that come later
    return float((positives * (below + negatives / 2)).sum() / total)


def average_precision_of_counts(positives: FloatArray, negatives: FloatArray) -> float:
    """Return the PR-AUC of counts per distinct score, highest score first."""
    if positives.sum() == 0:
        return float("nan")
    hits = np.cumsum(positives)
    flagged = hits + np.cumsum(negatives)
    precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
    return float((precision * positives).sum() / positives.sum())


def lift_at(y: npt.ArrayLike, score: npt.ArrayLike, share: float = 0.1, weight: npt.ArrayLike | None = None) -> float:
    """Return how many times the base rate the outcome has among the ``share`` (0 to 1] scored highest.

    A tie at the edge enters in part, as if it were drawn from at random.
    """
    positives, negatives = by_score(y, score, weight)
    size = positives + negatives
    total = size.sum()
    if positives.sum() == 0:
        return float("nan")
    room = np.clip(share * total - (np.cumsum(size) - size), 0.0, size)
    taken = np.divide(room, size, out=np.zeros_like(size), where=size > 0)
    return float((positives * taken).sum() / (share * total) / (positives.sum() / total))


def precision_at_recall(
    y: npt.ArrayLike, score: npt.ArrayLike, recall: float = 0.5, weight: npt.ArrayLike | None = None
) -> float:
    """Return the precision of the smallest set, cut by score, that holds at least ``recall`` of the positives."""
    return precision_at_recall_of_counts(*by_score(y, score, weight), recall)


def precision_at_recall_of_counts(positives: FloatArray, negatives: FloatArray, recall: float) -> float:
    """Return the same of counts per distinct score, highest score first."""
    hits = np.cumsum(positives)
    if not hits.size or hits[-1] == 0:
        return float("nan")
    at = int(np.argmax(hits >= recall * hits[-1] - 1e-9))
    return float(hits[at] / (hits[at] + negatives[: at + 1].sum()))


def flagged_at_recall(y: npt.ArrayLike, score: npt.ArrayLike, recall: float = 0.5) -> int:
    """Return how many have to be flagged, by score, to hold ``recall`` of the positives; 0 if there are none."""
    hits, flagged = _curve(*by_score(y, score))
    if not hits.size or hits[-1] == 0:
        return 0
    return int(flagged[int(np.argmax(hits >= recall * hits[-1] - 1e-9))])


def recall_at_precision(
    y: npt.ArrayLike,
    score: npt.ArrayLike,
    precision: float = 0.85,
    min_flagged: int = 20,
    weight: npt.ArrayLike | None = None,
) -> float:
    """Return the largest recall at which the flagged have at least this precision; 0 if nowhere.

    Parameters
    ----------
    min_flagged : int
        Smaller flagged sets don't count: three lucky hits are no result.
    """
    hits, flagged = _curve(*by_score(y, score, weight))
    if not hits.size or hits[-1] == 0:
        return float("nan")
    good = (hits / np.maximum(flagged, 1e-12) >= precision) & (flagged >= min_flagged)
    return float((hits[good] / hits[-1]).max()) if good.any() else 0.0


def _curve(positives: FloatArray, negatives: FloatArray) -> tuple[FloatArray, FloatArray]:
    hits = np.cumsum(positives)
    return hits, hits + np.cumsum(negatives)


def by_score(
    y: npt.ArrayLike, score: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the weight of positives and of negatives per distinct score, highest score first."""
    outcome, values = checked(y, score)
    weights = np.ones_like(values) if weight is None else np.asarray(weight, dtype=np.float64)
    group, size = score_groups(values)
    return group_counts(outcome, weights, group, size)


def group_counts(
    outcome: FloatArray, weight: FloatArray, group: npt.NDArray[np.intp], size: int
) -> tuple[FloatArray, FloatArray]:
    """Add up the weight of positives and of negatives per group."""
    positives = np.bincount(group, weights=weight * outcome, minlength=size).astype(np.float64)
    negatives = np.bincount(group, weights=weight * (1 - outcome), minlength=size).astype(np.float64)
    return positives, negatives


def score_groups(score: FloatArray) -> tuple[npt.NDArray[np.intp], int]:
    """Number the distinct scores from the highest down; return each row's number and how many there are."""
    distinct, group = np.unique(-score, return_inverse=True)
    return group, int(distinct.size)


def checked(y: npt.ArrayLike, score: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return both as float arrays, or say why they don't fit together.

    Raises
    ------
    EvaluationDataError
        If the lengths differ, an outcome isn't 0 or 1 or a score is missing.
    """
    outcome, values = np.asarray(y, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if outcome.shape != values.shape or outcome.ndim != 1:
        raise EvaluationDataError(
            f"{outcome.shape} outcomes for {values.shape} scores", hint="pass one score per customer"
        )
    if np.isnan(values).any() or not np.isin(outcome, (0.0, 1.0)).all():
        raise EvaluationDataError("outcomes must be 0 or 1 and no score may be missing", hint="drop censored customers")
    return outcome, values
