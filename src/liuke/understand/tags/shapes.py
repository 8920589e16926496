"""How leaves that share one scan become SQL: one class per shape.

The shape matters more than the engine. What can be added up has a file of its own, `cells.py`, as have sequences and
decay, `paths.py`. Day-based leaves share one table of (customer, day), those about a column's values one of
(customer, value).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from liuke.understand.tags.conditions import AnyPredicate, Resolve, Value, condition_sql
from liuke.understand.tags.dialect import Dialect
from liuke.understand.tags.predicates import fields_of
from liuke.understand.tags.sources import Source

Step: TypeAlias = tuple[str, str]
"""Name and body of one CTE."""

Scans: TypeAlias = Mapping[str, str]
"""Name of a source to the CTE with its rows."""


@dataclass(frozen=True)
class Window:
    """Days from `start` (None: the beginning) up to and without `end` (None: the moment itself)."""

    start: dt.date | None
    end: dt.date | None

    def sql(self, day: str, dialect: Dialect) -> list[str]:
        """Return the conditions on a day column that are not true of every row."""
        low = [f"{day} >= {dialect.literal(self.start)}"] if self.start else []
        return low + ([f"{day} < {dialect.literal(self.end)}"] if self.end else [])


@dataclass(frozen=True)
class Rows:
    """Which rows of a source a leaf reads."""

    where: AnyPredicate | None
    window: Window


class Shape(Protocol):
    """Leaves of one kind over one scan."""

    name: str
    source: Source

    def reads(self) -> dict[str, set[str]]:
        """Columns that are read, by source."""

    def oldest(self) -> dt.date | None:
        """The earliest day of any row that matters; None if all history does."""

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield the CTEs; those that leaves stand in have one row per customer."""

    def size(self) -> int:
        """How many leaves it holds."""


@dataclass
class Base:
    """What all shapes share."""

    name: str
    source: Source

    def reads(self) -> dict[str, set[str]]:
        """Columns that are read, by source."""
        return {self.source.name: self.columns()}

    def columns(self) -> set[str]:
        """Columns of the one source that are read."""
        raise NotImplementedError

    def windows(self) -> Iterable[Window]:
        """Yield the windows of all leaves."""
        raise NotImplementedError

    def oldest(self) -> dt.date | None:
        """The earliest day of any row that matters; None if all history does."""
        starts = [window.start for window in self.windows()]
        return None if self.source.day is None or None in starts else min(start for start in starts if start)

    def since(self, dialect: Dialect) -> list[str]:
        """Return the condition that drops rows older than every window, so that old files need not be read."""
        oldest = self.oldest()
        return [f"{self.source.day} >= {dialect.literal(oldest)}"] if oldest else []

    def aggregate(self, fn: str, column: str | None, dialect: Dialect) -> str:
        """Return a count, sum, smallest or largest value as an aggregate; sums are exact."""
        if fn == "count":
            return f"count({column_sql(column, dialect) if column else '*'})"
        name = column_sql(column or "", dialect)
        return f"sum({dialect.exact(name, self.source.kind(column or ''))})" if fn == "sum" else f"{fn}({name})"

    def row_conditions(self, rows: Rows, dialect: Dialect) -> list[str]:
        """Return the SQL conditions that keep a leaf's rows."""
        kept = rows.window.sql(self.source.day, dialect) if self.source.day else []
        return kept + ([condition_sql(rows.where, resolver(self.source, dialect), dialect)] if rows.where else [])


def resolver(source: Source, dialect: Dialect) -> Resolve:
    """Return how the columns of a source are written."""
    return lambda column: Value(column_sql(column, dialect), source.kind(column))


def column_sql(column: str, dialect: Dialect) -> str:
    """Return a column of a scan; names with a dot are quoted."""
    return dialect.identifier(column) if "." in column else column


