"""Which events do definitions name? The catalogue of behaviours is a closed set: no row can have another."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from liuke.understand.tags.errors import unknown
from liuke.understand.tags.nodes import Aggregate, Node, Sequence
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Test
from liuke.understand.tags.tagset import TagDefinition, walk

Predicate = Test | AllOf | AnyOf | Not


def refuse_unknown_events(definition: TagDefinition, events: Collection[str]) -> None:
    """Make sure that a definition asks for no event that the shop's catalogue does not have.

    Raises
    ------
    DefinitionError
        With the event that was probably meant.
    """
    for name in events_named(definition.value):
        if name not in events:
            raise unknown("event", name, events, f"tag {definition.key!r}")


def events_named(node: Node) -> Iterator[str]:
    """Yield the events that the conditions of a tree of nodes name."""
    for part in walk(node):
        if isinstance(part, Aggregate) and part.source == "events":
            yield from _named(part.where)
        if isinstance(part, Sequence):
            for step in (part.then, part.then_not):
                if step is not None and (step.source or part.source) == "events":
                    yield from _named(step.where)


def _named(predicate: Predicate | None) -> Iterator[str]:
    match predicate:
        case Test() if predicate.field == "event":
            values = predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
            yield from (value for value in values if isinstance(value, str))
        case Not():
            yield from _named(predicate.part)
        case AllOf() | AnyOf():
            for part in predicate.parts:
                yield from _named(part)
