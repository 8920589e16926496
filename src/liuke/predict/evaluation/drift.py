"""Has the world moved between the period that a model was calibrated on and the one that it is judged by?

The population stability index (PSI) compares two distributions over tenths of the first. Rules of thumb from credit
scoring: below 0.1 nothing to see, from 0.25 on the model speaks about other customers than it was made for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

WATCH, ALARM = 0.1, 0.25
BINS = 10

# An empty bin would make the index infinite; half a customer is assumed there.
EMPTY = 0.5


@dataclass(frozen=True)
class Drift:
    """How far one quantity has moved.

    Attributes
    ----------
    name : str
        A feature, or ``score``.
    psi : float
    before, after : float
        Means of the known values; NaN if none is known.
    """

    name: str
    psi: float
    before: float
    after: float

    @property
    def level(self) -> str:
        """``calm``, ``watch`` or ``alarm``."""
        return "alarm" if self.psi >= ALARM else ("watch" if self.psi >= WATCH else "calm")


def population_stability(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Return the PSI of two samples; missing values are a bin of their own. NaN if one is empty.

    Examples
    --------
    >>> import numpy as np
    >>> population_stability(np.arange(100), np.arange(100))
    0.0
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if not (old.size and new.size):
        return float("nan")
    known = old[np.isfinite(old)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if known.size else np.zeros(0)
    p, q = _shares(old, edges), _shares(new, edges)
    return float(np.sum((q - p) * np.log(q / p)))


def drifts(before: FloatArray, after: FloatArray, names: Sequence[str]) -> tuple[Drift, ...]:
    """Return the drift of each column, largest first.

    Parameters
    ----------
    before, after : array, shape (n_customers, n_features)
    """
    found = [
        Drift(name, population_stability(old, new), _mean(old), _mean(new))
        for name, old, new in zip(names, before.T, after.T, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (-np.nan_to_num(one.psi), one.name)))


def _shares(values: FloatArray, edges: FloatArray) -> FloatArray:
    known = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=edges.size + 1).astype(np.float64)
    counts = np.append(counts, values.size - known.size)
    return np.maximum(counts, EMPTY) / values.size


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
