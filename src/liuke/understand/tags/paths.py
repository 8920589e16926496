"""Shapes that follow a customer through time: what came after what, and counts that fade."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from liuke.understand.tags.conditions import AnyPredicate, condition_sql
from liuke.understand.tags.dialect import Dialect
from liuke.understand.tags.predicates import fields_of
from liuke.understand.tags.shapes import (
    Base,
    Rows,
    Scans,
    Step,
    Window,
    filtered,
    grouped,
    resolver,
)
from liuke.understand.tags.sources import Source

WEIGHT_UNIT = 10**12
"""Weights of decayed counts are whole multiples of its inverse: no engine rounds them."""


@dataclass
class Follow(Base):
    """First rows and whether a second row follows them.

    Rows are first counted per instant, so that the order of instants is total and nothing depends on the order in which
    rows of one instant are read.
    """

    rows: Rows
    second: Source
    second_where: AnyPredicate | None
    within: int | None
    negated: bool
    as_of: dt.date
    stats: dict[str, str] = field(default_factory=dict)

    def reads(self) -> dict[str, set[str]]:
        """Columns that are read, by source."""
        found = {self.source.name: {"occurred_at", *fields_of(self.rows.where)}}
        found.setdefault(self.second.name, set()).update({"occurred_at", *fields_of(self.second_where)})
        return found

    def windows(self) -> Iterable[Window]:
        """Yield the window of the first rows; what follows them is not older."""
        return (self.rows.window,)

    def size(self) -> int:
        """How many leaves it holds."""
        return len(self.stats)

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield rows counted per instant, the next day with a second row, and the row per customer."""
        yield f"{self.name}_marks", self._marks(scans, dialect)
        order = (
            "PARTITION BY customer_id ORDER BY day ASC, instant ASC ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"
        )
        following = f"min(CASE WHEN n_second > 0 THEN day END) OVER ({order}) AS next_day"
        yield f"{self.name}_next", f"SELECT *, {following} FROM {self.name}_marks"
        later = "next_day IS NOT NULL"
        if self.within is not None:
            later = f"coalesce({dialect.days_between('day', 'next_day')} <= {self.within}, false)"
        followed = (
            f"(CASE WHEN {later} OR n_second >= 1 THEN n_first ELSE 0 END"
            f" + CASE WHEN {later} OR n_second >= 2 THEN n_both ELSE 0 END)"
        )
        n = f"(n_first + n_both - {followed})" if self.negated else followed
        kept = ["n_first + n_both > 0"]
        if self.negated and self.within is not None:  # its days are over
            kept.append(f"day < {dialect.literal(self.as_of - dt.timedelta(days=self.within))}")
        yield (
            f"{self.name}_found",
            f"SELECT customer_id, day, {n} AS n FROM {self.name}_next WHERE {' AND '.join(kept)}",
        )
        wanted = [f"{_STATS[stat]} AS {alias}" for stat, alias in self.stats.items()]
        yield self.name, grouped(f"{self.name}_found", (), wanted, [])

    def _marks(self, scans: Scans, dialect: Dialect) -> str:
        first = " AND ".join(self.row_conditions(self.rows, dialect)) or "true"
        second = "true"
        if self.second_where is not None:
            second = condition_sql(self.second_where, resolver(self.second, dialect), dialect)
        keys = "customer_id, occurred_on AS day, occurred_at AS instant"
        if self.source.name == self.second.name:
            marked = (
                f"SELECT {keys}, coalesce({first}, false) AS first_holds, coalesce({second}, false) AS second_holds"
                f" FROM {scans[self.source.name]}"
            )
        else:
            marked = (
                f"SELECT {keys}, true AS first_holds, false AS second_holds FROM {scans[self.source.name]}"
                f" WHERE {first} UNION ALL SELECT {keys}, false AS first_holds, true AS second_holds"
                f" FROM {scans[self.second.name]} WHERE {second}"
            )
        counts = [
            "count(*) FILTER (WHERE first_holds AND NOT second_holds) AS n_first",
            "count(*) FILTER (WHERE first_holds AND second_holds) AS n_both",
            "count(*) FILTER (WHERE second_holds) AS n_second",
        ]
        since = [condition.replace(self.source.day or "", "day") for condition in self.since(dialect)]
        kept = ["(first_holds OR second_holds)", *since]
        return grouped(f"({marked}) AS marked", ("day", "instant"), counts, kept)


_STATS = {
    "count": "sum(n)",
    "holds": "max(CASE WHEN n > 0 THEN 1 ELSE 0 END) = 1",
    "last_on": "max(CASE WHEN n > 0 THEN day END)",
}


@dataclass
class Fading(Base):
    """Decayed counts and sums: exact per customer and day first, then weighed by the day's age."""

    as_of: dt.date
    leaves: dict[tuple[str | None, Rows, int], str] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Columns of the source that are read."""
        named = {column for column, _, _ in self.leaves if column}
        return named | {f for _, rows, _ in self.leaves for f in fields_of(rows.where)}

    def windows(self) -> Iterable[Window]:
        """Yield the windows of all leaves."""
        return (rows.window for _, rows, _ in self.leaves)

    def size(self) -> int:
        """How many leaves it holds."""
        return len(self.leaves)

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield amounts per day, and the row per customer."""
        parts: dict[tuple[str | None, Rows], str] = {}
        for column, rows, _ in self.leaves:
            parts.setdefault((column, rows), f"p{len(parts) + 1}")
        amounts = [
            filtered(self.aggregate("sum" if column else "count", column, dialect), self.row_conditions(rows, dialect))
            + f" AS {part}"
            for (column, rows), part in parts.items()
        ]
        day = f"{self.source.day} AS day"
        yield f"{self.name}_days", grouped(scans[self.source.name], (day,), amounts, self.since(dialect))
        age = dialect.days_between("day", dialect.literal(self.as_of))
        weighed = [
            f"sum({dialect.decimal(f'coalesce({parts[column, rows]}, 0)', 22, 6)} * {_weight_sql(age, half, dialect)})"
            f" AS {alias}"
            for (column, rows, half), alias in self.leaves.items()
        ]
        yield self.name, grouped(f"{self.name}_days", (), weighed, [])


def _weight_sql(age: str, half_life: int, dialect: Dialect) -> str:
    """Return 10¹² · 2^(−age ÷ half_life), rounded down, in whole numbers only.

    With age = q · half_life + r it is a fixed number for r, halved q times; from q = 40 on it is 0.
    """
    halvings = f"least({dialect.floor_divide(age, str(half_life))}, 40)"
    part = dialect.pick(day_weights(half_life), dialect.modulo(age, half_life))
    halved = dialect.floor_divide(part, dialect.pick([2**q for q in range(41)], halvings))
    return dialect.decimal(halved, 13, 0)


def day_weights(half_life: int) -> list[int]:
    """Return 10¹² · 2^(−r ÷ half_life) for r = 0 … half_life − 1, rounded to whole numbers, exactly.

    Examples
    --------
    >>> day_weights(2)
    [1000000000000, 707106781187]
    """
    with localcontext() as context:
        context.prec = 40  # no engine's and no library's binary `pow` is asked
        return [
            int((Decimal(2) ** (Decimal(-r) / half_life) * WEIGHT_UNIT).to_integral_value()) for r in range(half_life)
        ]
