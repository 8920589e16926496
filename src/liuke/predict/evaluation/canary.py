"""Does one feature alone know the answer?

No fact about the past separates who will leave from who will stay almost perfectly. A feature that does was computed
at extraction time instead of at the cutoff, or is the outcome under another name. A model built on it looks brilliant
and is worthless, so training stops and names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.predict.evaluation.errors import LeakageError
from liuke.predict.evaluation.ranking import auroc

# A leak on public data gave 1.000; the best honest single feature there (recency) gave 0.83.
MAX_AUROC = 0.985

# With fewer customers in a class a perfect order can be luck.
MIN_CLASS = 30


@dataclass(frozen=True)
class Leak:
    """A feature that separates the outcome implausibly well."""

    feature: str
    auroc: float


def find_leaks(
    features: npt.NDArray[np.float64], names: Sequence[str], y: npt.ArrayLike, max_auroc: float = MAX_AUROC
) -> tuple[Leak, ...]:
    """Return the features whose own AUROC, in either direction, is above ``max_auroc``.

    Parameters
    ----------
    features : array, shape (n_customers, n_features)
        Missing values (NaN) are tried as smallest and as largest: that a value is missing can be the leak.
    names : sequence of str, length n_features
    y : array_like, shape (n_customers,)
        0 or 1.
    """
    outcome = np.asarray(y, dtype=np.float64)
    if min(outcome.sum(), (1 - outcome).sum()) < MIN_CLASS:
        return ()
    leaks = []
    for name, column in zip(names, features.T, strict=True):
        missing = np.isnan(column)
        fillings = (-np.inf, np.inf) if missing.any() else (0.0,)
        areas = [auroc(outcome, np.where(missing, filling, column)) for filling in fillings]
        strongest = max(max(area, 1 - area) for area in areas)
        if strongest > max_auroc:
            leaks.append(Leak(name, strongest))
    return tuple(leaks)


def refuse_leaks(
    features: npt.NDArray[np.float64],
    names: Sequence[str],
    y: npt.ArrayLike,
    honest: Iterable[npt.NDArray[np.float64]] = (),
) -> None:
    """Stop if a feature leaks.

    Parameters
    ----------
    honest : iterable of array, shape (n_customers,)
        Scores known to come from before the cutoff. If one of them separates the outcome as well, the shop is simply as
        regular as clockwork, and a perfect feature proves nothing.

    Raises
    ------
    LeakageError
        Naming each feature and its AUROC.
    """
    leaks = find_leaks(features, names, y)
    if leaks and not any(find_leaks(score[:, None], ["honest"], y) for score in honest):
        listed = ", ".join(f"{leak.feature} (AUROC {leak.auroc:.3f})" for leak in leaks)
        raise LeakageError(
            f"these features know the outcome, which no fact from before the cutoff can: {listed}",
            hint="compute them from days before the cutoff and rows recorded by then, or remove them from the features",
        )
