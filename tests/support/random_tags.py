"""Random definitions: every node, over every source, in all shapes that fit."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

TEXTS = {
    "purchases": ["channel"], "purchase_items": ["category", "brand", "product.stage"], "order_facts": ["fact"],
    "events": ["event", "channel", "category", "source", "property.colour", "product.brand"],
    "touches": ["channel", "status"],
}  # fmt: skip
NUMBERS = {
    "purchases": ["net_minor", "n_items"],
    "purchase_items": ["net_minor", "product.min_age_months", "product.supply_days"],
    "events": ["value"], "order_facts": ["amount_minor"], "touches": [],
}  # fmt: skip
WORDS = ["app", "web", "toys", "wipes", "search", "o'clock", "a", "paid", "sent", "red", "blue"]
COUNTED = [
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "distinct_count",
    "distinct_days",
    "recency",
    "age",
    "gap_stats",
    "decayed",
]
ROWS = [*COUNTED, "top", "first", "last", "sequence"]
COMBINED = ["ratio", "combine", "default", "trend", "bucket", "case", "holds", "per_child", "attribute", "days_since",
            "months_since", "model", "percent_rank", "tag"]  # fmt: skip
Tree = dict[str, Any]


def random_tags(rng: Random, kinds: Sequence[str] = (), size: int = 14) -> dict[str, Tree]:
    """Return trees by key, of some kinds or of all; `a` and `b` are numbers that others read and rank."""
    trees = {"a": rows_of(rng, rng.choice(["sum", "count", "recency"])), "b": rows_of(rng, "count")}
    for k in range(size):
        kind = rng.choice(kinds or rng.choice([ROWS, COMBINED]))
        trees[f"t{k}"] = rows_of(rng, kind) if kind in ROWS else combined(rng, kind)
    return trees


def condition(rng: Random, source: str, depth: int = 0) -> Tree:
    """Return a random condition on rows."""
    if depth < 2 and rng.random() < 0.4:
        parts = [condition(rng, source, depth + 1) for _ in range(rng.randint(1, 2))]
        return rng.choice([{"not": parts[0]}, {"any": parts}, {"all": parts}])
    text = rng.choice(TEXTS[source])
    tests: list[Tree] = [
        {text: rng.choice(WORDS)}, {text: rng.sample(WORDS, 3)}, {text: {"missing": rng.random() < 0.5}},
        {text: {rng.choice(["ne", "lt", "gte"]): rng.choice(WORDS)}}, {text: {"not_in": rng.sample(WORDS, 2)}},
    ]  # fmt: skip
    if NUMBERS[source]:
        op = rng.choice(["lt", "lte", "gt", "gte", "ne", "eq"])
        tests.append({rng.choice(NUMBERS[source]): {op: rng.choice([-50, 0, 1, 2, 100])}})
    if source == "events":
        tests += [
            {"property": {"size": {rng.choice(["lt", "gte", "eq"]): 40}}},
            {"event": rng.choice(["search", "login"])},
        ]
    return rng.choice(tests)


def rows_of(rng: Random, kind: str = "") -> Tree:
    """Return a random node over rows."""
    kind = kind or rng.choice(ROWS)
    source = rng.choice([s for s in TEXTS if NUMBERS[s] or kind not in ("sum", "mean", "min", "max")])
    node: Tree = {"node": kind, "source": source}
    if rng.random() < 0.6:
        node["where"] = condition(rng, source)
    if rng.random() < 0.6:
        node |= {"days": rng.choice([1, 7, 30]), "ago": rng.choice([0, 0, 1, 30])}
    match kind:
        case "sum" | "mean" | "min" | "max":
            node["column"] = rng.choice(NUMBERS[source])
        case "distinct_count" | "first" | "last" | "top":
            node["column"] = rng.choice(TEXTS[source])
        case "gap_stats":
            node["stat"] = rng.choice(["mean", "median", "min", "max", "last", "stddev", "count"])
        case "decayed":
            node["half_life"] = rng.choice([1, 7, 30])
            node |= {"column": rng.choice(NUMBERS[source])} if NUMBERS[source] and rng.random() < 0.6 else {}
        case "sequence":
            second = rng.choice(list(TEXTS))
            step: Tree = {"source": second, "where": condition(rng, second)}
            node |= {rng.choice(["then", "then_not"]): step, "stat": rng.choice(["holds", "count", "last_on"])}
            node |= {"within": rng.choice([0, 1, 7])} if rng.random() < 0.7 else {}
        case "count" if rng.random() < 0.4:
            node["column"] = rng.choice(TEXTS[source])
    if kind == "top":
        node["by"] = rng.choice(["rows", "days", *NUMBERS[source]])
    if kind in ("first", "last", "top") and node["column"].startswith("property."):
        node["column"] = "property.colour"
    return node


def amount(rng: Random) -> Tree:
    """Return a random number."""
    return rows_of(rng, rng.choice(COUNTED))


def combined(rng: Random, kind: str) -> Tree:
    """Return a random node over values."""
    match kind:
        case "ratio":
            return {"node": kind, "numerator": amount(rng), "denominator": amount(rng)}
        case "combine":
            op = rng.choice(["add", "subtract", "multiply", "least", "greatest"])
            return {"node": kind, "op": op, "of": [amount(rng), amount(rng), rng.choice([1, 2.5])]}
        case "default":
            return {"node": kind, "of": amount(rng), "value": -1}
        case "trend":
            of = rows_of(rng, rng.choice(["count", "distinct_count", "distinct_days"]))
            return {"node": kind, "of": of | {"days": 10, "ago": rng.choice([0, 5])}}
        case "bucket":
            plain: Tree = {"node": kind, "of": amount(rng), "edges": [0, 1, 30], "labels": ["a", "b", "c", "d"]}
            by = {
                "by": {"node": "attribute", "column": "member_tier"},
                "edges": {"gold": [0, 1, 30], "silver": [1, 2, 9]},
            }
            return rng.choice([plain, plain | by, plain | by | {"else": [5, 6, 7]}])
        case "case":
            when = [{"if": {"x": {"lt": 1}, "y": {"missing": False}}, "then": "small"},
                    {"if": {"any": [{"y": {"gt": 2}}, {"b": {"gte": 2}}]}, "then": "big"}]  # fmt: skip
            return {"node": kind, "let": {"x": amount(rng), "y": amount(rng)}, "when": when, "else": "other"}
        case "holds":
            ages: Tree = {"node": "per_child", "of": {"node": "attribute", "column": "gender"}}
            asked = rng.choice([{"contains": ["male", "?"]}, {"empty": True}, {"contains": "female"}])
            return rng.choice([{"node": kind, "let": {"x": amount(rng)}, "if": {"not": {"x": {"gte": 1}}}},
                               {"node": kind, "let": {"x": ages}, "if": {"x": asked}}])  # fmt: skip
        case "per_child":
            of = rng.choice([{"node": "months_since", "column": "birth_month"},
                             {"node": "attribute", "column": "gender"}])  # fmt: skip
            return {"node": kind, "of": of} | rng.choice([{}, {"where": {"guardian_consent": True}}])
        case "attribute":
            return {"node": kind, "column": rng.choice(["member_tier", "gender"])}
        case "days_since" | "months_since":
            return {"node": kind, "column": rng.choice(["member_since_on", "birth_month"])}
        case "model":
            column = rng.choice(["probability", "expected_margin_minor"])
            return {"node": kind, "model": "churn", "column": column, "max_age_days": rng.choice([1, 31])}
        case "tag":
            return {"node": "combine", "op": "add", "of": ["a", {"node": "tag", "key": "b"}]}
    rank: Tree = {"node": "percent_rank", "of": "a", "descending": rng.random() < 0.5}
    return rank | rng.choice([{}, {"among": {"b": {"gte": 1}}}])
