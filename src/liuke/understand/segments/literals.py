"""What is typed into an expression: texts, names of closed sets, numbers and days."""

from __future__ import annotations

import datetime as dt

from sqlglot import exp

from liuke.kernel import folded_sql
from liuke.understand.segments.config import MAX_TEXT
from liuke.understand.segments.errors import SegmentError
from liuke.understand.tags import DefinitionError, DuckDB, Value, named


def text_of(text: str) -> str:
    """Return a text, unless it is too long."""
    if len(text) > MAX_TEXT:
        raise SegmentError(f"a text has at most {MAX_TEXT} characters", hint="shorten it")
    return text


def name_of(text: str, of: Value, shown: str) -> str:
    """Return a text that is compared with a value: one of its names, where it has a closed set of them."""
    try:
        return named(text_of(text), of.names, shown)
    except DefinitionError as error:
        raise SegmentError(error.message, hint=error.hint, zh=error.zh) from None


def meant(value: Value, node: exp.Expr, beside: Value) -> Value:
    """Return one side of a comparison of texts: a name of the other side's closed set, or the plain spelling."""
    if value.kind != "text" or beside.kind != "text":
        return value
    if isinstance(node, exp.Literal):
        return Value(DuckDB.literal(name_of(node.this, beside, "this comparison")), "text")
    return value if value.names is not None else Value(folded_sql(value.sql), "text")


def constant_of(node: exp.Expr) -> int | float | str | None:
    """Return the value of a literal, None for anything else."""
    if isinstance(node, exp.Neg):
        inner = constant_of(node.this)
        return None if inner is None or isinstance(inner, str) else -inner
    if not isinstance(node, exp.Literal):
        return None
    return str(node.this) if node.is_string else number_of(node.this)


def number_of(text: str) -> int | float:
    """Return a number that is small enough for the engine."""
    try:
        number = int(text) if text.isdigit() else float(text)
    except ValueError:
        raise SegmentError(f"{text!r} is no number", hint="write it like 100 or 0.25") from None
    if abs(number) > 2**62:
        raise SegmentError(f"the number {text} is too large", hint="write a smaller one")
    return number


def day_of(text: str) -> dt.date:
    """Return a day written as 2026-01-31."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise SegmentError(f"{text!r} is no day", hint="write it like '2026-01-31'") from None