@dataclass
class Days(Base):
    """Everything that counts days: different days, and the gaps between them."""

    counts: dict[Rows, str] = field(default_factory=dict)
    gaps: dict[tuple[Rows, str], str] = field(default_factory=dict)
    _sets: dict[Rows, str] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Columns of the source that are read."""
        assert self.source.day
        return {self.source.day} | {f for rows in self._rows() for f in fields_of(rows.where)}

    def windows(self) -> Iterable[Window]:
        """Yield the windows of all leaves."""
        return (rows.window for rows in self._rows())

    def size(self) -> int:
        """How many leaves it holds."""
        return len(self.counts) + len(self.gaps)

    def gaps_cte(self, rows: Rows) -> str:
        """Return the CTE with the statistics of the gaps between the days of a set of rows."""
        return self._sets.setdefault(rows, f"{self.name}_gaps{len(self._sets) + 1}")

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield the days, their numbers per customer, and per set of rows the gaps and their statistics."""
        marks: dict[AnyPredicate | None, str] = {}
        for rows in self._rows():
            marks.setdefault(rows.where, f"m{len(marks) + 1}")
        flags = [
            f"bool_or({condition_sql(where, resolver(self.source, dialect), dialect) if where else 'true'}) AS {mark}"
            for where, mark in marks.items()
        ]
        days = f"{self.name}_days"
        yield days, grouped(scans[self.source.name], (f"{self.source.day} AS day",), flags, self.since(dialect))
        # days that are all there is to count are counted on the way through their gaps
        on_the_way = self.counts if len(self.counts) == 1 and self._sets.keys() >= self.counts.keys() else {}
        for rows, name in self._sets.items():
            kept = " AND ".join([marks[rows.where], *rows.window.sql("day", dialect)])
            before = "lag(day) OVER (PARTITION BY customer_id ORDER BY day)"
            gap = f"{dialect.days_between(before, 'day')} AS gap"
            yield f"{name}_each", f"SELECT customer_id, day, {gap} FROM {days} WHERE {kept}"
            after = "lead(day) OVER (PARTITION BY customer_id ORDER BY day) AS next_day"
            yield f"{name}_last", f"SELECT *, {after} FROM {name}_each"
            wanted = [f"count(*) AS {alias}" for r, alias in on_the_way.items() if r == rows]
            wanted += [
                f"{_GAP[stat].format(median=dialect.median('gap'))} AS {alias}"
                for (r, stat), alias in self.gaps.items()
                if r == rows
            ]
            yield name, grouped(f"{name}_last", (), wanted, [])
        for rows, alias in on_the_way.items():
            yield self.name, f"SELECT customer_id, {alias} FROM {self._sets[rows]}"
        if self.counts and not on_the_way:
            counts = [
                filtered("count(*)", [marks[rows.where], *rows.window.sql("day", dialect)]) + f" AS {alias}"
                for rows, alias in self.counts.items()
            ]
            yield self.name, grouped(days, (), counts, [])

    def _rows(self) -> list[Rows]:
        return [*self.counts, *(rows for rows, _ in self.gaps)]


_GAP = {  # the first day of a customer has no gap
    "mean": "CAST(sum(gap) AS DOUBLE) / nullif(count(gap), 0)",
    "median": "{median}",
    "min": "min(gap)",
    "max": "max(gap)",
    "last": "max(gap) FILTER (WHERE next_day IS NULL)",
    "count": "count(gap)",
    # exact integers up to the last step, so that the order of rows cannot show in the digits
    "stddev": "CASE WHEN count(gap) > 1 THEN sqrt(CAST(count(gap) * sum(gap * gap) - sum(gap) * sum(gap) AS DOUBLE)"
    " / CAST(count(gap) * (count(gap) - 1) AS DOUBLE)) END",
}


