"""Conditions on rows or on tags, written in YAML the way one says them.

`{event: page_view, value: {gte: 5}}` holds if all entries hold. A value may be a scalar (equal), a list (one of) or a
mapping of operators. `all:`, `any:` and `not:` combine conditions. `{property: {colour: red}}` reads an entry of an
event's JSON, `{product: {brand: b}}` an attribute of the product. Two-valued logic: a missing value fails every test
except `{missing: true}`, and `not` turns the answer around.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Scalar: TypeAlias = bool | int | float | dt.date | str
Operator: TypeAlias = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "missing", "contains", "empty"]

_OPERATORS = frozenset(get_args(Operator))
_NESTED = frozenset({"property", "product"})
_ALSO = {None: "missing", "null": "missing"}  # YAML reads a bare `null` as nothing


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Test(_Frozen):
    """One field against one value: `field op value`."""

    __test__ = False  # not a pytest class

    kind: Literal["test"] = "test"
    field: str
    op: Operator
    value: Scalar | tuple[Scalar, ...]


class AllOf(_Frozen):
    """Every part holds; with no part it always holds."""

    kind: Literal["all"] = "all"
    parts: tuple[Predicate, ...]


class AnyOf(_Frozen):
    """At least one part holds."""

    kind: Literal["any"] = "any"
    parts: tuple[Predicate, ...]


class Not(_Frozen):
    """The part does not hold (a missing value counts as not holding, so `not` of it holds)."""

    kind: Literal["not"] = "not"
    part: Predicate


def _canonical(raw: Any) -> Any:
    """Turn the short YAML form into the tagged form that pydantic reads; tagged forms and models pass through."""
    if not isinstance(raw, dict) or raw.get("kind") in {"test", "all", "any", "not"}:
        return raw
    parts = [part for key, value in raw.items() for part in _entry(str(key), value)]
    return parts[0] if len(parts) == 1 else {"kind": "all", "parts": tuple(parts)}


def _entry(key: str, value: Any) -> list[dict[str, Any]]:
    if key in ("all", "any"):
        if not isinstance(value, list):
            raise ValueError(f"`{key}:` takes a list of conditions")
        return [{"kind": key, "parts": tuple(_canonical(part) for part in value)}]
    if key == "not":
        return [{"kind": "not", "part": _canonical(value)}]
    if isinstance(value, list):
        return [_test(key, "in", value)]
    if not isinstance(value, dict):
        return [_test(key, "eq", value)]
    if key in _NESTED and value and not all(_ALSO.get(part, part) in _OPERATORS for part in value):
        return [test for part, inner in value.items() for test in _entry(f"{key}.{part}", inner)]
    value = {_ALSO.get(operator, operator): operand for operator, operand in value.items()}
    strange = set(value) - _OPERATORS
    if strange or not value:
        raise ValueError(
            f"unknown operator {sorted(map(str, strange))} on {key!r}; known: {', '.join(sorted(_OPERATORS))}"
        )
    return [_test(key, operator, operand) for operator, operand in value.items()]


def _test(field: str, op: str, value: Any) -> dict[str, Any]:
    if value is None:
        raise ValueError(f"{field!r} is compared with nothing; write {{missing: true}} to ask for missing values")
    if op in ("in", "not_in") or (op == "contains" and isinstance(value, list | tuple)):
        items = value if isinstance(value, list | tuple) else [value]
        if not items:
            raise ValueError(f"the list for {field!r} is empty, so the condition could never hold")
        return {"kind": "test", "field": field, "op": op, "value": tuple(items)}
    return {"kind": "test", "field": field, "op": op, "value": value}


Predicate = Annotated[
    Annotated[Test | AllOf | AnyOf | Not, Field(discriminator="kind")],
    BeforeValidator(_canonical),
]

AllOf.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()


def fields_of(predicate: Test | AllOf | AnyOf | Not | None) -> Iterator[str]:
    """Yield the fields that a condition reads, in reading order, repeats included."""
    match predicate:
        case None:
            return
        case Test():
            yield predicate.field
        case Not():
            yield from fields_of(predicate.part)
        case AllOf() | AnyOf():
            for part in predicate.parts:
                yield from fields_of(part)


def pinned(predicate: Test | AllOf | AnyOf | Not) -> dict[str, set[Scalar]]:
    """Return the fields that have one known value wherever the condition holds, with the values it names for them."""
    found: dict[str, set[Scalar]] = {}
    if isinstance(predicate, Test) and predicate.op == "eq" and not isinstance(predicate.value, tuple):
        found[predicate.field] = {predicate.value}
    if isinstance(predicate, AllOf):
        for part in predicate.parts:
            for name, values in pinned(part).items():
                found.setdefault(name, set()).update(values)
    return found


def predicate_document(predicate: Test | AllOf | AnyOf | Not) -> dict[str, Any]:
    """Return a condition as it is written in YAML or JSON; reading it again gives an equal condition."""
    match predicate:
        case Test():
            value = [_plain(v) for v in predicate.value] if isinstance(predicate.value, tuple) else predicate.value
            return {predicate.field: _plain(value) if predicate.op == "eq" else {predicate.op: _plain(value)}}
        case Not():
            return {"not": predicate_document(predicate.part)}
        case AllOf():
            return {"all": [predicate_document(part) for part in predicate.parts]}
        case AnyOf():
            return {"any": [predicate_document(part) for part in predicate.parts]}
    raise AssertionError(predicate)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
