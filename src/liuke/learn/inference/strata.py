"""Customers of a kind are compared with their kind: post-stratification.

Strata are fixed before the draw (region, member tier). The difference is averaged by the strata's sizes, so that an arm
that happened to get more big spenders has no advantage. May be combined with ratios and with CUPED.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from liuke.learn.inference.adjustment import find_theta, linearise
from liuke.learn.inference.contracts import Difference
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.moments import Moments, MultiMoments, PairMoments
from liuke.learn.inference.reference import conclude, enough

Floats = NDArray[np.float64]
Sums = Moments | PairMoments | MultiMoments
Cell = tuple[MultiMoments, MultiMoments]


def post_stratify(
    strata: Mapping[str, tuple[Sums, Sums]],
    level: float = 0.95,
    *,
    relative: bool = False,
    ratio: bool = False,
    theta: str | float = "within",
    alternative: str = "two-sided",
) -> Difference:
    """Compare two arms within strata and average the differences by the strata's sizes.

    Parameters
    ----------
    strata
        Treated and control sums by stratum: ``Moments`` of a metric, or columns as ``adjust`` takes them (a
        ``PairMoments`` is a metric y with its covariate x, or numerator y and denominator x if ``ratio``). Strata with
        fewer than two units in an arm are thrown together first, with the largest one if that is not enough.
    relative
        Return the difference over the control's raw mean instead.
    ratio
        The metric is a ratio of sums; covariates then come in pairs too.
    theta
        As of ``adjust``; of means found in each stratum by itself (as a regression there finds it), of ratios in all
        together.

    Notes
    -----
    Column means of arm a: m_a = Σ w_s·m_as with w_s the stratum's share of both arms. Their covariance is
    Σ w_s²·S_as/n_as in an arm, plus (Σ w_s·m_as·m_bs' − m_a·m_b')/N between arms a and b: what another draw of
    customers would change in the shares. Then the delta method, θ taken as known.

    References
    ----------
    Miratrix, L. W., Sekhon, J. S. and Yu, B. (2013), Adjusting treatment effect estimates by post-stratification in
    randomized experiments, JRSS B 75, 369-396. Xie, H. and Aurisset, J. (2016), Improving the sensitivity of online
    controlled experiments: case studies at Netflix, KDD.
    """
    cells = _merged([(_columns(t), _columns(c)) for t, c in strata.values()])
    if not ratio:
        cells = [_without_covariates(cell, theta) for cell in cells]
    average, spread = _averages(cells)
    k, n = len(average) // 2, sum(t.n + c.n for t, c in cells)
    arms = [linearise(_at(average[side], n), ratio, ratio) for side in (slice(0, k), slice(k, 2 * k))]
    # of a mean the one "covariate" left is what the covariates explain, to be taken away in full
    weights = _theta(cells, theta) if ratio and k > 2 else np.ones(len(arms[0].covariates))
    values = [arm.metric - float(weights @ arm.covariates) for arm in arms]
    slopes = [arm.metric_gradient - weights @ arm.covariate_gradients for arm in arms]
    value, gradient = values[0] - values[1], np.concatenate([slopes[0], -slopes[1]])
    if relative:
        raw = arms[1].metric
        if raw == 0:
            raise InferenceError("The control mean is zero; there is no per cent of it.", hint="Use the difference.")
        base, sign = abs(raw), 1 if raw > 0 else -1
        gradient[k:] -= sign * value / base * arms[1].metric_gradient
        value, gradient = value / base, gradient / base
    squared_error = max(0.0, float(gradient @ spread @ gradient))
    return conclude(value, sqrt(squared_error), level, alternative, method="post-stratified", relative=relative)


def _columns(sums: Sums) -> MultiMoments:
    if isinstance(sums, Moments):
        return MultiMoments(sums.n, (sums.total,), ((sums.total_sq,),))
    return sums.multi if isinstance(sums, PairMoments) else sums


def _averages(cells: list[Cell]) -> tuple[Floats, Floats]:
    """Return the weighted means of all columns, treated before control, and their covariance."""
    sizes = np.array([t.n + c.n for t, c in cells], dtype=np.float64)
    shares = sizes / sizes.sum()
    means = np.array([np.concatenate([t.means, c.means]) for t, c in cells])
    average = shares @ means
    spread = ((means * shares[:, None]).T @ means - np.outer(average, average)) / sizes.sum()
    k = len(average) // 2
    for share, (t, c) in zip(shares, cells, strict=True):
        spread[:k, :k] += share**2 * t.covariances / t.n
        spread[k:, k:] += share**2 * c.covariances / c.n
    return average, spread


def _at(means: Floats, n: int) -> MultiMoments:
    """Return sums that have these means, of units that are all alike; only the means are asked for."""
    products = n * np.outer(means, means)
    return MultiMoments(n, tuple((means * n).tolist()), tuple(tuple(row) for row in products.tolist()))


def _theta(cells: list[Cell], theta: str | float) -> Floats:
    whole = reduce(_joined, cells)
    return find_theta(whole[0], whole[1], theta, True, True)


def _without_covariates(cell: Cell, theta: str | float) -> Cell:
    """Return the metric and what the covariates explain of it in this stratum, as two columns."""
    k = len(cell[0].totals)
    if k == 1:
        return cell
    turn = np.zeros((2, k))
    turn[0, 0], turn[1, 1:] = 1.0, find_theta(cell[0], cell[1], theta, False, False)
    treated, control = (_turned(sums, turn) for sums in cell)
    return treated, control


def _turned(sums: MultiMoments, turn: Floats) -> MultiMoments:
    totals, products = turn @ np.array(sums.totals), turn @ np.array(sums.products) @ turn.T
    return MultiMoments(sums.n, tuple(totals.tolist()), tuple(tuple(row) for row in products.tolist()))


def _merged(cells: list[Cell]) -> list[Cell]:
    large = [cell for cell in cells if min(cell[0].n, cell[1].n) >= 2]
    small = [cell for cell in cells if min(cell[0].n, cell[1].n) < 2]
    if small:
        rest = reduce(_joined, small)
        if min(rest[0].n, rest[1].n) < 2 and large:
            host = max(large, key=lambda cell: cell[0].n + cell[1].n)
            rest = _joined(rest, host)
            large = [cell for cell in large if cell is not host]
        large.append(rest)
    enough(min((t.n for t, _ in large), default=0), min((c.n for _, c in large), default=0), 2)
    return large


def _joined(one: Cell, other: Cell) -> Cell:
    return one[0] + other[0], one[1] + other[1]