@dataclass
class Values(Base):
    """Everything about the different values of one column: how many there are, and which has the largest measure."""

    column: str
    counts: dict[Rows, str] = field(default_factory=dict)
    bests: dict[tuple[str, Rows], str] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Columns of the source that are read."""
        measures = {by for by, _ in self.bests if by not in ("rows", "days")}
        return {self.column} | measures | {f for rows in self._rows() for f in fields_of(rows.where)}

    def windows(self) -> Iterable[Window]:
        """Yield the windows of all leaves."""
        return (rows.window for rows in self._rows())

    def size(self) -> int:
        """How many leaves it holds."""
        return len(self.counts) + len(self.bests)

    def best_cte(self, by: str, rows: Rows) -> str:
        """Return the CTE with the value that has the largest measure."""
        return f"{self.name}_best{list(self.bests).index((by, rows)) + 1}"

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield the values per customer with their measures, how many there are, and the first of each order."""
        column, day, sets = column_sql(self.column, dialect), self.source.day, self._rows()
        conditions = {rows: self.row_conditions(rows, dialect) for rows in sets}
        kept = self.since(dialect)
        if len(sets) == 1:  # every leaf reads the same rows: the others need not come in
            kept, conditions = conditions[sets[0]], {sets[0]: []}
        measures = {
            (by, rows): {"rows": "count(*)", "days": f"count(DISTINCT {day})"}.get(by)
            or self.aggregate("sum", by, dialect)
            for by, rows in [*(("rows", rows) for rows in sets), *self.bests]
        }
        names = {key: f"measure{n}" for n, key in enumerate(measures, start=1)}
        shown = [filtered(sql, conditions[key[1]]) + f" AS {names[key]}" for key, sql in measures.items()]
        latest = {rows: f"latest{n}" for n, rows in enumerate(dict.fromkeys(rows for _, rows in self.bests), start=1)}
        shown += [filtered(f"max({day})", conditions[rows]) + f" AS {name}" for rows, name in latest.items()]
        values = f"{self.name}_values"
        yield values, grouped(scans[self.source.name], (column,), shown, [f"{column} IS NOT NULL", *kept])
        if self.counts:
            counts = [f"count(*) FILTER (WHERE {names['rows', r]} > 0) AS {alias}" for r, alias in self.counts.items()]
            yield self.name, grouped(values, (), counts, [])
        for (by, rows), alias in self.bests.items():
            order = f"{names[by, rows]} DESC NULLS LAST, {latest[rows]} DESC, {column} ASC"
            there = f"(SELECT * FROM {values} WHERE {names['rows', rows]} > 0) AS kept_values"
            yield self.best_cte(by, rows), _first(there, f"{column} AS {alias}", order)

    def _rows(self) -> list[Rows]:
        return list(dict.fromkeys([*self.counts, *(rows for _, rows in self.bests)]))


@dataclass
class Edge(Base):
    """The value in the first or last row."""

    column: str
    last: bool
    rows: Rows
    alias: str

    def columns(self) -> set[str]:
        """Columns of the source that are read."""
        return {self.column, *self.source.order, *fields_of(self.rows.where)}

    def windows(self) -> Iterable[Window]:
        """Yield the windows of all leaves."""
        return (self.rows.window,)

    def size(self) -> int:
        """How many leaves it holds."""
        return 1

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield the rows in order, and the first or last."""
        value = column_sql(self.column, dialect)
        kept = [f"{value} IS NOT NULL", *self.row_conditions(self.rows, dialect)]
        way = "DESC NULLS LAST" if self.last else "ASC NULLS LAST"
        order = ", ".join(f"{column} {way}" for column in (*self.source.order, value))
        inner = f"(SELECT * FROM {scans[self.source.name]} WHERE {' AND '.join(kept)}) AS kept_rows"
        yield self.name, _first(inner, f"{value} AS {self.alias}", order)


@dataclass
class Children(Base):
    """Sets of values over the children of a customer; the expressions are already SQL over one child's columns."""

    used: set[str] = field(default_factory=set)
    leaves: dict[str, str] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Columns of the source that are read."""
        return self.used

    def windows(self) -> Iterable[Window]:
        """Yield the windows of all leaves."""
        return ()

    def size(self) -> int:
        """How many leaves it holds."""
        return len(self.leaves)

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield the value per child, and the sorted set per customer."""
        values = ", ".join(f"{sql} AS {alias}" for sql, alias in self.leaves.items())
        yield f"{self.name}_each", f"SELECT customer_id, {values} FROM {scans[self.source.name]}"
        sets = [f"{dialect.sorted_set(alias)} AS {alias}" for alias in self.leaves.values()]
        yield self.name, grouped(f"{self.name}_each", (), sets, [])


def filtered(aggregate: str, conditions: list[str]) -> str:
    """Return an aggregate over the rows for which all conditions hold."""
    return f"{aggregate} FILTER (WHERE {' AND '.join(conditions)})" if conditions else aggregate


def grouped(relation: str, keys: tuple[str, ...], columns: Iterable[str], conditions: list[str]) -> str:
    """Return a SELECT with a row per customer and keys."""
    names = ["customer_id", *(key.rsplit(" AS ", 1)[0] for key in keys)]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(['customer_id', *keys, *columns])} FROM {relation}{where} GROUP BY {', '.join(names)}"


def _first(relation: str, column: str, order: str) -> str:
    place = f"row_number() OVER (PARTITION BY customer_id ORDER BY {order}) AS place"
    return f"SELECT customer_id, {column} FROM (SELECT *, {place} FROM {relation}) AS placed WHERE place = 1"
