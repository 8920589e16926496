"""Shares of arms in which hardly anybody, or all but a few, did it: counted exactly, for variances say little."""

from __future__ import annotations

from liuke.learn.analysis.sums import Sums
from liuke.learn.inference import Moments

# Fewer successes (or failures) than this in an arm, and its sample variance is as likely half as double the true one;
# with none it is zero, and one more complaint would make an interval narrower than none did.
FEW = 10

Arms = tuple[Moments, Moments]


def rare_arms(sums: Sums, name: str, arm: str, control: str, *, stratified: bool) -> Arms | None:
    """Return both arms' zeros and ones if there are few of either in an arm, else None.

    Parameters
    ----------
    name
        Of a metric of zeros and ones, of independent units.
    stratified
        Whether arms are compared within strata: they are then counted as ``_within`` says.
    """
    whole = [sums.whole[one][name].column(0) for one in (arm, control)]
    if min(min(one.total, one.n - one.total) for one in whole) >= FEW:
        return None
    treated, base = [_within(sums, name, one) for one in (arm, control)] if stratified else whole
    return treated, base


def _within(sums: Sums, name: str, arm: str) -> Moments:
    """Return an arm with its share and as many units as count when strata are weighted by the units of all arms.

    Notes
    -----
    n = 1 / Σ (w_s² / n_s), w_s the stratum's share of the units of all arms: the size of an arm whose mean has the
    variance that the weighted mean has, if the strata are alike in this. Strata that lack the arm weigh nothing.

    References
    ----------
    Kish, L. (1965), Survey sampling, section 11.7: the effective size of a weighted sample.
    """
    found = [cells for cells in sums.levels["stratum"].values() if arm in cells and cells[arm][name].n]
    own = [cells[arm][name].column(0) for cells in found]
    sizes = [sum(cell[name].n for cell in cells.values()) for cells in found]
    weights = [size / sum(sizes) for size in sizes]
    n = max(1, int(1 / sum(weight**2 / one.n for weight, one in zip(weights, own, strict=True))))
    hits = n * sum(weight * one.mean for weight, one in zip(weights, own, strict=True))
    return Moments(n, hits, hits)
