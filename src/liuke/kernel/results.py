"""Values that carry what is known about them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotEnoughData:
    """A result, not an error: the question can't be answered yet.

    Parameters
    ----------
    reason_zh, reason_en : str
        Why, in a sentence an operator can read.
    have, need : float
        The count that is there and the count that would be enough.
    """

    reason_zh: str
    reason_en: str
    have: float
    need: float


@dataclass(frozen=True)
class Estimate:
    """A number with the interval that belongs to it.

    Parameters
    ----------
    value, low, high : float
        The estimate and its confidence interval.
    level : float
        Coverage of the interval, such as 0.95.
    n : int
        How many units it rests on.
    """

    value: float
    low: float
    high: float
    level: float
    n: int
