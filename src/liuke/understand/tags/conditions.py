"""Conditions as SQL text: checked against the kinds of the fields, two-valued under `not`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from liuke.kernel import folded, typed_number
from liuke.understand.tags.dialect import Dialect
from liuke.understand.tags.errors import DefinitionError, unknown
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Test
from liuke.understand.tags.sources import Kind

NUMBERS = frozenset({"integer", "double"})
_COMPARISONS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_ITEMS: dict[Kind, Kind] = {"list": "text", "number_list": "double"}
AnyPredicate: TypeAlias = Test | AllOf | AnyOf | Not


@dataclass(frozen=True)
class Value:
    """A piece of SQL and the kind of what it yields.

    Attributes
    ----------
    names : tuple of str, optional
        The texts that it can be, where they are a closed set; a comparison with any other is a mistake.
    """

    sql: str
    kind: Kind
    names: tuple[str, ...] | None = None


Resolve: TypeAlias = Callable[[str], Value]


def condition_sql(predicate: AnyPredicate, resolve: Resolve, dialect: Dialect) -> str:
    """Return SQL that is true where the condition holds, and false *or NULL* where it does not.

    Callers use it in WHERE, FILTER and CASE, where both mean the same; `not` treats NULL as false itself.
    """
    match predicate:
        case Test():
            return _test_sql(predicate, resolve(predicate.field), dialect)
        case Not():
            return f"NOT coalesce({condition_sql(predicate.part, resolve, dialect)}, false)"
        case AllOf() | AnyOf():
            word, empty = (" AND ", "true") if isinstance(predicate, AllOf) else (" OR ", "false")
            parts = [condition_sql(part, resolve, dialect) for part in predicate.parts]
            return f"({word.join(parts)})" if parts else empty
    raise AssertionError(predicate)


def _test_sql(test: Test, value: Value, dialect: Dialect) -> str:
    if test.op == "missing":
        if not isinstance(test.value, bool):
            raise DefinitionError(f"`missing` of {test.field!r} is {test.value!r}", hint="write true or false")
        return f"{value.sql} IS {'' if test.value else 'NOT '}NULL"
    if test.op == "contains":
        return _contains_sql(test, value, dialect)
    if test.op == "empty":
        if value.kind not in _ITEMS or not isinstance(test.value, bool):
            raise DefinitionError(
                f"`empty` of {test.field!r}, which is {value.kind}", hint="{empty: true} asks a tag of type list"
            )
        return f"{dialect.length(value.sql)} {'=' if test.value else '>'} 0"
    if value.kind == "property":
        value = _property(test, value, dialect)
    if value.kind in ("list", "number_list"):
        raise DefinitionError(f"{test.field!r} is a list and cannot be compared", hint="use {contains: value}")
    if test.op in ("in", "not_in"):
        items = test.value if isinstance(test.value, tuple) else (test.value,)
        listed = ", ".join(dialect.literal(operand(item, value, test.field)) for item in items)
        inside = f"{value.sql} IN ({listed})"
        return inside if test.op == "in" else f"NOT coalesce({inside}, false)"
    literal = dialect.literal(operand(test.value, value, test.field))
    if test.op == "ne":
        return f"NOT coalesce({value.sql} = {literal}, false)"
    return f"{value.sql} {_COMPARISONS[test.op]} {literal}"


def _contains_sql(test: Test, value: Value, dialect: Dialect) -> str:
    """Return whether a list holds the value, or one of the values."""
    wanted = test.value if isinstance(test.value, tuple) else (test.value,)
    if value.kind not in _ITEMS:
        raise DefinitionError(
            f"`contains` asks a list, but {test.field!r} is {value.kind}", hint="use it on tags of type list"
        )
    item_value = Value(value.sql, _ITEMS[value.kind], value.names)
    items = [operand(item, item_value, test.field) for item in wanted]
    literals = [dialect.literal(float(i) if isinstance(i, int) else i) for i in items]
    found = [dialect.contains(value.sql, literal) for literal in literals]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _property(test: Test, value: Value, dialect: Dialect) -> Value:
    """Return an entry of JSON in the kind of what it is compared with."""
    kinds = {type(item) for item in (test.value if isinstance(test.value, tuple) else (test.value,))}
    if kinds <= {int, float}:
        return Value(dialect.number(value.sql), "double")
    if kinds == {bool}:
        return Value(f"(CASE {value.sql} WHEN 'true' THEN true WHEN 'false' THEN false END)", "boolean")
    return Value(value.sql, "text")


def operand(raw: object, value: Value, field: str) -> object:
    """Return the constant in the field's kind, or say why it cannot be compared with it."""
    kind = value.kind
    if kind in NUMBERS and isinstance(raw, int | float) and not isinstance(raw, bool):
        return raw
    if kind in NUMBERS and isinstance(raw, str) and not raw.isascii() and (number := typed_number(raw)) is not None:
        return number
    if kind == "boolean" and isinstance(raw, bool):
        return raw
    if kind == "text" and isinstance(raw, str):
        return named(raw, value.names, field)
    if kind == "date" and isinstance(raw, dt.date | str):
        try:
            return raw if isinstance(raw, dt.date) else dt.date.fromisoformat(raw)
        except ValueError:
            pass
    raise DefinitionError(
        f"{field!r} is of kind {kind} and cannot be compared with {raw!r}", hint=_ADVICE.get(kind, "")
    )


def named(raw: str, names: tuple[str, ...] | None, field: str) -> str:
    """Return the text of a closed set that was meant, however it was typed; any text where the set is open.

    Raises
    ------
    DefinitionError
        If it is none of the set; with the one that was probably meant.
    """
    if names is None or raw in names:
        return raw
    if (meant := next((name for name in names if folded(name) == folded(raw)), None)) is None:
        raise unknown("value", raw, names, field)
    return meant


_ADVICE: dict[str, str] = {
    "text": "put the value in quotes", "date": "write the day as 2026-01-31", "boolean": "write true or false",
    "integer": "write a number without quotes", "double": "write a number without quotes",
    "timestamp": "compare the day (occurred_on) instead",
}  # fmt: skip
