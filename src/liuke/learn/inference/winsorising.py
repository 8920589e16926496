"""A few huge orders drown the rest: cap them at the same value in all arms.

The mean of capped values is another quantity than the mean: it says less about the biggest spenders and more, with
fewer customers, about everybody else. Caps come from all arms together, or from before the trial, never per arm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.moments import finite


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds for a metric's values, in its unit; None leaves that side open."""

    low: float | None = None
    high: float | None = None


def find_caps(
    values: ArrayLike, upper: float | None = 0.99, lower: float | None = None, *, ignore_zeros: bool = False
) -> Caps:
    """Return the quantiles of all arms' values together.

    Parameters
    ----------
    values
        Shape (n,), of all arms.
    upper, lower
        Quantiles (0 to 1); None leaves that side open.
    ignore_zeros
        Take the quantile of those who bought: with few buyers the 99 % quantile of all customers is 0.
    """
    array = finite(values, 1)
    if ignore_zeros:
        array = array[array != 0]
    if len(array) == 0:
        raise InferenceError("There are no values to find a cap from.", hint="Wait for the first purchases.")
    for share in (upper, lower):
        if share is not None and not 0 <= share <= 1:
            raise InferenceError(f"{share} is no quantile.", hint="Use a number between 0 and 1, such as 0.99.")
    return Caps(
        None if lower is None else float(np.quantile(array, lower)),
        None if upper is None else float(np.quantile(array, upper)),
    )


def winsorise(values: ArrayLike, caps: Caps) -> NDArray[np.float64]:
    """Return the values with those beyond the caps set to the caps."""
    array = finite(values, 1)
    if caps.low is None and caps.high is None:
        return array.copy()
    return np.clip(array, caps.low, caps.high)
