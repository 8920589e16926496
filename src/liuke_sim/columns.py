"""A table as a dict of equally long NumPy arrays: the only shape in which rows travel inside the shop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
"""Of any number type: which one, the column's name says."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Columns = dict[str, Column]

SECONDS_A_DAY = 86_400


def length(rows: Columns) -> int:
    """Count the rows."""
    return len(next(iter(rows.values()))) if rows else 0


def take(rows: Columns, index: Ints | Bools) -> Columns:
    """Select rows by position or mask."""
    return {name: column[index] for name, column in rows.items()}


def stack(parts: Iterable[Columns]) -> Columns:
    """Put tables with the same columns below each other; empty ones are skipped."""
    filled = [part for part in parts if length(part)]
    if not filled:
        return {}
    return {name: np.concatenate([part[name] for part in filled]) for name in filled[0]}


def sort(rows: Columns, *keys: str) -> Columns:
    """Order rows by `keys`, the first being the most significant; ties keep their order."""
    return take(rows, np.lexsort([rows[key] for key in reversed(keys)])) if length(rows) else rows


def split(rows: Columns, mask: Bools) -> tuple[Columns, Columns]:
    """Return the rows inside and outside `mask`."""
    return take(rows, mask), take(rows, ~mask)


def pick(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw `size` positions with probability proportional to `weights`, shape ``(k,)``."""
    edges = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), len(weights) - 1).astype(np.int64)
