"""Which of four levels does a customer stand at?

The level says what is worth doing, so it follows from the money at stake and from how much the shop can do:

- *blue*: less likely to churn than is usual in their lifecycle stage;
- *yellow*: at least as likely as usual, but no more than that;
- *orange*, *red*: yellow, and among the highest values at risk of their stage, as many as there is capacity.

Capacity is given to lifecycle stages in proportion to the value at risk of their yellow customers, so that a stage's
threshold follows from what is at stake there. Who stood at a level before is ranked with a bonus (hysteresis), which
keeps levels from flapping without ever exceeding capacity.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BLUE, YELLOW, ORANGE, RED = 0, 1, 2, 3


def value_at_risk(probability: FloatArray, expected_margin_minor: FloatArray) -> FloatArray:
    """Return P(churn) x expected margin in the horizon if they stay, minor units, at least 0."""
    return np.asarray(probability * np.maximum(expected_margin_minor, 0.0), dtype=np.float64)


def levels(
    probability: FloatArray,
    at_risk: FloatArray,
    stage: npt.NDArray[np.intp],
    previous: IntArray,
    red_capacity: int,
    orange_capacity: int,
    hysteresis: float,
) -> IntArray:
    """Return the level, 0 (blue) to 3 (red), of each customer.

    Parameters
    ----------
    probability, at_risk : array, shape (n_customers,)
        Of churn, and value at risk in minor units. Ties keep the order of the rows.
    stage : int array, shape (n_customers,)
        Lifecycle stage as a code from 0.
    previous : int array, shape (n_customers,)
        Level of the run before, -1 if there was none.
    red_capacity, orange_capacity : int
    hysteresis : float
        0.25: a level is lost only 25 % below its threshold.
    """
    if not probability.size:
        return np.zeros(0, dtype=np.int64)
    usual = (np.bincount(stage, weights=probability) / np.maximum(np.bincount(stage), 1))[stage]
    likely = probability * np.where(previous >= YELLOW, 1 + hysteresis, 1.0) >= usual
    level = np.where(likely, YELLOW, BLUE).astype(np.int64)
    stakes = np.bincount(stage, weights=np.where(likely, at_risk, 0.0)).astype(np.float64)
    for name, capacity in ((RED, red_capacity), (ORANGE, orange_capacity)):
        ranked = at_risk * np.where(previous >= name, 1 + hysteresis, 1.0)
        free = likely & (at_risk > 0) & (level == YELLOW)
        seats = shared_out(capacity, stakes, np.bincount(stage[free], minlength=stakes.size))
        for code in np.flatnonzero(seats):
            candidates = np.flatnonzero(free & (stage == code))
            first = candidates[np.argsort(-ranked[candidates], kind="stable")]
            level[first[: seats[code]]] = name
    return level


def shared_out(capacity: int, stakes: FloatArray, wanted: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Give whole seats to stages in proportion to their stakes, never more than wanted (largest remainders).

    Examples
    --------
    >>> shared_out(10, np.array([70.0, 30.0, 0.0]), np.array([100, 2, 5])).tolist()
    [8, 2, 0]
    """
    seats = np.zeros(stakes.size, dtype=np.intp)
    while True:
        left = capacity - int(seats.sum())
        open_stages = (wanted > seats) & (stakes > 0)
        if left <= 0 or not open_stages.any():
            return seats
        weight = np.where(open_stages, stakes, 0.0)
        exact = left * weight / weight.sum()
        give = np.floor(exact).astype(np.intp)
        rest = left - int(give.sum())
        give[np.argsort(-(exact - give), kind="stable")[:rest]] += 1
        seats = np.minimum(seats + np.where(open_stages, give, 0), wanted)
