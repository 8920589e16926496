"""What every purchase model is told about customers: how often, how recently, how long; checked once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from liuke.predict.clv.errors import PurchaseSummaryError

FloatArray = npt.NDArray[np.float64]


def checked(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return frequency, recency and T as equally long float arrays.

    Raises
    ------
    PurchaseSummaryError
        If they are empty, differ in length or contradict ``0 <= recency <= T``.
    """
    x, t_x, T_obs = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (frequency, recency, T))
    if not (x.ndim == 1 and x.size and x.shape == t_x.shape == T_obs.shape):
        raise PurchaseSummaryError(
            f"frequency, recency and T must be equally long and not empty; got {x.shape}, {t_x.shape}, {T_obs.shape}",
            hint="pass one value per customer in each of the three arrays",
        )
    wrong = ~((x >= 0) & (x == np.floor(x)) & (t_x >= 0) & (t_x <= T_obs) & ((x > 0) | (t_x == 0)))  # also catches NaN
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise PurchaseSummaryError(
            f"{int(wrong.sum())} customers contradict 0 <= recency <= T (recency 0 where frequency is 0);"
            f" the first: frequency {x[i]}, recency {t_x[i]}, T {T_obs[i]}",
            hint="count purchase days, not orders, and measure all three up to the same day",
        )
    return x, t_x, T_obs


def distinct(
    frequency: FloatArray, recency: FloatArray, T: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the different histories and how many customers share each: likelihoods are summed over these."""
    rows, counts = np.unique(np.column_stack([frequency, recency, T]), axis=0, return_counts=True)
    return rows[:, 0], rows[:, 1], rows[:, 2], counts.astype(np.float64)


def of_count(function: Callable[[FloatArray], FloatArray], offset: float, x: FloatArray) -> FloatArray:
    """Return ``function(offset + x)``: counts are few and small, so each is computed once."""
    counts = x.astype(np.intp)
    table: FloatArray = function(offset + np.arange(counts.max(initial=0) + 1.0))
    return table[counts]
