"""One trial: a random shop, random definitions; do the plan, the plan for a few and the slow reference agree?"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from random_tags import random_tags
from raw_shop import AS_OF, KNOWN_AT, SCORES, open_moment, random_shop
from tag_facts import Facts, read_facts
from tag_reference import Reference

from liuke.understand.tags import anonymous_tags, build_tags, parse_node, publish_cut_points, walk
from liuke.understand.tags.nodes import Aggregate, Node, PercentRank, PerChild, Tag

GIVEN = {"churn": SCORES}
Ledger = Counter[tuple[str, str]]
"""How often a node was evaluated for a customer whose rows held a nasty case: (node, case) to count."""


def disagreements(seed: int, ledger: Ledger | None = None, kinds: Sequence[str] = ()) -> list[str]:
    """Return what differs in the trial of this seed, in words; every other one knows three days of late arrivals."""
    rng = Random(seed)
    shop, raw = random_shop(rng), random_tags(rng, kinds, 6 if kinds else 14)
    known_at = KNOWN_AT + dt.timedelta(days=3 * (seed % 2))
    facts = read_facts(shop, known_at)
    trees = {key: parse_node(tree) for key, tree in raw.items()}
    reference = Reference(facts, AS_OF, trees)
    tags = anonymous_tags(trees)
    moment = open_moment(shop, known_at)
    full = build_tags(moment, tags, scores=GIVEN).to_pylist()
    cuts = publish_cut_points(moment, tags, scores=GIVEN)
    few = rng.sample(facts.customers, 2)
    asked = build_tags(moment, tags, only=[*few, 777], cut_points=cuts, scores=GIVEN).to_pylist()
    moment.connection.close()
    if [row["customer_id"] for row in full] != facts.customers:
        return [f"customers {[row['customer_id'] for row in full]} instead of {facts.customers}"]
    found = []
    for row in full:
        customer = row["customer_id"]
        for key, node in trees.items():
            wanted = reference.value(node, customer)
            if not same(row[key], wanted):
                found.append(f"seed {seed}, customer {customer}: {row[key]!r} instead of {wanted!r} for {raw[key]}")
            if ledger is not None:
                _note(ledger, node, trees, facts, customer)
    if asked != [row for row in full if row["customer_id"] in few]:
        found.append(f"seed {seed}: a few customers get other values than all: {asked}")
    return found


def same(found: Any, wanted: Any) -> bool:
    """Whether two values are equal, doubles to 1e-9."""
    if isinstance(found, float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)
    return type(found) is type(wanted) and found == wanted


def _note(ledger: Ledger, node: Node, trees: dict[str, Node], facts: Facts, customer: int) -> None:
    nodes = list(walk(node))
    met = {case for part in nodes for source in _sources(part, trees) for case in facts.met[source, customer]}
    for name in {part.node for part in nodes if hasattr(part, "node")}:
        for case in met:
            ledger[name, case] += 1


def _sources(node: Node, trees: dict[str, Node]) -> set[str]:
    match node:
        case Aggregate():
            return {node.source}
        case PerChild():
            return {"children"}
        case PercentRank() | Tag():
            named = trees[node.of if isinstance(node, PercentRank) else node.key]
            return {source for part in walk(named) for source in _sources(part, trees)}
    return {"attribute": {"customers"}, "days_since": {"customers"}, "months_since": {"customers"},
            "model": {"scores"}}.get(getattr(node, "node", ""), set())  # fmt: skip
