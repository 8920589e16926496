"""What an engine writes differently. Nothing else in this room knows which engine runs the plan.

The rules behind the functions were measured (0 of 118 columns × 100,000 customers differed between two DuckDB and two
Spark versions): exact sums cast last, double literals with an exponent, dates subtracted rather than instants, ties and
NULL order written out, output columns cast.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from liuke.understand.tags.sources import Kind

PLAIN_NUMBER = "-?[0-9]{1,18}([.][0-9]{1,18})?"
"""Texts that count as numbers on every engine (engines disagree about `1d`, `1_000` and `inf`)."""


class Dialect(Protocol):
    """The text of one engine's SQL, function by function."""

    name: str
    joins_cells: bool
    """Whether joining many narrow relations by customer is cheaper than one grouping with a FILTER per column."""

    def identifier(self, name: str) -> str:
        """Quote a name."""

    def literal(self, value: object) -> str:
        """Write a constant: text quoted, doubles with an exponent, dates typed."""

    def cast(self, sql: str, kind: Kind) -> str:
        """Give a column its output type."""

    def exact(self, sql: str, kind: Kind) -> str:
        """Make a number addable without rounding noise and without overflow."""

    def days_between(self, earlier: str, later: str) -> str:
        """Whole days from one date to another."""

    def months(self, date: str) -> str:
        """Months since year 0 of a date's month."""

    def divide(self, numerator: str, denominator: str) -> str:
        """Double division; missing where the denominator is 0."""

    def floor_divide(self, numerator: str, denominator: str) -> str:
        """Integer division of numbers that are not negative."""

    def pick(self, values: Sequence[int], place: str) -> str:
        """The whole number at a place (from 0) of a fixed list."""

    def modulo(self, sql: str, divisor: int) -> str:
        """Rest of an integer division of a number that is not negative."""

    def decimal(self, sql: str, width: int, scale: int) -> str:
        """Give a number a fixed width and number of places."""

    def one_of(self, text: str, values: Sequence[str]) -> str:
        """A text as one of some values, cheap to group by and to compare; other texts may become missing."""

    def json_text(self, json: str, name: str) -> str:
        """An entry of a JSON object as text; missing if there is none, it is null or nested, or the JSON is broken."""

    def number(self, text: str) -> str:
        """A text as a double; missing if it is no plain decimal number."""

    def round(self, sql: str) -> str:
        """Nearest integer, halves up."""

    def median(self, sql: str) -> str:
        """Median as an aggregate: the mean of the two middle values of an even number."""

    def sorted_set(self, sql: str) -> str:
        """The different known values as a sorted list, as an aggregate."""

    def empty_list(self, kind: Kind) -> str:
        """An empty list."""

    def contains(self, items: str, value: str) -> str:
        """Whether a list holds a value."""

    def length(self, items: str) -> str:
        """How many items a list has."""

    def count_below(self, cuts: Sequence[float], value: str) -> str:
        """How many of the rising `cuts` are smaller than the value."""

    def cte(self, name: str, body: str, references: int, *, large: bool = False) -> str:
        """One named step, kept in memory where several later steps read it and it is not `large`."""


_DUCKDB_TYPES: dict[Kind, str] = {
    "integer": "BIGINT", "double": "DOUBLE", "text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN", "list": "VARCHAR[]", "number_list": "DOUBLE[]", "property": "VARCHAR",
}  # fmt: skip


class _DuckDB:
    name = "duckdb"
    joins_cells = True

    def identifier(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: object) -> str:
        match value:
            case bool():
                return "true" if value else "false"
            case int():
                return str(value)
            case float():
                return f"{value!r}e0" if "e" not in repr(value) else repr(value)
            case dt.date():
                return f"DATE '{value.isoformat()}'"
            case str():
                return "'" + value.replace("'", "''") + "'"
        raise TypeError(f"no literal for {value!r}")

    def cast(self, sql: str, kind: Kind) -> str:
        return f"CAST({sql} AS {_DUCKDB_TYPES[kind]})"

    def exact(self, sql: str, kind: Kind) -> str:
        return sql if kind == "integer" else f"CAST({sql} AS DECIMAL(28, 6))"  # integers are added in 128 bits

    def days_between(self, earlier: str, later: str) -> str:
        return f"({later} - {earlier})"

    def months(self, date: str) -> str:
        return f"(year({date}) * 12 + month({date}))"

    def divide(self, numerator: str, denominator: str) -> str:
        return f"(CAST({numerator} AS DOUBLE) / nullif(CAST({denominator} AS DOUBLE), 0e0))"

    def floor_divide(self, numerator: str, denominator: str) -> str:
        return f"(({numerator}) // ({denominator}))"

    def pick(self, values: Sequence[int], place: str) -> str:
        return f"list_extract([{', '.join(map(str, values))}], {place} + 1)"

    def modulo(self, sql: str, divisor: int) -> str:
        return f"(({sql}) % {divisor})"

    def decimal(self, sql: str, width: int, scale: int) -> str:
        return f"CAST({sql} AS DECIMAL({width}, {scale}))"

    def one_of(self, text: str, values: Sequence[str]) -> str:
        return f"TRY_CAST({text} AS ENUM ({', '.join(map(self.literal, values))}))"

    def json_text(self, json: str, name: str) -> str:
        path = self.literal('$."' + name + '"')
        text = f"json_extract_string({json}, {path})"
        return f"CASE WHEN json_valid({json}) AND NOT regexp_matches({text}, '^[\\[{{]') THEN {text} END"

    def number(self, text: str) -> str:
        return f"CASE WHEN regexp_full_match({text}, '{PLAIN_NUMBER}') THEN CAST({text} AS DOUBLE) END"

    def round(self, sql: str) -> str:
        return f"CAST(floor({sql} + 0.5e0) AS BIGINT)"

    def median(self, sql: str) -> str:
        return f"median(CAST({sql} AS DOUBLE))"

    def sorted_set(self, sql: str) -> str:
        return f"list(DISTINCT {sql} ORDER BY {sql}) FILTER (WHERE {sql} IS NOT NULL)"

    def empty_list(self, kind: Kind) -> str:
        return self.cast("[]", kind)

    def contains(self, items: str, value: str) -> str:
        return f"list_contains({items}, {value})"

    def length(self, items: str) -> str:
        return f"len({items})"

    def count_below(self, cuts: Sequence[float], value: str) -> str:
        listed = ", ".join(repr(float(cut)) for cut in cuts)  # as one text: a thousand constants take long to plan
        return f"len(list_filter(CAST('[{listed}]' AS DOUBLE[]), lambda cut: cut < {value}))"

    def cte(self, name: str, body: str, references: int, *, large: bool = False) -> str:
        keep = "MATERIALIZED" if references > 1 and not large else "NOT MATERIALIZED"
        return f"{name} AS {keep} (\n{body}\n)"


DuckDB: Dialect = _DuckDB()
