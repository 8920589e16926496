"""What events and sequences become: facts about a customer, computed by the compiler of tags.

Each different fact is named by its content, so that rules which ask the same share it, and all facts together are
one plan in which each window is scanned once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from liuke.kernel import folded
from liuke.understand.segments.comparisons import Between, Compare, FieldTest, Known, OneOf
from liuke.understand.segments.errors import NeedsNightlyRunError, SegmentError, unknown
from liuke.understand.segments.rules import EventCondition, SequenceCondition, Step, Where
from liuke.understand.tags import DefinitionError, anonymous_tags, compile_plan

_NODES = {"did": "count", "did_not": "count", "count": "count", "days": "distinct_days", "sum": "sum",
          "distinct": "distinct_count"}  # fmt: skip
_PRODUCT = ("product.product_key", "product.brand", "product.category")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "events": ("event", "channel", "category", "value", *_PRODUCT),
    "purchases": ("channel", "net_minor", "discount_minor", "margin_minor", "quantity", "n_items"),
    "purchase_items": ("category", "subcategory", "brand", "stage", "quantity", "net_minor", "discount_minor",
                       "product_id", "product.product_key"),
    "touches": ("channel", "campaign", "status"),
}  # fmt: skip
"""What a rule may ask of each source; ids of single rows are left out."""

MEASURES: Mapping[str, tuple[str, ...]] = {
    "events": ("value",), "purchases": ("net_minor", "discount_minor", "margin_minor", "quantity", "n_items"),
    "purchase_items": ("quantity", "net_minor", "discount_minor"), "touches": (),
}  # fmt: skip
"""What can be added up."""


class Facts:
    """The facts of a set of rules, each under one name.

    Parameters
    ----------
    happenings : mapping of source to days or None
        What can be read, and how far back.
    events : collection of str, optional
        The events that there are; None: any may be asked for.
    """

    def __init__(self, happenings: Mapping[str, int | None], events: Collection[str] | None = None) -> None:
        self._happenings = happenings
        self._events = events
        self.nodes: dict[str, dict[str, Any]] = {}

    def event(self, condition: EventCondition) -> str:
        """Return the name of the number that an event condition tests."""
        self._reachable(condition.source, condition.days, condition.ago)
        node: dict[str, Any] = {
            "node": _NODES[condition.how], "source": condition.source, "days": condition.days, "ago": condition.ago,
        }  # fmt: skip
        if condition.column is not None:
            _checked(condition.source, condition.column, of=MEASURES if condition.how == "sum" else COLUMNS)
            node["column"] = condition.column
        if condition.where:
            node["where"] = self._where(condition.source, condition.where)
        return self._named(node)

    def sequence(self, condition: SequenceCondition) -> str:
        """Return the name of the fact whether a sequence happened."""
        days = condition.days
        for step in (condition.first, condition.second):
            self._reachable(step.source, days, 0)
        second = "then" if condition.then == "did" else "then_not"
        node: dict[str, Any] = {"node": "sequence", **self._step(condition.first), "days": days, "stat": "holds"}
        return self._named(node | {second: self._step(condition.second), "within": condition.within_days})

    def sql(self, as_of: dt.date) -> str:
        """Return one query with `customer_id` and a column per fact.

        Raises
        ------
        SegmentError
            If a column is unknown or cannot be counted or compared in that way.
        """
        try:
            return compile_plan(anonymous_tags(self.nodes), None, as_of).sql
        except DefinitionError as error:
            raise SegmentError(error.message, hint=error.hint, zh=error.zh) from None

    def _step(self, step: Step) -> dict[str, Any]:
        where = {"where": self._where(step.source, step.where)} if step.where else {}
        return {"source": step.source} | where

    def _where(self, source: str, tests: tuple[Where, ...]) -> dict[str, Any]:
        for one in tests:
            _checked(source, one.column)
            if source == "events" and one.column == "event" and self._events is not None:
                for name in _texts(one.test):
                    if name not in self._events:
                        raise unknown("event", name, self._events)
        return {"all": [entry for one in tests for entry in _operators(one.column, one.test)]}

    def _named(self, node: dict[str, Any]) -> str:
        key = json.dumps(node, sort_keys=True)
        name = f"fact_{hashlib.sha256(key.encode()).hexdigest()[:16]}"  # the same in every plan that needs it
        self.nodes[name] = node
        return name

    def _reachable(self, source: str, days: int | None, ago: int) -> None:
        if source not in self._happenings:
            raise NeedsNightlyRunError(
                f"{source} are not published, so only the nightly run can evaluate this",
                hint="save the segment; its size appears after the next run",
            )
        limit = self._happenings[source]
        if limit is not None and (days is None or days + ago > limit):
            asked = "all history" if days is None else f"{days + ago} days back"
            raise NeedsNightlyRunError(
                f"{source} are published for the last {limit} days; this condition asks for {asked}",
                hint=f"ask for at most {limit} days, or save the segment: its size appears after the next nightly run",
            )


def _checked(source: str, column: str, of: Mapping[str, tuple[str, ...]] = COLUMNS) -> None:
    if column not in of[source]:
        what = "column of" if of is COLUMNS else "amount in"
        raise unknown(f"{what} {source}", column, of[source])


def _operators(column: str, test: FieldTest) -> list[dict[str, Any]]:
    match test:
        case Compare() if isinstance(test.value, str) and test.op in ("eq", "ne"):
            return [{column: {"in" if test.op == "eq" else "not_in": _spellings((test.value,))}}]
        case Compare():
            return [{column: {test.op: test.value}}]
        case Between():
            return [{column: {"gte": test.low}}, {column: {"lte": test.high}}]
        case OneOf():
            return [{column: {test.op: _spellings(test.values)}}]
        case Known():
            return [{column: {"missing": test.op == "missing"}}]


def _texts(test: FieldTest) -> list[str]:
    values = test.values if isinstance(test, OneOf) else (test.value,) if isinstance(test, Compare) else ()
    return [value for value in values if isinstance(value, str)]


def _spellings(values: Iterable[Any]) -> list[Any]:
    """Return the values as typed, and of texts the plain spelling too."""
    told = (form for value in values for form in ((value, folded(value)) if isinstance(value, str) else (value,)))
    return list(dict.fromkeys(told))
