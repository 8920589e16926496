"""Conditions on one value as SQL: true where they hold, false or NULL where they do not."""

from __future__ import annotations

import datetime as dt

from liuke.kernel import folded, folded_sql
from liuke.understand.segments.comparisons import (
    Anniversary,
    Between,
    Compare,
    Comparison,
    DayTest,
    Known,
    OneOf,
    TextTest,
    WithinLast,
)
from liuke.understand.segments.errors import SegmentError
from liuke.understand.tags import DefinitionError, DuckDB, Test, Value, condition_sql, named

_NUMBERS = ("integer", "double")


def comparison_sql(test: Comparison, value: Value, name: str, as_of: dt.date) -> str:
    """Return a test of one value as SQL.

    Parameters
    ----------
    value : Value
        The value's SQL and kind.
    name : str
        What errors call it.
    as_of : date
        The day that `within_last` and `anniversary` count from.

    Raises
    ------
    SegmentError
        If the test does not suit the kind of the value.
    """
    match test:
        case Known():
            return f"{value.sql} IS {'NOT ' if test.op == 'known' else ''}NULL"
        case Compare():
            if value.kind in ("text", "boolean") and test.op not in ("eq", "ne"):
                raise _unsuited(test.op, value, name)
            return _plain(test.op, test.value, value, name)
        case Between():
            if value.kind not in (*_NUMBERS, "date"):
                raise _unsuited("between", value, name)
            return f"({_plain('gte', test.low, value, name)} AND {_plain('lte', test.high, value, name)})"
        case OneOf():
            return _one_of(test, value, name)
        case TextTest():
            return _text(test, value, name)
        case DayTest():
            _dated(test.op, value, name)
            sign = "<" if test.op == "before" else ">"
            return f"{value.sql} {sign} {DuckDB.literal(dt.date.fromisoformat(test.day))}"
        case WithinLast():
            _dated("within_last", value, name)
            since = DuckDB.literal(as_of - dt.timedelta(days=min(test.days, as_of.toordinal() - 1)))
            return f"({value.sql} >= {since} AND {value.sql} < {DuckDB.literal(as_of)})"
        case Anniversary():
            _dated("anniversary", value, name)
            return _anniversary(value.sql, as_of, test.days)
    raise AssertionError(test)


def _plain(op: str, operand: object, value: Value, name: str) -> str:
    if value.kind == "text" and value.names is None:  # however it was typed, here and in the data
        value, operand = Value(folded_sql(value.sql), "text"), _folded(operand)
    test = Test.model_validate({"field": name, "op": op, "value": operand})
    try:
        return condition_sql(test, lambda _: value, DuckDB)
    except DefinitionError as error:
        raise SegmentError(error.message, hint=error.hint, zh=error.zh) from None


def _folded(operand: object) -> object:
    if isinstance(operand, tuple):
        return tuple(_folded(item) for item in operand)
    return folded(operand) if isinstance(operand, str) else operand


def _one_of(test: OneOf, value: Value, name: str) -> str:
    if value.kind != "list":
        return _plain(test.op, test.values, value, name)
    if not all(isinstance(item, str) for item in test.values):
        raise SegmentError(f"{name} holds a list of texts", hint="put the values in quotes")
    listed = ", ".join(DuckDB.literal(_named(str(item), value, name)) for item in test.values)
    inside = f"list_has_any({value.sql}, [{listed}])"
    return inside if test.op == "in" else f"NOT coalesce({inside}, false)"


def _text(test: TextTest, value: Value, name: str) -> str:
    if value.kind == "list" and test.op == "contains":
        return f"list_contains({value.sql}, {DuckDB.literal(_named(test.text, value, name))})"
    if value.kind != "text":
        raise _unsuited(test.op, value, name)
    # both take the characters as they stand: no pattern, no escape
    return f"{test.op}({folded_sql(value.sql)}, {DuckDB.literal(folded(test.text))})"


def _named(text: str, value: Value, name: str) -> str:
    try:
        return named(text, value.names, name)
    except DefinitionError as error:
        raise SegmentError(error.message, hint=error.hint, zh=error.zh) from None


def _anniversary(date: str, as_of: dt.date, days: int) -> str:
    """Return whether a yearly return of the date falls on one of the days [`as_of`, `as_of` + days)."""
    first, last = DuckDB.literal(as_of), DuckDB.literal(as_of + dt.timedelta(days=days - 1))
    found = []
    for year in range(as_of.year, (as_of + dt.timedelta(days=days - 1)).year + 1):
        returned = f"CAST({date} + to_years(CAST({year} - year({date}) AS INTEGER)) AS DATE)"  # 29 Feb: 28 Feb
        found.append(f"(year({date}) < {year} AND {returned} BETWEEN {first} AND {last})")
    return f"({' OR '.join(found)})"


def _dated(op: str, value: Value, name: str) -> None:
    if value.kind != "date":
        raise _unsuited(op, value, name)


_SUITABLE = {
    "text": "eq, ne, in, not_in, contains, starts_with, missing", "boolean": "eq, ne, missing",
    "list": "contains, in, not_in, missing", "date": "eq, lt, lte, gt, gte, between, before, after, within_last, "
    "anniversary, missing", "integer": "eq, ne, lt, lte, gt, gte, between, in, not_in, missing",
    "double": "eq, ne, lt, lte, gt, gte, between, in, not_in, missing",
}  # fmt: skip


def _unsuited(op: str, value: Value, name: str) -> SegmentError:
    return SegmentError(
        f"`{op}` does not suit {name!r}, which is of kind {value.kind}",
        hint=f"here fit: {_SUITABLE.get(value.kind, 'missing')}",
    )
