"""How the learner does for parts of the population, and who was left out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from liuke.predict.churn.contracts import GroupResult, LeftOut
from liuke.predict.churn.origins import Origin
from liuke.predict.evaluation import STATED_RECALL, auroc_of_counts, bootstrap_ranking, precision_at_recall

FloatArray = npt.NDArray[np.float64]
Labelled = Iterator[tuple[str, str, npt.NDArray[np.bool_]]]

LEVEL = 0.95


def parts(
    origin: Origin, chosen: npt.NDArray[np.bool_], probability: FloatArray, rng: np.random.Generator
) -> tuple[GroupResult, ...]:
    """Judge the learner per lifecycle stage, per value tier, and for one-time and repeat buyers apart.

    Parameters
    ----------
    chosen : bool array, shape (n_customers,)
        Who of the origin belongs to the population.
    probability : array, shape (n_chosen,)
        Calibrated probabilities.
    """
    churned, weight = origin.outcomes.churned[chosen], origin.weight[chosen]
    judged = partial(_group, churned, probability, weight, rng)
    return tuple(judged(kind, name, part) for kind, name, part in _labelled(origin, chosen) if part.any())


def left_out(origins: Sequence[Origin], active_only: bool) -> LeftOut:
    """Count who doesn't count, over all origins."""
    treated = controls = graduated = 0
    stand_for = 0.0
    for origin in origins:
        asked = origin.seen.active if active_only else np.ones(len(origin.weight), dtype=np.bool_)
        treated += int((asked & (origin.weight == 0)).sum())
        standing = asked & (origin.weight > 1)
        controls += int(standing.sum())
        stand_for += float(origin.weight[standing].sum())
        graduated += int((asked & (origin.weight > 0) & origin.outcomes.graduated).sum())
    return LeftOut(treated, controls, stand_for, graduated)


def _labelled(origin: Origin, chosen: npt.NDArray[np.bool_]) -> Labelled:
    once = origin.seen.summary.frequency[chosen] == 0
    yield "history", "one-time buyers", once
    yield "history", "repeat buyers", ~once
    if origin.strata is None:
        return
    ids = np.asarray(origin.strata["customer_id"], dtype=np.int64)
    order = np.argsort(ids)
    at = order[np.searchsorted(ids[order], origin.seen.summary.customer_id[chosen])]  # tags know every buyer
    for kind in ("lifecycle", "value_tier"):
        labels = np.array([label or "unknown" for label in origin.strata[kind].to_pylist()], dtype=object)[at]
        for label in sorted(set(labels)):
            yield kind, label, labels == label


def _group(
    churned: FloatArray,
    probability: FloatArray,
    weight: FloatArray,
    rng: np.random.Generator,
    kind: str,
    name: str,
    part: npt.NDArray[np.bool_],
) -> GroupResult:
    y, p, w = churned[part], probability[part], weight[part]
    mean = float(np.average(p, weights=w))
    size = max(round(float(w.sum() ** 2 / (w**2).sum())), 1)
    low, high = (float(v) / size for v in binom.interval(LEVEL, size, mean))
    return GroupResult(
        kind=kind,
        group=name,
        n=int(part.sum()),
        churn_rate=float(np.average(y, weights=w)),
        predicted=mean,
        churn_low=low,
        churn_high=high,
        auroc=bootstrap_ranking(auroc_of_counts, y, p, rng, weight=w),
        precision_at_recall=precision_at_recall(y, p, STATED_RECALL, w),
    )
