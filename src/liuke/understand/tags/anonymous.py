"""Nodes without a definition of their own: what a segment, a metric or a strategy asks in passing.

They become tags of a set like all others, hidden words aside, so that one plan computes them together and each window
once. Their type follows from what they compute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from liuke.understand.tags.compiler import value_kinds
from liuke.understand.tags.errors import DefinitionError
from liuke.understand.tags.nodes import Expression, Node
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Predicate, Test
from liuke.understand.tags.sources import Kind
from liuke.understand.tags.tagset import TagDefinition, TagSet, TagType, Words

_NODE: TypeAdapter[Any] = TypeAdapter(Expression)
_PREDICATE: TypeAdapter[Any] = TypeAdapter(Predicate)
_ANY_DAY = dt.date(2000, 1, 1)  # kinds do not depend on it
_TYPES: Mapping[Kind, TagType] = {
    "integer": "number", "double": "number", "text": "category", "boolean": "boolean", "date": "date", "list": "list",
    "number_list": "list",
}  # fmt: skip


def parse_node(raw: Any) -> Node:
    """Return a node from its document (a mapping with `node`, a tag's key, a number), or the node itself.

    Raises
    ------
    DefinitionError
        If it is no node; the message names the field.
    """
    return _validated(_NODE, raw, "node")  # type: ignore[no-any-return]


def parse_predicate(raw: Any) -> Test | AllOf | AnyOf | Not:
    """Return a condition from its document, such as `{event: search, value: {gte: 5}}`, or the condition itself.

    Raises
    ------
    DefinitionError
        If it is no condition; the message names the field.
    """
    return _validated(_PREDICATE, raw, "condition")  # type: ignore[no-any-return]


def anonymous_tags(nodes: Mapping[str, Node | Mapping[str, Any]], tagset: TagSet | None = None) -> TagSet:
    """Return a set in which each node is a visible tag under its name; the tags of `tagset` are there, hidden.

    Parameters
    ----------
    nodes : mapping of name to node (or its document)
        Names begin with a small letter and hold small letters, digits and `_`; none may be a key of `tagset`.
    tagset : TagSet, optional
        Tags that the nodes may read.

    Raises
    ------
    DefinitionError
        If a name is taken, a node is none, or its parts do not fit.
    """
    base = {} if tagset is None else dict(tagset)
    if taken := sorted(set(nodes) & set(base)):
        raise DefinitionError(f"the names {', '.join(taken)} are keys of tags", hint="choose other names")
    hidden = [one if one.hidden else one.model_copy(update={"hidden": True}) for one in base.values()]
    parsed = {name: parse_node(raw) for name, raw in nodes.items()}
    plain = TagSet([*hidden, *(_definition(name, node, "number") for name, node in parsed.items())])
    kinds = value_kinds(plain, parsed, _ANY_DAY)
    return TagSet([*hidden, *(_definition(name, node, _type(name, kinds[name])) for name, node in parsed.items())])


def _definition(name: str, node: Node, type_: TagType) -> TagDefinition:
    raw = {"key": name, "family": "value", "name": Words(zh=name, en=name), "type": type_, "value": node}
    try:
        return TagDefinition.model_validate(raw)
    except ValidationError as error:
        raise DefinitionError(f"{name!r} cannot be the name of a node: {error.errors()[0]['msg']}") from error


def _type(name: str, kind: Kind) -> TagType:
    if kind not in _TYPES:
        raise DefinitionError(f"{name!r} is {kind}, which no tag can be", hint="ask for the day (occurred_on) instead")
    return _TYPES[kind]


def _validated(adapter: TypeAdapter[Any], raw: Any, what: str) -> Any:
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        steps = ".".join(str(step) for step in first["loc"] if step not in ("test", "all", "any", "not"))
        raise DefinitionError(
            f"this is no {what}: {steps + ': ' if steps else ''}{first['msg']}",
            hint="the README of liuke.understand.tags lists nodes, fields and conditions",
        ) from error
