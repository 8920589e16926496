"""Ranks that a few customers can be given later: cut-points of the whole population, published with a full build.

Let the population have N values, of which L are smaller than x. The rank of x is floor(1000 L / N) / 1000, at most
0.999. With c_k the value at place ceil(k N / 1000) in rising order, c_k < x holds exactly if k <= 1000 L / N; so the
rank is also the number of cut-points below x, in thousandths: a full build and a reader of cut-points agree exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from liuke.understand.tags.nodes import PercentRank

RESOLUTION = 1000
"""Ranks are thousandths: the top 1 % is exact, and 999 numbers per rank can be published."""

CutPoints: TypeAlias = Mapping[str, tuple[float, ...]]
"""`rank_key` to 999 rising numbers (none where the population is empty)."""


def rank_key(rank: PercentRank) -> str:
    """Return the name under which a rank's cut-points are published: what is ranked, which way, among whom."""
    among = ""
    if rank.among is not None:
        among = "@" + hashlib.sha256(rank.among.model_dump_json().encode()).hexdigest()[:8]
    return f"{rank.of}{'-' if rank.descending else ''}{among}"


def cut_points(rising: Sequence[float]) -> tuple[float, ...]:
    """Return the 999 cut-points of values in rising order.

    Examples
    --------
    >>> cuts = cut_points([10, 20, 30, 40])
    >>> len(cuts), cuts[249], cuts[250], cuts[998]
    (999, 10, 20, 40)
    """
    n = len(rising)
    if n == 0:
        return ()
    return tuple(rising[-(-k * n // RESOLUTION) - 1] for k in range(1, RESOLUTION))
