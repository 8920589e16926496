"""Is one model better than another, worse, or as good? Beyond chance, and by a size that matters.

With many customers the smallest difference is beyond chance; an error that is a thousandth smaller changes no decision.
"""

from __future__ import annotations

from typing import Literal

from liuke.kernel.results import Estimate

# Share of the other model's error below which errors count as equal: amounts are told to two or three digits.
LEAST_ERROR_SHARE = 0.01

# AUROC below which orders count as equal: of 200 pairs of a leaver and a stayer, one more put in the right order.
LEAST_AUROC = 0.005

Standing = Literal["better", "worse", "same"]


def standing(gain: Estimate, least: float) -> Standing:
    """Return how a model stands to another.

    Parameters
    ----------
    gain : Estimate
        By how much it is better; below 0: worse.
    least : float
        Smaller differences don't matter, whatever the interval says.

    Examples
    --------
    >>> standing(Estimate(-0.3, -0.4, -0.2, 0.95, 20_000), least=100.0)
    'same'
    """
    if gain.low > 0 and gain.value >= least:
        return "better"
    return "worse" if gain.high < 0 and -gain.value >= least else "same"
