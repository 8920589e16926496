"""Shares of arms in which nothing happened, or always the same: what exact bounds can say of them."""

from __future__ import annotations

from liuke.learn.analysis.sums import Sums
from liuke.learn.inference import Moments, without_variation

Arms = tuple[Moments, Moments]


def quiet_arms(sums: Sums, name: str, arm: str, control: str, *, stratified: bool) -> Arms | None:
    """Return both arms' zeros and ones if an arm has no variation, else None.

    Parameters
    ----------
    name
        Of a metric of zeros and ones, of independent units.
    stratified
        Whether arms are compared within strata. Then both have to be quiet, and are counted as ``_within`` says.
    """
    treated, base = (sums.whole[one][name].column(0) for one in (arm, control))
    still = (without_variation(treated), without_variation(base))
    if not stratified:
        return (treated, base) if any(still) else None
    return (_within(sums, name, arm, treated), _within(sums, name, control, base)) if all(still) else None


def _within(sums: Sums, name: str, arm: str, whole: Moments) -> Moments:
    """Return an arm with as many units as count when strata are weighted by the units of all arms.

    Notes
    -----
    The chance of nothing among n_s units of each stratum is Π (1 − p_s)^n_s, at most (1 − Σ w_s·p_s)^n with
    n = min n_s / w_s (the logarithm is concave), w_s the stratum's share of all arms: n units of one stratum.
    """
    sizes = [{one: cell[name].n for one, cell in cells.items()} for cells in sums.levels["stratum"].values()]
    every = sum(sum(one.values()) for one in sizes)
    n = int(min(one.get(arm, 0) * every / sum(one.values()) for one in sizes if sum(one.values())))
    return Moments.of_share(n if whole.total else 0, n)
