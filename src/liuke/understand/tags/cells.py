"""Counts, sums, smallest and largest values: put together from sparse cells.

They are grouped sparsely first (customer × the few-valued columns of their conditions) and spread into columns
afterwards, on far fewer rows: measured 1.4-1.6 times cheaper than one wide query with a FILTER per column. How they are
spread is the engine's choice: a condition that picks one cell per customer can be joined as it stands (DuckDB: a third
of what a FILTER per column costs), or all are filtered in one grouping (Spark, where each join moves data).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from liuke.understand.tags.conditions import AnyPredicate, condition_sql
from liuke.understand.tags.dialect import Dialect
from liuke.understand.tags.predicates import fields_of, pinned
from liuke.understand.tags.shapes import Base, Rows, Scans, Step, Window, column_sql, filtered, grouped, resolver

_MERGE = {"count": "sum", "sum": "sum", "min": "min", "max": "max"}


@dataclass
class Cells(Base):
    """Counts, sums, smallest and largest values, grouped by the few-valued columns of their conditions first."""

    dimensions: tuple[str, ...]
    joins_cells: bool
    leaves: dict[tuple[str, str | None, Rows], str] = field(default_factory=dict)
    _joined: dict[AnyPredicate, str] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Columns of the source that are read."""
        named = {column for _, column, _ in self.leaves if column}
        return named | set(self.dimensions) | {f for _, _, rows in self.leaves for f in fields_of(rows.where)}

    def windows(self) -> Iterable[Window]:
        """Yield the windows of all leaves."""
        return (rows.window for _, _, rows in self.leaves)

    def size(self) -> int:
        """How many leaves it holds."""
        return len(self.leaves)

    def cte(self, where: AnyPredicate | None) -> str:
        """Return the CTE with the leaves of a condition: one of its own where it picks one cell per customer."""
        if where is None or not self.joins_cells or not self.dimensions or set(pinned(where)) != set(self.dimensions):
            return self.name
        return self._joined.setdefault(where, f"{self.name}_{len(self._joined) + 1}")

    def steps(self, scans: Scans, dialect: Dialect) -> Iterator[Step]:
        """Yield the sparse cells, where there are dimensions, and rows per customer."""
        if not self.dimensions:
            wide = [
                filtered(self.aggregate(fn, column, dialect), self.row_conditions(rows, dialect)) + f" AS {alias}"
                for (fn, column, rows), alias in self.leaves.items()
            ]
            yield self.name, grouped(scans[self.source.name], (), wide, self.since(dialect))
            return
        partials: dict[tuple[str, str | None, Window], str] = {}
        for fn, column, rows in self.leaves:
            partials.setdefault((fn, column, rows.window), f"p{len(partials) + 1}")
        parts = [
            filtered(self.aggregate(fn, column, dialect), window.sql(self.source.day or "", dialect)) + f" AS {p}"
            for (fn, column, window), p in partials.items()
        ]
        cells = f"{self.name}_cells"
        yield cells, grouped(scans[self.source.name], self._keys(dialect), parts, self.since(dialect))
        for where, name in self._joined.items():
            shown = [
                f"{partials[fn, column, rows.window]} AS {alias}"
                for (fn, column, rows), alias in self.leaves.items()
                if rows.where == where
            ]
            kept = condition_sql(where, resolver(self.source, dialect), dialect)
            yield name, f"SELECT customer_id, {', '.join(shown)} FROM {cells} WHERE {kept}"
        spread = []
        for (fn, column, rows), alias in self.leaves.items():
            if rows.where in self._joined:
                continue
            part = partials[fn, column, rows.window]
            conditions = [condition_sql(rows.where, resolver(self.source, dialect), dialect)] if rows.where else []
            spread.append(filtered(f"{_MERGE[fn]}({part})", conditions) + f" AS {alias}")
        if spread:
            yield self.name, grouped(cells, (), spread, [])

    def _keys(self, dialect: Dialect) -> tuple[str, ...]:
        """Return what the cells are grouped by; where every condition picks one cell, only values that are picked."""
        if any(rows.where not in self._joined for _, _, rows in self.leaves):
            return tuple(column_sql(column, dialect) for column in self.dimensions)
        picked: dict[str, set[str]] = {column: set() for column in self.dimensions}
        for where in self._joined:
            for column, values in pinned(where).items():
                picked[column].update(map(str, values))
        return tuple(
            f"{dialect.one_of(column_sql(column, dialect), sorted(values))} AS {column_sql(column, dialect)}"
            for column, values in picked.items()
        )
