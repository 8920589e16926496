"""Values that occur nowhere: in an open set (cities, brands) no mistake for sure, but worth a word beside the count.

A closed set refuses an unknown value. Of an open one tomorrow's data may hold what today's do not, so the rule stands;
whoever wrote it is told, with the values that are near. Under `not` it matters most: such an exclusion excludes nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from liuke.kernel import folded, nearest
from liuke.understand.segments.comparisons import Compare, Comparison, OneOf
from liuke.understand.segments.contracts import Frame
from liuke.understand.segments.rules import (
    AnyRule,
    EventCondition,
    Not,
    ProfileCondition,
    SequenceCondition,
    TagCondition,
    Where,
    parts_of,
)
from liuke.understand.tags import SOURCES, DuckDB

MOST = 5_000
"""Different values that are compared; a column with more is free text, of which nothing can be said."""

Ask = Callable[[str], Sequence[Sequence[object]]]
"""Runs a query and gives its rows."""


@dataclass(frozen=True)
class Unseen:
    """A value that no row has.

    Parameters
    ----------
    column, value : str
    near : tuple of str
        Values that occur and are like it.
    excluded : bool
        True where the rule excludes it: then it excludes nobody.
    """

    column: str
    value: str
    near: tuple[str, ...]
    excluded: bool

    @property
    def told(self) -> tuple[str, str]:
        """The sentence in both languages."""
        zh = f"{self.column} 的取值“{self.value}”在现有数据里一次也没有出现"
        en = f"{self.column}: no row has the value {self.value!r}"
        if self.excluded:
            zh, en = f"{zh}，这个排除条件排除不了任何人", f"{en}, so this exclusion excludes nobody"
        if self.near:
            zh, en = f"{zh}；是不是 {' 或 '.join(self.near)}？", f"{en}; did you mean {' or '.join(self.near)}?"
        return zh, en


@dataclass(frozen=True)
class Asked:
    """A text that a rule compares a column with; `source` is empty for a column of the customer."""

    source: str
    column: str
    name: str
    value: str
    excluded: bool


def unseen(rule: AnyRule, frame: Frame, customers: Ask, happenings: Ask | None = None) -> tuple[Unseen, ...]:
    """Return the values of a rule that occur nowhere.

    Parameters
    ----------
    customers, happenings : callable
        Run a query over the frame's relation, and over the relations of its sources; without the second one the
        conditions on happenings are not looked at.
    """
    found: dict[Asked, Unseen] = {}
    there: dict[tuple[str, str], tuple[str, ...] | None] = {}
    for one in _asked(rule, frame, excluded=False):
        place = (one.source, one.column)
        if one.source and happenings is None:
            continue
        if place not in there:
            ask = happenings if one.source and happenings is not None else customers
            there[place] = values_there(ask, one.source or frame.relation, one.column)
        known = there[place]
        if known is not None and folded(one.value) not in {folded(value) for value in known}:
            found[one] = Unseen(one.name, one.value, nearest(one.value, known), one.excluded)
    return tuple(found.values())


def values_there(ask: Ask, relation: str, column: str) -> tuple[str, ...] | None:
    """Return the different texts of a column, None where there are too many to be a choice."""
    rows = ask(f"SELECT DISTINCT {column} FROM {relation} AS c WHERE {column} IS NOT NULL LIMIT {MOST + 1}")
    return tuple(sorted(str(row[0]) for row in rows)) if len(rows) <= MOST else None


def _asked(rule: AnyRule, frame: Frame, *, excluded: bool) -> Iterator[Asked]:
    match rule:
        case TagCondition() | ProfileCondition():
            name = rule.tag if isinstance(rule, TagCondition) else rule.field
            value = (frame.tags if isinstance(rule, TagCondition) else frame.profile).get(name)
            if value is not None and value.kind == "text" and value.names is None:
                for text, turned in _texts(rule.test):
                    yield Asked("", value.sql, name, text, excluded != turned)
        case EventCondition():
            yield from _of_rows(rule.source, rule.where, excluded=excluded != (rule.how == "did_not"))
        case SequenceCondition():
            yield from _of_rows(rule.first.source, rule.first.where, excluded=excluded)
            turned = excluded != (rule.then == "did_not")
            yield from _of_rows(rule.second.source, rule.second.where, excluded=turned)
    for part in parts_of(rule):
        yield from _asked(part, frame, excluded=excluded != isinstance(rule, Not))


def _of_rows(source: str, tests: Iterable[Where], *, excluded: bool) -> Iterator[Asked]:
    for one in tests:
        if SOURCES[source].columns.get(one.column) == "text" and one.column != "event":
            for text, turned in _texts(one.test):
                yield Asked(source, f"c.{DuckDB.identifier(one.column)}", one.column, text, excluded != turned)


def _texts(test: Comparison) -> Iterator[tuple[str, bool]]:
    """Yield the texts that a test compares with, and whether it asks for all others."""
    values: Sequence[object] = ()
    if isinstance(test, OneOf):
        values = test.values
    elif isinstance(test, Compare):
        values = (test.value,)
    turned = getattr(test, "op", "") in ("ne", "not_in")
    yield from ((value, turned) for value in values if isinstance(value, str))
