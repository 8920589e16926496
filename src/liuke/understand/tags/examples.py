"""The example tables of the shipped tags: these rows give these values.

They are data beside the definitions (`definitions/examples/*.yaml`), printed in the reference and run as tests on every
engine. `ago` counts days back from `as_of` (yesterday is 1) and stands for `occurred_on`; customer 9 never has a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from liuke.kernel import read_yaml
from liuke.understand.tags.errors import DefinitionError
from liuke.understand.tags.loading import SHIPPED
from liuke.understand.tags.nodes import Aggregate, Attribute, DaysSince, MonthsSince, Node, PerChild
from liuke.understand.tags.nodes import Sequence as Path
from liuke.understand.tags.predicates import AllOf, AnyOf, Test, fields_of
from liuke.understand.tags.sources import PRODUCT
from liuke.understand.tags.tagset import TagSet, walk

Row: TypeAlias = Mapping[str, Any]

NOBODY = 9
"""The customer who has nothing."""


@dataclass(frozen=True)
class Example:
    """Rows, and what the tags say of them.

    Attributes
    ----------
    place : str
        File and position, for messages.
    as_of : date
    rows : mapping of relation to rows
        As written: `ago` instead of `occurred_on`.
    expect : mapping of tag to (mapping of customer to value)
        Customer `NOBODY` included.
    """

    place: str
    as_of: dt.date
    rows: Mapping[str, Sequence[Row]]
    expect: Mapping[str, Mapping[int, Any]]

    def relations(self) -> dict[str, list[dict[str, Any]]]:
        """Return the rows as the views of a moment hold them, by view; columns left out are missing.

        Days are dates, instants are minutes after noon of the day in the order of the rows, orders without a number are
        numbered, and every customer stands in `customers`.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        for view, rows in self.rows.items():
            for number, row in enumerate(rows, start=1):
                full = dict(row)
                if "ago" in full:
                    day = self.as_of - dt.timedelta(days=full.pop("ago"))
                    full |= {"occurred_on": day, "occurred_at": dt.datetime.combine(day, dt.time(12, number))}
                if view in ("purchases", "purchase_items"):
                    full.setdefault("order_id", number)
                found.setdefault(view, []).append(full)
        named = {row["customer_id"] for row in found.get("customers", ())}
        everyone = {row["customer_id"] for rows in found.values() for row in rows if "customer_id" in row}
        asked = {customer for values in self.expect.values() for customer in values}
        bare = [{"customer_id": customer} for customer in sorted((everyone | asked) - named)]
        found["customers"] = found.get("customers", []) + bare
        return found

    def rows_for(self, tagset: TagSet, key: str) -> dict[str, list[Row]]:
        """Return the rows that matter to one tag: of the relations it reads, and of the events it names."""
        reads, events = _reads(tagset, key)
        found = {}
        for view, rows in self.rows.items():
            if view not in reads:
                continue
            kept = [row for row in rows if view != "events" or not events or row["event"] in events]
            if kept:
                found[view] = kept
        return found


_WRITTEN = {"acts": ("events", "purchases")}
"""Views of which examples write no rows, because the moment makes them of others."""


def load_examples() -> tuple[Example, ...]:
    """Read the examples of the shipped tags, in the order of the files.

    Raises
    ------
    DefinitionError
        If an example speaks of a tag of which it is not said what it is of nothing.
    """
    return tuple(example for path in sorted((SHIPPED / "examples").glob("*.yaml")) for example in _read(path.name))


def _read(name: str) -> Iterator[Example]:
    document = read_yaml((SHIPPED / "examples" / name).read_text(encoding="utf-8"))
    nothing = document["nothing"]
    for number, entry in enumerate(document["examples"], start=1):
        place = f"{name}, example {number}"
        if strange := sorted(set(entry["expect"]) - set(nothing)):
            raise DefinitionError(f"{place}: {strange} is not under `nothing`", hint="say what the tag is of nothing")
        expect = {tag: {**values, NOBODY: nothing[tag]} for tag, values in entry["expect"].items()}
        yield Example(place, document["as_of"], entry["rows"], expect)


def _reads(tagset: TagSet, key: str) -> tuple[set[str], set[str]]:
    """Return the relations that a tag reads, directly or through others, and the events it names (none: all)."""
    views: set[str] = set()
    events: set[str] = set()
    all_events = False
    for node in (node for name in _with_needs(tagset, key) for node in _reading(tagset[name].value)):
        if isinstance(node, Aggregate):
            fields = [*fields_of(node.where), getattr(node, "column", None) or ""]
            named = set(_events_of(node.where))
            views |= {*_WRITTEN.get(node.source, (node.source,))}
            views |= {"products"} if any(field.startswith(PRODUCT) for field in fields) else set()
            events |= named
            all_events |= node.source == "events" and not named
            if isinstance(node, Path):
                events |= {event for step in (node.then, node.then_not) if step for event in _events_of(step.where)}
        else:
            views.add("children" if isinstance(node, PerChild) else "customers")
    return views, set() if all_events else events


def _with_needs(tagset: TagSet, key: str) -> set[str]:
    return {key}.union(*(_with_needs(tagset, needed) for needed in tagset[key].needs))


def _reading(node: Node) -> Iterator[Node]:
    """Yield the nodes that read rows or the profile; what stands inside `per_child` reads the child."""
    inside = {id(part) for child in walk(node) if isinstance(child, PerChild) for part in walk(child.of)}
    kinds = Aggregate | PerChild | Attribute | DaysSince | MonthsSince
    yield from (part for part in walk(node) if isinstance(part, kinds) and id(part) not in inside)


def _events_of(predicate: Any) -> Iterator[str]:
    match predicate:
        case Test(field="event", value=value):
            yield from (str(one) for one in (value if isinstance(value, tuple) else (value,)))
        case AllOf() | AnyOf():
            for part in predicate.parts:
                yield from _events_of(part)
