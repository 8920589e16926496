"""Random definitions on random rows: the compiled plan and the slow reference give the same answers."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from small_moment import moment_from
from tag_reference import evaluate

from liuke.understand.tags import TagDefinition, TagSet, build_tags
from liuke.understand.tags.nodes import AnyNode

AS_OF = dt.date(2024, 3, 1)
CUSTOMERS = 4
NODE = TypeAdapter(AnyNode)

# Few values and few days, so that ties, equal days and window edges happen all the time.
days = st.integers(-1, 70).map(lambda back: AS_OF - dt.timedelta(days=back))
seconds = st.sampled_from([0, 1, 3600, 86_399])
instants = st.tuples(days, seconds).map(lambda d: dt.datetime.combine(d[0], dt.time()) + dt.timedelta(seconds=d[1]))
people = st.integers(1, CUSTOMERS - 1)  # the last customer never has a row
maybe = lambda values: st.none() | values  # noqa: E731

PURCHASES = st.fixed_dictionaries({
    "customer_id": people, "order_id": st.integers(1, 6), "occurred_at": instants,
    "channel": maybe(st.sampled_from(["app", "web", "店"])),
    "net_minor": maybe(st.integers(-3, 5).map(lambda k: k * 50)),
    "quantity": maybe(st.sampled_from([0.1, 0.2, 1.0])),
})  # fmt: skip
ITEMS = st.fixed_dictionaries({
    "customer_id": people, "order_id": st.integers(1, 6), "occurred_on": days, "product_id": st.integers(1, 3),
    "category": maybe(st.sampled_from(["toys", "wipes", "奶粉"])), "net_minor": maybe(st.integers(-1, 2)),
    "brand": maybe(st.sampled_from(["a", "b"])),
})  # fmt: skip
EVENTS = st.fixed_dictionaries({
    "customer_id": people, "event": st.sampled_from(["search", "login", "o'clock"]), "occurred_at": instants,
    "category": maybe(st.sampled_from(["toys", "wipes"])), "value": maybe(st.sampled_from([0.1, 0.7, 2.0])),
})  # fmt: skip

TEXT = {"purchases": "channel", "purchase_items": "category", "events": "category"}
NUMBER = {"purchases": "net_minor", "purchase_items": "net_minor", "events": "value"}
WORDS = ["app", "web", "toys", "wipes"]


def conditions(source: str) -> st.SearchStrategy[dict[str, Any]]:
    word, number = st.sampled_from(WORDS), st.sampled_from([-50, 0, 1, 100])
    one = st.one_of(
        word.map(lambda v: {TEXT[source]: v}),
        st.lists(word, min_size=1, max_size=2).map(lambda v: {TEXT[source]: v}),
        st.tuples(st.sampled_from(["ne", "lt", "gte"]), word).map(lambda t: {TEXT[source]: {t[0]: t[1]}}),
        st.tuples(st.sampled_from(["lt", "lte", "gt", "gte", "ne"]), number).map(
            lambda t: {NUMBER[source]: {t[0]: t[1]}}
        ),
        st.booleans().map(lambda b: {TEXT[source]: {"missing": b}}),
        *([st.sampled_from(["search", "o'clock"]).map(lambda v: {"event": v})] if source == "events" else []),
    )
    return st.recursive(
        one,
        lambda part: st.one_of(
            part.map(lambda p: {"not": p}),
            st.lists(part, min_size=1, max_size=2).map(lambda p: {"any": p}),
            st.lists(part, min_size=1, max_size=2).map(lambda p: {"all": p}),
        ),
        max_leaves=3,
    )


@st.composite
def aggregates(draw: st.DrawFn, names: list[str] | None = None) -> dict[str, Any]:
    source = draw(st.sampled_from(sorted(TEXT)))
    kinds = ["count", "sum", "mean", "min", "max", "distinct_count", "distinct_days", "recency", "age", "gap_stats",
             "top", "first", "last"]  # fmt: skip
    node: dict[str, Any] = {"node": draw(st.sampled_from(names or kinds)), "source": source}
    if draw(st.booleans()):
        node["where"] = draw(conditions(source))
    if draw(st.booleans()):
        node |= {"days": draw(st.sampled_from([1, 7, 30])), "ago": draw(st.sampled_from([0, 1, 30]))}
    match node["node"]:
        case "sum" | "mean" | "min" | "max":
            node["column"] = NUMBER[source]
        case "distinct_count" | "first" | "last" | "top":
            node["column"] = TEXT[source]
        case "gap_stats":
            node["stat"] = draw(st.sampled_from(["mean", "median", "min", "max", "last", "stddev", "count"]))
    if node["node"] == "top":
        node["by"] = draw(st.sampled_from(["rows", "days", NUMBER[source]]))
    if node["node"] == "count" and draw(st.booleans()):
        node["column"] = TEXT[source]
    return node


numbers = aggregates(["count", "sum", "mean", "min", "max", "distinct_count", "distinct_days", "recency", "gap_stats"])


@st.composite
def combined(draw: st.DrawFn) -> dict[str, Any]:
    amount = draw(numbers)
    kind = draw(st.sampled_from(["ratio", "combine", "default", "trend", "bucket", "case", "holds"]))
    match kind:
        case "ratio":
            return {"node": kind, "numerator": amount, "denominator": draw(numbers)}
        case "combine":
            op = draw(st.sampled_from(["add", "subtract", "multiply", "least", "greatest"]))
            return {"node": kind, "op": op, "of": [amount, draw(numbers), draw(st.sampled_from([1, 2.5]))]}
        case "default":
            return {"node": kind, "of": amount, "value": -1}
        case "trend":
            of = draw(aggregates(["count", "distinct_count", "distinct_days"]))
            return {"node": kind, "of": of | {"days": 10, "ago": draw(st.sampled_from([0, 5]))}}
        case "bucket":
            return {"node": kind, "of": amount, "edges": [0, 1, 30], "labels": ["a", "b", "c", "d"]}
        case "holds":
            return {"node": kind, "let": {"x": amount}, "if": {"not": {"x": {"gte": 1}}}}
    branches = [
        {"if": {"x": {"lt": 1}, "y": {"missing": False}}, "then": "small"},
        {"if": {"y": {"gt": 2}}, "then": "big"},
    ]
    return {"node": "case", "let": {"x": amount, "y": draw(numbers)}, "when": branches, "else": "other"}


rows = st.fixed_dictionaries({
    "purchases": st.lists(PURCHASES, max_size=12), "purchase_items": st.lists(ITEMS, max_size=12),
    "events": st.lists(EVENTS, max_size=12),
})  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(tables=rows, trees=st.lists(aggregates() | combined(), min_size=8, max_size=14))
def test_plan_and_reference_agree(tables: dict[str, list[dict[str, Any]]], trees: list[dict[str, Any]]) -> None:
    tables["purchases"] = list({(r["order_id"]): r for r in tables["purchases"]}.values())  # an order is one row
    parsed = [NODE.validate_python(tree) for tree in trees]
    moment = moment_from(tables | {"customers": [{"customer_id": c + 1} for c in range(CUSTOMERS)]}, AS_OF)
    dated = {
        name: [row | {"occurred_on": row.get("occurred_on") or row["occurred_at"].date()} for row in found]
        for name, found in tables.items()
    }
    wanted = [[evaluate(node, c + 1, dated, AS_OF) for c in range(CUSTOMERS)] for node in parsed]
    tags = TagSet(_tag(f"t{i}", node) for i, node in enumerate(parsed))
    table = build_tags(moment, tags)
    few = build_tags(moment, tags, only=[1, CUSTOMERS])
    for i, (node, answers) in enumerate(zip(parsed, wanted, strict=True)):
        event(node.node)
        found = table[f"t{i}"].to_pylist()
        assert all(same(f, a) for f, a in zip(found, answers, strict=True)), (node, found, answers)
        assert few[f"t{i}"].to_pylist() == [found[0], found[-1]]


def same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)
    return type(found) is type(wanted) and found == wanted


def _tag(key: str, node: Any) -> TagDefinition:
    types = {"top": "category", "first": "category", "last": "category", "bucket": "category", "case": "category"}
    kind = "boolean" if node.node == "holds" else types.get(node.node, "number")
    words = {"zh": key, "en": key}
    return TagDefinition.model_validate({"key": key, "family": "value", "name": words, "type": kind, "value": node})
