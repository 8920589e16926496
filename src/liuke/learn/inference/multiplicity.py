"""Asked often enough, chance says yes: corrections for several arms, metrics and segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liuke.learn.inference.errors import InferenceError

Floats = NDArray[np.float64]
METHODS = ("holm", "hochberg", "bonferroni", "sidak", "holm-sidak", "benjamini-hochberg", "benjamini-yekutieli", "none")
_OTHER_NAMES = {"bh": "benjamini-hochberg", "fdr_bh": "benjamini-hochberg", "by": "benjamini-yekutieli"} | {
    "fdr_by": "benjamini-yekutieli",
    "simes-hochberg": "hochberg",
}


def adjust_p_values(p_values: ArrayLike, method: str = "holm") -> Floats:
    """Return the p-values as they are after having asked so many questions.

    Parameters
    ----------
    p_values
        Shape (m,), each 0 to 1.
    method
        ``holm`` (default), ``hochberg``, ``bonferroni``, ``sidak``, ``holm-sidak``: chance of any false alarm.
        ``benjamini-hochberg`` (``bh``), ``benjamini-yekutieli`` (``by``): share of false ones among the alarms.

    Returns
    -------
    numpy.ndarray
        In the order given; reject where it is at most alpha.

    References
    ----------
    Holm, S. (1979), Scandinavian Journal of Statistics 6, 65-70. Hochberg, Y. (1988), Biometrika 75, 800-802.
    Benjamini, Y. and Hochberg, Y. (1995), JRSS B 57, 289-300. Benjamini, Y. and Yekutieli, D. (2001), Annals of
    Statistics 29, 1165-1188.
    """
    p = np.asarray(p_values, dtype=np.float64)
    name = _OTHER_NAMES.get(method, method)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise InferenceError("p-values lie between 0 and 1.", hint="Leave out comparisons without a p-value.")
    if name not in METHODS:
        raise InferenceError(f"'{method}' is no correction.", hint=f"Use one of {', '.join(METHODS)}.")
    m = len(p)
    if name == "none" or m == 0:
        return p.copy()
    if name == "bonferroni":
        return np.minimum(1.0, p * m)
    if name == "sidak":
        return np.asarray(-np.expm1(m * np.log1p(-np.minimum(p, 1 - 1e-16))), dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(m)
    adjusted[order] = _stepwise(p[order], name)
    return adjusted


def holm(p_values: ArrayLike) -> Floats:
    """Adjust by Holm's step-down method: never less powerful than Bonferroni, valid under any dependence."""
    return adjust_p_values(p_values, "holm")


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjust for the false discovery rate; valid for independent or positively dependent questions."""
    return adjust_p_values(p_values, "benjamini-hochberg")


def adjusted_levels(p_values: ArrayLike, alpha: float = 0.05, method: str = "holm") -> Floats:
    """Return the error level that each raw p-value is compared with.

    A hypothesis is rejected exactly where p ≤ its level: of step-down methods the hypotheses after the first that
    stands, of step-up ones those before the last that falls, keep the level of that one. Intervals of coverage
    1 − level are consistent with the rejections.
    """
    p, name = np.asarray(p_values, dtype=np.float64), _OTHER_NAMES.get(method, method)
    m = len(p)
    if m == 0:
        return np.empty(0)
    rejected = adjust_p_values(p, name) <= alpha
    if name in ("none", "bonferroni", "sidak"):
        single = {"none": alpha, "bonferroni": alpha / m, "sidak": -np.expm1(np.log1p(-alpha) / m)}[name]
        return np.full(m, single)
    order = np.argsort(p, kind="stable")
    levels, count = np.empty(m), int(rejected.sum())
    steps = _step_levels(m, alpha, name)
    if name in ("holm", "holm-sidak"):
        reached = min(count, m - 1)  # the step at which the walk from the smallest stopped
        levels[order] = np.where(np.arange(m) <= reached, steps, steps[reached])
    else:
        stopped = max(count - 1, 0)  # the step at which the walk from the largest stopped
        levels[order] = np.where(np.arange(m) >= stopped, steps, steps[stopped])
    return levels


def _stepwise(p: Floats, name: str) -> Floats:
    m = len(p)
    rank = np.arange(1, m + 1)
    if name == "holm":
        return np.minimum(1.0, np.maximum.accumulate(p * (m - rank + 1)))
    if name == "holm-sidak":
        return np.maximum.accumulate(-np.expm1((m - rank + 1) * np.log1p(-np.minimum(p, 1 - 1e-16))))
    if name == "hochberg":
        scaled = p * (m - rank + 1)
    else:
        scaled = p * m / rank * ((1 / rank).sum() if name == "benjamini-yekutieli" else 1.0)
    return np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])


def _step_levels(m: int, alpha: float, name: str) -> Floats:
    rank = np.arange(1, m + 1)
    if name in ("holm", "hochberg"):
        return alpha / (m - rank + 1)
    if name == "holm-sidak":
        return np.asarray(-np.expm1(np.log1p(-alpha) / (m - rank + 1)), dtype=np.float64)
    return alpha * rank / m / ((1 / rank).sum() if name == "benjamini-yekutieli" else 1.0)
