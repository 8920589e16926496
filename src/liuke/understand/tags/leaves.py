"""The leaves of a plan: equal ones computed once, those of one shape in one scan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from liuke.understand.tags.cells import Cells
from liuke.understand.tags.conditions import NUMBERS, Value, condition_sql
from liuke.understand.tags.dialect import Dialect
from liuke.understand.tags.errors import DefinitionError, unknown
from liuke.understand.tags.nodes import Aggregate, Decayed, Model, Sequence
from liuke.understand.tags.paths import Fading, Follow
from liuke.understand.tags.predicates import fields_of
from liuke.understand.tags.shapes import (
    Children,
    Days,
    Edge,
    Rows,
    Shape,
    Step,
    Values,
    Window,
    column_sql,
    resolver,
)
from liuke.understand.tags.sources import MODELS, PRODUCT, PROPERTY, SOURCES, SUPPLY, Kind, Source


@dataclass(frozen=True)
class Leaf:
    """One column of a CTE: where it stands, what it is, and what it is for a customer without rows.

    Attributes
    ----------
    narrow : bool
        True for one of many CTEs with few columns of few customers.
    """

    cte: str
    alias: str
    kind: Kind
    default: str | None = None
    narrow: bool = False


class Leaves:
    """Collects what the tags of a plan read, and writes it as CTEs.

    Parameters
    ----------
    as_of : date
        End of all windows.
    only : str or None
        Relation with the `customer_id` of the customers that are asked for.
    scores : mapping of model to relation, optional
        Published scores; those of a model that is not in it are missing.
    """

    def __init__(
        self, as_of: dt.date, dialect: Dialect, only: str | None, scores: Mapping[str, str] | None = None
    ) -> None:
        self.as_of = as_of
        self.dialect = dialect
        self.only = only
        self.scores = scores or {}
        self._published: dict[tuple[str, int], tuple[str, dict[str, str]]] = {}
        self._shapes: dict[tuple[object, ...], Shape] = {}
        self._aliases = 0

    def amount(self, node: Aggregate, fn: Literal["count", "sum", "min", "max"], column: str | None) -> Leaf:
        """Return a leaf that can be put together from parts: a count, sum, smallest or largest value."""
        source, rows = SOURCES[node.source], self.rows_of(node)
        kind: Kind = "integer"
        if column is not None:
            found = source.kind(column)
            if fn != "count":
                kind = found
                if kind not in NUMBERS and not (fn in ("min", "max") and kind == "date"):
                    raise DefinitionError(
                        f"{fn} of {source.name}.{column}, which is {kind}", hint="take a numeric column"
                    )
        shape = self._cells(source, rows)
        alias = shape.leaves.get((fn, column, rows)) or self._alias()
        shape.leaves[fn, column, rows] = alias
        cte = shape.cte(rows.where)
        return Leaf(cte, alias, kind, "0" if fn in ("count", "sum") else None, narrow=cte != shape.name)

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
        return Leaf(shape.gaps_cte(rows), alias, kind, "0" if stat == "count" else None)

    def distinct_count(self, node: Aggregate, column: str) -> Leaf:
        """Return the number of different known values of a column."""
        source, rows = SOURCES[node.source], self.rows_of(node)
        source.kind(column)
        shape = self._values(source, column)
        alias = shape.counts.setdefault(rows, self._alias())
        return Leaf(shape.name, alias, "integer", "0")

    def best(self, node: Aggregate, column: str, by: str) -> Leaf:
        """Return the value of a column with the largest measure."""
        source, rows = self._dated(node), self.rows_of(node)
        if by not in ("rows", "days") and source.kind(by) not in NUMBERS:
            raise DefinitionError(
                f"top by {source.name}.{by}, which is no number", hint="by: rows, days or a numeric column"
            )
        kind = _as_text(source.kind(column))
        shape = self._values(source, column)
        alias = shape.bests.setdefault((by, rows), self._alias())
        return Leaf(shape.best_cte(by, rows), alias, kind)

    def edge(self, node: Aggregate, column: str, *, last: bool) -> Leaf:
        """Return a column's value in the first or last row."""
        source, rows = self._dated(node), self.rows_of(node)
        kind = _as_text(source.kind(column))
        shape = self._shape(
            ("edge", source.name, column, last, rows),
            lambda name: Edge(name, source, column, last, rows, self._alias()),
        )
        assert isinstance(shape, Edge)
        return Leaf(shape.name, shape.alias, kind)

    def per_child(self, value: Value, columns: set[str], where: str = "") -> Leaf:
        """Return the set of an expression's values over a customer's children; `where` keeps some of them."""
        shape = self._shape(("children",), lambda name: Children(name, SOURCES["children"]))
        assert isinstance(shape, Children)
        shape.used |= columns
        kind: Kind = "list" if value.kind == "text" else "number_list"
        sql = value.sql if kind == "list" else self.dialect.cast(value.sql, "double")
        alias = shape.leaves.setdefault(f"CASE WHEN {where} THEN {sql} END" if where else sql, self._alias())
        return Leaf(shape.name, alias, kind, self.dialect.empty_list(kind))

    def follow(self, node: Sequence) -> Leaf:
        """Return whether, how often or when last a row was followed by another (or was not)."""
        source, rows = self._dated(node), self.rows_of(node)
        step = node.then or node.then_not
        assert step is not None
        second = SOURCES[step.source or node.source]
        for one in (source, second):
            if "occurred_at" not in one.columns:
                raise DefinitionError(f"{one.name} has no instants, which a sequence needs", hint="take a dated source")
        if step.where is not None:
            condition_sql(step.where, resolver(second, self.dialect), self.dialect)
        negated = node.then is None
        shape = self._shape(
            ("follow", source.name, rows, second.name, step.where, node.within, negated),
            lambda name: Follow(name, source, rows, second, step.where, node.within, negated, self.as_of),
        )
        assert isinstance(shape, Follow)
        alias = shape.stats.setdefault(node.stat, self._alias())
        kind, default = _FOLLOWED[node.stat]
        return Leaf(shape.name, alias, kind, default)

    def decayed(self, node: Decayed) -> Leaf:
        """Return a decayed count or sum, in 10⁻¹² of its unit."""
        source, rows = self._dated(node), self.rows_of(node)
        if node.column is not None and source.kind(node.column) not in NUMBERS:
            raise DefinitionError(
                f"decayed sum of {source.name}.{node.column}, which is {source.kind(node.column)}",
                hint="take a numeric column, or none to count rows",
            )
        shape = self._shape(("fading", source.name), lambda name: Fading(name, source, self.as_of))
        assert isinstance(shape, Fading)
        alias = shape.leaves.setdefault((node.column, rows, node.half_life), self._alias())
        return Leaf(shape.name, alias, "double", "0")

    def score(self, node: Model) -> tuple[Leaf | None, Kind]:
        """Return a published score and its kind; no leaf where the plan was given no scores of that model."""
        if node.model not in MODELS:
            raise unknown("model", node.model, MODELS)
        if node.column not in MODELS[node.model]:
            raise unknown("score", node.column, MODELS[node.model], f"model {node.model}")
        kind = MODELS[node.model][node.column]
        if node.model not in self.scores:
            return None, kind
        name, columns = self._published.setdefault(
            (node.model, node.max_age_days), (f"scores_{len(self._published) + 1}", {})
        )
        return Leaf(name, columns.setdefault(node.column, self._alias()), kind), kind

    def customers(self) -> str:
        """Return the customers that are asked for, as a relation to select from."""
        asked = self.restriction()
        return f"(SELECT * FROM customers WHERE {asked[0]})" if asked else "customers"

    def restriction(self) -> list[str]:
        """Return the condition that keeps only the customers that are asked for."""
        return [f"customer_id IN (SELECT customer_id FROM {self.only})"] if self.only else []

    def scans(self) -> list[tuple[Step, bool]]:
        """Return the CTEs with the rows of sources, each with whether it is too large to be kept in memory."""
        columns: dict[tuple[str, str], set[str]] = {}
        oldest: dict[str, list[dt.date | None]] = {}
        for shape in self._shapes.values():
            for source, read in shape.reads().items():
                name = scan_name(source, read)
                columns.setdefault((source, name), set()).update(read)
                oldest.setdefault(name, []).append(shape.oldest())
        return [
            ((name, self.scan(SOURCES[source], used, _earliest(oldest[name]))), self.is_large(SOURCES[source]))
            for (source, name), used in columns.items()
        ]

    def is_large(self, source: Source) -> bool:
        """Say whether a source's rows are too many to be kept in memory; those of a few customers never are."""
        return source.large and not self.only

    def steps(self) -> list[Step]:
        """Return the CTEs that read those, in order."""
        shaped = [
            step
            for shape in self._shapes.values()
            for step in shape.steps({s: scan_name(s, read) for s, read in shape.reads().items()}, self.dialect)
        ]
        return shaped + [self._scores(*key, *made) for key, made in self._published.items()]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The groups of leaves so far."""
        return tuple(self._shapes.values())

    def scan(self, source: Source, used: set[str], since: dt.date | None = None) -> str:
        """Return the SELECT of the rows of a source before `as_of` (and from `since` on), with the columns in use."""
        names = ["r.customer_id", *(f"r.{c}" for c in source.columns if c in used or c == source.day)]
        for column in sorted(used):
            quoted = column_sql(column, self.dialect)
            if column == SUPPLY:
                days = self.dialect.divide("r.quantity * p.units_per_pack", "p.daily_use")
                names.append(f"{days} AS {quoted}")
            elif column.startswith(PRODUCT):
                names.append(f"p.{column.removeprefix(PRODUCT)} AS {quoted}")
            elif column.startswith(PROPERTY):
                text = self.dialect.json_text("r.properties", column.removeprefix(PROPERTY))
                names.append(f"{text} AS {quoted}")
        joined = _about_products(used)
        join = " LEFT JOIN products AS p ON p.product_id = r.product_id" if joined else ""
        before = [f"r.{source.day} < {self.dialect.literal(self.as_of)}"] if source.day else []
        after = [f"r.{source.day} >= {self.dialect.literal(since)}"] if source.day and since else []
        conditions = " AND ".join([*before, *after, *(f"r.{one}" for one in self.restriction())])
        return f"SELECT {', '.join(names)} FROM {source.name} AS r{join}" + (
            f" WHERE {conditions}" if conditions else ""
        )

    def _scores(self, model: str, max_age_days: int, name: str, columns: dict[str, str]) -> Step:
        """Return the scores of the newest publication before `as_of` that is not too old."""
        relation, literal = self.scores[model], self.dialect.literal
        oldest = self.as_of - dt.timedelta(days=max_age_days)
        newest = f"SELECT max(as_of) FROM {relation} WHERE as_of < {literal(self.as_of)} AND as_of >= {literal(oldest)}"
        shown = ", ".join(f"{column} AS {alias}" for column, alias in columns.items())
        conditions = " AND ".join([f"as_of = ({newest})", *self.restriction()])
        return name, f"SELECT customer_id, {shown} FROM {relation} WHERE {conditions}"

    def rows_of(self, node: Aggregate) -> Rows:
        """Return which rows a node reads, its condition checked."""
        source = SOURCES[node.source]
        if source.day is None and (node.days or node.ago):
            raise DefinitionError(
                f"{source.name} has no days, so there is no window", hint="leave out `days` and `ago`"
            )
        if node.where is not None:  # a wrong condition is found here, where the tag is still known
            condition_sql(node.where, resolver(source, self.dialect), self.dialect)
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
        key = ("cells", source.name, dimensions, _about_products(read))
        shape = self._shape(
            key, lambda name: Cells(name, source, dimensions, self.dialect.joins_cells and not self.only)
        )
        assert isinstance(shape, Cells)
        return shape

    def _days(self, node: Aggregate) -> tuple[Days, Rows]:
        source, rows = self._dated(node), self.rows_of(node)
        shape = self._shape(("days", source.name), lambda name: Days(name, source))
        assert isinstance(shape, Days)
        return shape, rows

    def _values(self, source: Source, column: str) -> Values:
        shape = self._shape(("values", source.name, column), lambda name: Values(name, source, column))
        assert isinstance(shape, Values)
        return shape

    def _shape(self, key: tuple[object, ...], make: Callable[[str], Shape]) -> Shape:
        if key not in self._shapes:
            self._shapes[key] = make(f"{key[0]}_{len(self._shapes) + 1}")
        return self._shapes[key]

    def _alias(self) -> str:
        self._aliases += 1
        return f"_v{self._aliases}"  # keys of tags never begin so


_FOLLOWED: Mapping[str, tuple[Kind, str | None]] = {
    "count": ("integer", "0"), "holds": ("boolean", "false"), "last_on": ("date", None),
}  # fmt: skip


def scan_name(source: str, columns: set[str]) -> str:
    """Return the CTE with the rows of a source; rows joined to their products stand in one of their own."""
    return f"rows_{source}_products" if _about_products(columns) else f"rows_{source}"


def _earliest(days: list[dt.date | None]) -> dt.date | None:
    """Return the earliest of several days; None, all history, is earlier than any."""
    return None if None in days else min(day for day in days if day)


def _about_products(columns: set[str]) -> bool:
    return any(column.startswith(PRODUCT) for column in columns)


def _as_text(kind: Kind) -> Kind:
    return "text" if kind == "property" else kind
