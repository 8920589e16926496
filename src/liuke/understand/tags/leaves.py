"""The leaves of a plan: equal ones computed once, those of one shape in one scan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from liuke.understand.tags.conditions import NUMBERS, Value, condition_sql
from liuke.understand.tags.dialect import Dialect
from liuke.understand.tags.errors import DefinitionError
from liuke.understand.tags.nodes import Aggregate
from liuke.understand.tags.predicates import fields_of
from liuke.understand.tags.shapes import Best, Cells, Children, Days, Distinct, Edge, Rows, Shape, Step, Window
from liuke.understand.tags.sources import SOURCES, Kind, Source


@dataclass(frozen=True)
class Leaf:
    """One column of a CTE: where it stands, what it is, and what it is for a customer without rows."""

    cte: str
    alias: str
    kind: Kind
    default: str | None = None


class Leaves:
    """Collects what the tags of a plan read, and writes it as CTEs.

    Parameters
    ----------
    as_of : date
        End of all windows.
    only : str or None
        Relation with the `customer_id` of the customers that are asked for.
    """

    def __init__(self, as_of: dt.date, dialect: Dialect, only: str | None) -> None:
        self.as_of = as_of
        self.dialect = dialect
        self.only = only
        self._shapes: dict[tuple[object, ...], Shape] = {}
        self._aliases = 0

    def amount(self, node: Aggregate, fn: Literal["count", "sum", "min", "max"], column: str | None) -> Leaf:
        """Return a leaf that can be put together from parts: a count, sum, smallest or largest value."""
        source, rows = SOURCES[node.source], self._rows(node)
        kind: Kind = "integer"
        if column is not None:
            kind = source.kind(column)
            if fn != "count" and kind not in NUMBERS and not (fn in ("min", "max") and kind == "date"):
                raise DefinitionError(f"{fn} of {source.name}.{column}, which is {kind}", hint="take a numeric column")
        shape = self._cells(source, rows)
        alias = shape.leaves.get((fn, column, rows)) or self._alias()
        shape.leaves[fn, column, rows] = alias
        if fn == "count":
            return Leaf(shape.name, alias, "integer", "0")
        return Leaf(shape.name, alias, kind, "0" if fn == "sum" else None)

    def distinct_days(self, node: Aggregate) -> Leaf:
        """Return the number of different days with a row."""
        shape, rows = self._days(node)
        alias = shape.counts.get(rows) or self._alias()
        shape.counts[rows] = alias
        return Leaf(shape.name, alias, "integer", "0")

    def gap(self, node: Aggregate, stat: str) -> Leaf:
        """Return a statistic of the days between days with a row."""
        shape, rows = self._days(node)
        alias = shape.gaps.get((rows, stat)) or self._alias()
        shape.gaps[rows, stat] = alias
        kind: Kind = "double" if stat in ("mean", "median", "stddev") else "integer"
        return Leaf(shape.name, alias, kind, "0" if stat == "count" else None)

    def distinct_count(self, node: Aggregate, column: str) -> Leaf:
        """Return the number of different known values of a column."""
        source, rows = SOURCES[node.source], self._rows(node)
        source.kind(column)
        shape = self._shape(("distinct", source.name, column), lambda name: Distinct(name, source, column))
        assert isinstance(shape, Distinct)
        alias = shape.leaves.get(rows) or self._alias()
        shape.leaves[rows] = alias
        return Leaf(shape.name, alias, "integer", "0")

    def best(self, node: Aggregate, column: str, by: str) -> Leaf:
        """Return the value of a column with the largest measure."""
        source, rows = self._dated(node), self._rows(node)
        if by not in ("rows", "days") and source.kind(by) not in NUMBERS:
            raise DefinitionError(
                f"top by {source.name}.{by}, which is no number", hint="by: rows, days or a numeric column"
            )
        kind = source.kind(column)
        shape = self._shape(
            ("best", source.name, column, by, rows), lambda name: Best(name, source, column, by, rows, self._alias())
        )
        assert isinstance(shape, Best)
        return Leaf(shape.name, shape.alias, kind)

    def edge(self, node: Aggregate, column: str, *, last: bool) -> Leaf:
        """Return a column's value in the first or last row."""
        source, rows = self._dated(node), self._rows(node)
        kind = source.kind(column)
        shape = self._shape(
            ("edge", source.name, column, last, rows),
            lambda name: Edge(name, source, column, last, rows, self._alias()),
        )
        assert isinstance(shape, Edge)
        return Leaf(shape.name, shape.alias, kind)

    def per_child(self, value: Value, columns: set[str]) -> Leaf:
        """Return the set of an expression's values over a customer's children."""
        shape = self._shape(("children",), lambda name: Children(name, SOURCES["children"]))
        assert isinstance(shape, Children)
        shape.used |= columns
        kind: Kind = "list" if value.kind == "text" else "number_list"
        sql = value.sql if kind == "list" else self.dialect.cast(value.sql, "double")
        alias = shape.leaves.get(sql) or self._alias()
        shape.leaves[sql] = alias
        return Leaf(shape.name, alias, kind, self.dialect.empty_list(kind))

    def restriction(self) -> list[str]:
        """Return the condition that keeps only the customers that are asked for."""
        return [f"customer_id IN (SELECT customer_id FROM {self.only})"] if self.only else []

    def steps(self) -> list[tuple[Step, bool]]:
        """Return the CTEs in order, each with whether it is too large to be kept in memory."""
        columns: dict[str, set[str]] = {}
        for shape in self._shapes.values():
            columns.setdefault(shape.source.name, set()).update(shape.columns())
        scans = [
            ((f"rows_{name}", self._scan(SOURCES[name], used)), SOURCES[name].large) for name, used in columns.items()
        ]
        shaped = [
            (step, False)
            for shape in self._shapes.values()
            for step in shape.steps(f"rows_{shape.source.name}", self.dialect)
        ]
        return scans + shaped

    def _scan(self, source: Source, used: set[str]) -> str:
        names = ", ".join(
            ["customer_id", *(column for column in source.columns if column in used or column == source.day)]
        )
        before = [f"{source.day} < {self.dialect.literal(self.as_of)}"] if source.day else []
        conditions = " AND ".join([*before, *self.restriction()])
        return f"SELECT {names} FROM {source.name}" + (f" WHERE {conditions}" if conditions else "")

    def _rows(self, node: Aggregate) -> Rows:
        source = SOURCES[node.source]
        if source.day is None and (node.days or node.ago):
            raise DefinitionError(
                f"{source.name} has no days, so there is no window", hint="leave out `days` and `ago`"
            )
        if node.where is not None:  # a wrong condition is found here, where the tag is still known
            condition_sql(node.where, lambda column: Value(column, source.kind(column)), self.dialect)
        end = self.as_of - dt.timedelta(days=node.ago)
        start = end - dt.timedelta(days=node.days) if node.days else None
        return Rows(node.where, Window(start, end if node.ago else None))

    def _dated(self, node: Aggregate) -> Source:
        source = SOURCES[node.source]
        if source.day is None:
            raise DefinitionError(f"{source.name} has no days, which this node needs", hint="take a dated source")
        return source

    def _cells(self, source: Source, rows: Rows) -> Cells:
        """Return the cells of a leaf: conditions on few-valued columns only are applied after grouping by them."""
        read = set(fields_of(rows.where))
        dimensions = tuple(sorted(read)) if read <= source.dimensions else ()
        key = ("cells", source.name, dimensions)
        shape = self._shape(key, lambda name: Cells(name, source, dimensions))
        assert isinstance(shape, Cells)
        return shape

    def _days(self, node: Aggregate) -> tuple[Days, Rows]:
        source, rows = self._dated(node), self._rows(node)
        shape = self._shape(("days", source.name), lambda name: Days(name, source))
        assert isinstance(shape, Days)
        return shape, rows

    def _shape(self, key: tuple[object, ...], make: Callable[[str], Shape]) -> Shape:
        if key not in self._shapes:
            self._shapes[key] = make(f"{key[0]}_{len(self._shapes) + 1}")
        return self._shapes[key]

    def _alias(self) -> str:
        self._aliases += 1
        return f"_v{self._aliases}"  # keys of tags never begin so
