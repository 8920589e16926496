"""Chance is the draw itself: what would the difference have been had other clusters been drawn?

Needs no normal distribution and no large sample; the right tool for a handful of regions. Tests that the treatment
changed nobody; the interval takes the effect as the same for everybody.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from math import comb, inf, prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liuke.learn.inference.clusters import ClusterMoments, apart
from liuke.learn.inference.contracts import Alternative, Permutation
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.moments import finite
from liuke.learn.inference.reference import checked_alternative, checked_level

MAX_EXACT = 50_000  # assignments enumerated: 9 of 18 regions are 48,620
_TIE = 1e-9  # relative: assignments that give the same difference up to rounding count as equal

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def permute_clusters(
    treated: ClusterMoments,
    control: ClusterMoments,
    level: float = 0.95,
    *,
    alternative: str = "two-sided",
    strata: Mapping[str, Hashable] | None = None,
    rng: np.random.Generator | None = None,
    draws: int = 20_000,
    max_exact: int = MAX_EXACT,
) -> Permutation:
    """Compare two arms of clusters by all the ways the draw could have gone.

    Parameters
    ----------
    treated, control
        Sums by cluster.
    strata
        Stratum (or matched pair) of each cluster if the draw was made within strata.
    rng
        Needed when there are more than ``max_exact`` assignments: ``draws`` of them are then drawn.

    Returns
    -------
    Permutation
        The interval holds all constant effects that the test doesn't reject. With 3 against 3 regions the smallest
        possible two-sided p is 0.1, so that a 95 % interval is infinite: a result, not a fault.

    Notes
    -----
    Statistic T = difference of Σ total / Σ size. Under an effect τ per customer an assignment π gives A_π − τ·B_π,
    linear in τ, so each assignment is at least as extreme as the real one on one stretch of τ; the ends of the interval
    are order statistics of the ends of these stretches, exact without search.

    References
    ----------
    Imbens, G. W. and Rubin, D. B. (2015), Causal inference for statistics, social, and biomedical sciences, ch. 5.
    Gerber, A. S. and Green, D. P. (2012), Field experiments, ch. 3 (clusters and blocks).
    """
    apart(treated, control)
    side = checked_alternative(alternative)
    keys = treated.keys + control.keys
    groups = [strata[key] for key in keys] if strata is not None else [0] * len(keys)
    sizes, totals = (np.array(a + b) for a, b in ((treated.sizes, control.sizes), (treated.totals, control.totals)))
    real = np.arange(len(keys)) < treated.n
    if not 0 < treated.n < len(keys) or not (sizes > 0).all():
        raise InferenceError("Each arm needs a cluster, each cluster a size.", hint="Leave empty clusters out.")
    return _permute(
        finite(totals, 1), finite(sizes, 1), real, groups, checked_level(level), side, rng, draws, max_exact
    )


def permute_units(
    treated: ArrayLike,
    control: ArrayLike,
    level: float = 0.95,
    *,
    alternative: str = "two-sided",
    rng: np.random.Generator | None = None,
    draws: int = 20_000,
    max_exact: int = MAX_EXACT,
) -> Permutation:
    """Compare the means of two small arms of single units; see ``permute_clusters``."""
    a, b = finite(treated, 1), finite(control, 1)
    side, n = checked_alternative(alternative), len(a) + len(b)
    if min(len(a), len(b)) == 0:
        raise InferenceError(f"The arms have {len(a)} and {len(b)} units.", hint="Each arm needs one.")
    totals, real = np.concatenate([a, b]), np.arange(n) < len(a)
    return _permute(totals, np.ones(n), real, [0] * n, checked_level(level), side, rng, draws, max_exact)


def _permute(
    totals: Floats,
    sizes: Floats,
    real: Bools,
    groups: Sequence[Hashable],
    level: float,
    side: Alternative,
    rng: np.random.Generator | None,
    draws: int,
    max_exact: int,
) -> Permutation:
    assignments, exact = _assignments(real, groups, rng, draws, max_exact)
    treated_size, whole_size = assignments @ sizes, sizes.sum()

    def statistic(values: Floats) -> Floats:
        in_treated = assignments @ values
        return np.asarray(
            in_treated / treated_size - (values.sum() - in_treated) / (whole_size - treated_size), dtype=np.float64
        )

    seen = statistic(totals)
    value, count = float(seen[0]), len(assignments)  # the first assignment is the real one
    slack = _TIE * max(1e-300, float(np.abs(seen).max()))
    if side == "two-sided":
        extreme = np.abs(seen) >= abs(value) - slack
    else:
        extreme = seen >= value - slack if side == "greater" else seen <= value + slack
    low, high = _invert(seen, statistic(sizes * real), value, 1 - level, side)
    return Permutation(value, low, high, level, float(extreme.mean()), count, exact)


def _invert(seen: Floats, slopes: Floats, value: float, alpha: float, side: Alternative) -> tuple[float, float]:
    """Return the ends of the effects that are not rejected, from the stretch of each assignment."""
    with np.errstate(divide="ignore", invalid="ignore"):
        same = (value - seen) / (1 - slopes)
        opposite = (value + seen) / (1 + slopes)
    same[slopes >= 1 - 1e-12] = np.nan  # the real assignment is as extreme as itself under every effect
    lows, highs = np.fmin(same, opposite), np.fmax(same, opposite)
    if side != "two-sided":
        lows, highs = same, same.copy()
    # so is its mirror image, two-sided: under every effect it gives the real difference with the other sign
    unbounded = (slopes >= 1 - 1e-12) | ((slopes <= -1 + 1e-12) & (side == "two-sided"))
    lows = np.where(unbounded | np.isnan(lows), -inf, lows)
    highs = np.where(unbounded | np.isnan(highs), inf, highs)
    # rejected are effects that at most a share alpha of the assignments reach
    step = int(np.floor(alpha * len(seen) + 1e-9))
    low = float(np.sort(lows)[step]) if side != "less" else -inf
    high = float(np.sort(highs)[::-1][step]) if side != "greater" else inf
    return min(low, value), max(high, value)


def _assignments(
    real: Bools, groups: Sequence[Hashable], rng: np.random.Generator | None, draws: int, max_exact: int
) -> tuple[Bools, bool]:
    """Return the assignments to look at, the real one first, and whether they are all."""
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    blocks = [np.array(places) for places in members.values()]
    possible = prod(comb(len(block), int(real[block].sum())) for block in blocks)
    if possible <= max_exact:
        table = _all(real, blocks, possible)
        first = np.flatnonzero((table == real).all(axis=1))[0]
        table[[0, first]] = table[[first, 0]]
        return table, True
    if rng is None:
        raise InferenceError(
            f"{possible:,} assignments are too many to look at all.", hint="Pass rng to draw some of them."
        )
    table = np.empty((draws + 1, len(real)), dtype=bool)
    table[0] = real
    for block in blocks:
        shuffled = np.tile(real[block], (draws, 1))
        table[1:, block] = rng.permuted(shuffled, axis=1)
    return table, False


def _all(real: Bools, blocks: list[NDArray[np.intp]], possible: int) -> Bools:
    table = np.zeros((possible, len(real)), dtype=bool)
    repeat = possible
    for block in blocks:
        chosen = np.array(list(combinations(block.tolist(), int(real[block].sum()))), dtype=np.intp)
        repeat //= len(chosen)
        pattern = np.repeat(np.arange(len(chosen)), repeat)
        rows = np.tile(pattern, possible // len(pattern))
        table[np.arange(possible)[:, None], chosen[rows]] = True
    return table
