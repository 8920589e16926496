"""What the columns look like: counts, bounds and gaps by arm, from one scan; read without rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import duckdb

from liuke.learn.analysis.errors import TableError

MAX_ARMS = 20  # more values than that are no arms: a unit's id was named instead
_WIDTH = 7  # columns of the query per column of numbers


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is known of a column of numbers.

    Parameters
    ----------
    filled, empty, unusable
        Cells with a number, without one, and with something that is none (text, NaN, infinite).
    low, high
        Of the numbers; None without any.
    fractions, others
        How many are not whole; how many are neither 0 nor 1.
    """

    filled: int
    empty: int
    unusable: int
    low: float | None
    high: float | None
    fractions: int
    others: int

    def __add__(self, more: Numbers) -> Numbers:
        lows = [value for value in (self.low, more.low) if value is not None]
        highs = [value for value in (self.high, more.high) if value is not None]
        return Numbers(
            self.filled + more.filled,
            self.empty + more.empty,
            self.unusable + more.unusable,
            min(lows, default=None),
            max(highs, default=None),
            self.fractions + more.fractions,
            self.others + more.others,
        )

    @property
    def bound(self) -> float:
        """The largest absolute value; 0 without any."""
        return max(abs(self.low or 0.0), abs(self.high or 0.0))


@dataclass(frozen=True, slots=True)
class Profile:
    """What one scan of the selection shows.

    Parameters
    ----------
    arms
        Rows of each arm, by name.
    no_unit, no_arm, no_cluster, no_stratum, no_day
        Rows in which that cell is empty or, for a day, none.
    by_arm
        For each arm, its columns of numbers in the selection's order.
    """

    arms: dict[str, int]
    no_unit: int
    no_arm: int
    no_cluster: int
    no_stratum: int
    no_day: int
    by_arm: dict[str, tuple[Numbers, ...]]

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return sum(self.arms.values()) + self.no_arm

    def numbers(self, index: int) -> Numbers:
        """Return what is known of one column over all arms."""
        return reduce(lambda a, b: a + b, (columns[index] for columns in self.by_arm.values()))


def profile(connection: duckdb.DuckDBPyConnection, base: str, n_numbers: int, present: frozenset[str]) -> Profile:
    """Scan a selection once.

    Parameters
    ----------
    base
        Its name.
    n_numbers
        How many columns ``x0 …`` it has.
    present
        Which of ``cluster``, ``stratum``, ``d`` it has.

    Raises
    ------
    TableError
        If the arm column has so many values that it cannot be arms.
    """
    empties = ["count_if(unit_empty)"]
    empties += [f"count_if({name} IS NULL)" if name in present else "0" for name in ("cluster", "stratum", "d")]
    columns = ", ".join(_about(f"x{i}") for i in range(n_numbers))
    query = f"SELECT arm, count(*), {', '.join(empties)}, {columns} FROM {base} GROUP BY arm LIMIT {MAX_ARMS + 2}"
    found = connection.execute(query).fetchall()
    named = sorted((row for row in found if row[0] is not None), key=lambda row: str(row[0]))
    if len(named) > MAX_ARMS:
        raise TableError(f"the arm column has more than {MAX_ARMS} values", hint="name the column that holds the arm")
    totals = [sum(row[i] for row in found) for i in range(2, 6)]
    return Profile(
        arms={row[0]: row[1] for row in named},
        no_unit=totals[0],
        no_arm=sum(row[1] for row in found if row[0] is None),
        no_cluster=totals[1],
        no_stratum=totals[2],
        no_day=totals[3],
        by_arm={row[0] or "": tuple(_numbers(row, 6 + _WIDTH * i) for i in range(n_numbers)) for row in found},
    )


def _about(x: str) -> str:
    """Seven columns, in the order of ``Numbers``: a value that is no number has become NaN."""
    fine = f"FILTER (isfinite({x}))"
    return (
        f"count(*) {fine}, count_if({x} IS NULL), count_if(NOT isfinite({x})), min({x}) {fine}, max({x}) {fine}, "
        f"count_if(isfinite({x}) AND {x} <> trunc({x})), count_if(isfinite({x}) AND {x} <> 0 AND {x} <> 1)"
    )


def _numbers(row: tuple[Any, ...], start: int) -> Numbers:
    filled, empty, unusable, low, high, fractions, others = row[start : start + _WIDTH]
    return Numbers(filled, empty, unusable or 0, low, high, fractions or 0, others or 0)  # NULL where all are empty
