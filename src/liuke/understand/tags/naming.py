"""Do the conditions of a definition name what exists, and can anything pass them?

The compiler answers for tags, columns and values of tags, which it has to look up anyway. What stands in rows is known
beforehand for a few columns only: events are those of the shop's catalogue, facts and genders a fixed few. A condition
on another value of them would be false for ever, and inside `not` true for everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from liuke.kernel import impossible
from liuke.understand.tags.errors import DefinitionError, unknown
from liuke.understand.tags.nodes import Aggregate, Case, Holds, Node, PercentRank, PerChild, Sequence
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Test
from liuke.understand.tags.sources import SOURCES
from liuke.understand.tags.tagset import TagDefinition, walk

Predicate = Test | AllOf | AnyOf | Not


def check_names(definition: TagDefinition, events: Collection[str]) -> None:
    """Make sure that a definition asks for no event, fact or gender that there is not, and for no empty range.

    Raises
    ------
    DefinitionError
        With the name that was probably meant.
    """
    for source, predicate in _conditions(definition.value):
        closed = {**SOURCES[source].names, **({"event": events} if source == "events" else {})} if source else {}
        try:
            _check(predicate, closed)
        except DefinitionError as error:
            told = f"tag {definition.key!r}: {error.message}"
            raise DefinitionError(told, hint=error.hint, zh=f"标签 {definition.key}：{error.zh}") from None


def _conditions(node: Node) -> Iterator[tuple[str, Predicate]]:
    """Yield every condition in a tree with the source whose rows it is about, empty for one about tags."""
    for part in walk(node):
        match part:
            case Aggregate() if part.where is not None:
                yield part.source, part.where
            case PerChild() if part.where is not None:
                yield "children", part.where
            case PercentRank() if part.among is not None:
                yield "", part.among
            case Holds():
                yield "", part.condition
            case Case():
                yield from (("", branch.condition) for branch in part.when)
        if isinstance(part, Sequence):
            for step in (part.then, part.then_not):
                if step is not None and step.where is not None:
                    yield step.source or part.source, step.where


def _check(predicate: Predicate, closed: Mapping[str, Collection[str]]) -> None:
    match predicate:
        case Test() if predicate.field in closed:
            values = predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
            for value in values:
                if isinstance(value, str) and value not in closed[predicate.field]:
                    raise unknown(predicate.field, value, closed[predicate.field])
        case Not():
            _check(predicate.part, closed)
        case AllOf() | AnyOf():
            if isinstance(predicate, AllOf):
                _refuse_contradiction(predicate)
            for part in predicate.parts:
                _check(part, closed)


def _refuse_contradiction(predicate: AllOf) -> None:
    asked: dict[str, list[tuple[str, object]]] = {}
    for part in predicate.parts:
        if isinstance(part, Test):
            asked.setdefault(part.field, []).append((part.op, part.value))
    for field, tests in asked.items():
        if impossible(tests):
            raise DefinitionError(
                f"no value of {field!r} can pass all of its tests",
                hint="write the smaller end first, or use `any`",
                zh=f"{field} 的几个条件不可能同时成立：区间两端写反了，或应改用 any",
            )
