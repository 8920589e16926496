"""Conditions as SQL text: checked against the kinds of the fields, two-valued under `not`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from liuke.understand.tags.dialect import Dialect
from liuke.understand.tags.errors import DefinitionError
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Test
from liuke.understand.tags.sources import Kind

NUMBERS = frozenset({"integer", "double"})
_COMPARISONS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
AnyPredicate: TypeAlias = Test | AllOf | AnyOf | Not


@dataclass(frozen=True)
class Value:
    """A piece of SQL and the kind of what it yields."""

    sql: str
    kind: Kind


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
        if value.kind != "list" or not isinstance(test.value, str):
            raise DefinitionError(
                f"`contains` asks a list of {test.field!r} for a text", hint="use it on tags of type list"
            )
        return dialect.contains(value.sql, dialect.literal(test.value))
    if value.kind in ("list", "number_list"):
        raise DefinitionError(f"{test.field!r} is a list and cannot be compared", hint="use {contains: value}")
    if test.op in ("in", "not_in"):
        items = test.value if isinstance(test.value, tuple) else (test.value,)
        listed = ", ".join(dialect.literal(operand(item, value.kind, test.field)) for item in items)
        inside = f"{value.sql} IN ({listed})"
        return inside if test.op == "in" else f"NOT coalesce({inside}, false)"
    literal = dialect.literal(operand(test.value, value.kind, test.field))
    if test.op == "ne":
        return f"NOT coalesce({value.sql} = {literal}, false)"
    return f"{value.sql} {_COMPARISONS[test.op]} {literal}"


def operand(raw: object, kind: Kind, field: str) -> object:
    """Return the constant in the field's kind, or say why it cannot be compared with it."""
    if kind in NUMBERS and isinstance(raw, int | float) and not isinstance(raw, bool):
        return raw
    if kind == "boolean" and isinstance(raw, bool):
        return raw
    if kind == "text" and isinstance(raw, str):
        return raw
    if kind == "date" and isinstance(raw, dt.date | str):
        try:
            return raw if isinstance(raw, dt.date) else dt.date.fromisoformat(raw)
        except ValueError:
            pass
    raise DefinitionError(
        f"{field!r} is of kind {kind} and cannot be compared with {raw!r}", hint=_ADVICE.get(kind, "")
    )


_ADVICE: dict[str, str] = {
    "text": "put the value in quotes", "date": "write the day as 2026-01-31", "boolean": "write true or false",
    "integer": "write a number without quotes", "double": "write a number without quotes",
    "timestamp": "compare the day (occurred_on) instead",
}  # fmt: skip
