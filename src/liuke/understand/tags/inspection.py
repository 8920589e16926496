"""Looking into a plan and into a value: what a build reads, and which rows made a customer's value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from liuke.understand.tags.compiler import Plan
from liuke.understand.tags.conditions import condition_sql
from liuke.understand.tags.dialect import DuckDB
from liuke.understand.tags.explain import explain_node
from liuke.understand.tags.leaves import Leaves
from liuke.understand.tags.nodes import Aggregate, Count, Node, PerChild, Sequence
from liuke.understand.tags.predicates import fields_of
from liuke.understand.tags.service import Snapshot, build_tags
from liuke.understand.tags.shapes import column_sql, resolver
from liuke.understand.tags.sources import SOURCES
from liuke.understand.tags.tagset import TagSet, walk


@dataclass(frozen=True)
class Cost:
    """What a plan asks of one source: rows there, how often they are read, and how many groupings share them."""

    source: str
    rows: int
    passes: int
    rows_read: int
    groupings: int
    leaves: int


@dataclass(frozen=True)
class Reason:
    """One leaf of a tag: what it reads, in words, how many rows of the customer it read, and the newest of them."""

    tag: str
    zh: str
    en: str
    rows: int
    newest: tuple[dict[str, Any], ...]


def estimate(plan: Plan, rows: Mapping[str, int]) -> list[Cost]:
    """Return what a plan costs, by source, the dearest first.

    Parameters
    ----------
    rows : mapping of source to int
        Rows of each source, from the lake's statistics.

    Notes
    -----
    Rows are those of the tables behind a source, before the files outside all windows are left out: an upper bound.
    """
    found = []
    for one in plan.readings:
        there = rows.get(one.source, 0)
        found.append(Cost(one.source, there, one.passes, there * one.passes, one.groupings, one.leaves))
    return sorted(found, key=lambda cost: (-cost.rows_read, cost.source))


def why(moment: Snapshot, tagset: TagSet, keys: Iterable[str], customer: int, limit: int = 5) -> list[Reason]:
    """Return the rows that gave a customer's values, leaf by leaf.

    Parameters
    ----------
    keys : iterable of str
        Tags that are asked about; the leaves of the tags that they read are listed too.
    limit : int
        Rows shown per leaf, newest first.

    Notes
    -----
    Of a sequence the first rows are listed. A rank is explained by the customer's own value only.
    """
    return [
        _reason(moment, key, leaf, tagset, customer, limit)
        for key in dict.fromkeys(needed for key in keys for needed in (*_needs(tagset, key), key))
        for leaf in _different(_leaves(tagset[key].value))
    ]


def _different(leaves: Iterable[Aggregate | PerChild]) -> list[Aggregate | PerChild]:
    found = list(leaves)
    return [leaf for n, leaf in enumerate(found) if leaf not in found[:n]]


def _needs(tagset: TagSet, key: str) -> Iterator[str]:
    for needed in tagset[key].needs:
        yield from _needs(tagset, needed)
        yield needed


def _leaves(node: Node) -> Iterator[Aggregate | PerChild]:
    for part in walk(node):
        if isinstance(part, Aggregate | PerChild):
            yield part
        if isinstance(part, Sequence):
            step = part.then or part.then_not
            assert step is not None
            yield Count(source=step.source or part.source, where=step.where)


def _reason(
    moment: Snapshot, key: str, leaf: Aggregate | PerChild, tagset: TagSet, customer: int, limit: int
) -> Reason:
    source = SOURCES["children" if isinstance(leaf, PerChild) else leaf.source]
    leaves = Leaves(moment.as_of, DuckDB, None)
    extra = {column for column in (*fields_of(leaf.where), getattr(leaf, "column", None)) if column}
    kept = [f"customer_id = {int(customer)}"]
    if isinstance(leaf, Aggregate) and source.day is not None:
        kept += leaves.rows_of(leaf).window.sql(source.day, DuckDB)
    if leaf.where is not None:
        kept.append(condition_sql(leaf.where, resolver(source, DuckDB), DuckDB))
    shown = [column_sql(column, DuckDB) for column in dict.fromkeys((*source.columns, *sorted(extra)))]
    rows = f"FROM ({leaves.scan(source, {*source.columns, *extra})}) WHERE {' AND '.join(kept)}"
    order = ", ".join(f"{column} DESC NULLS LAST" for column in dict.fromkeys((*source.order, *shown)))
    connection = moment.connection
    count = connection.sql(f"SELECT count(*) {rows}").fetchall()[0][0]
    newest = connection.sql(f"SELECT {', '.join(shown)} {rows} ORDER BY {order} LIMIT {int(limit)}").to_arrow_table()
    known = tuple({name: value for name, value in row.items() if value is not None} for row in newest.to_pylist())
    return Reason(key, explain_node(leaf, tagset, 0), explain_node(leaf, tagset, 1), count, known)


@dataclass(frozen=True)
class Change:
    """How one tag differs between two sets of definitions: customers that change, with a few of them."""

    tag: str
    state: str  # "changed", "added" or "removed"
    customers: int
    share: float
    examples: tuple[dict[str, Any], ...]


def compare(
    moment: Snapshot, before: TagSet, after: TagSet, scores: Mapping[str, str] | None = None, limit: int = 3
) -> list[Change]:
    """Return what would change for customers if `after` replaced `before`, for every visible tag whose hash differs.

    Parameters
    ----------
    limit : int
        Examples per tag: the customers with the smallest ids.
    """
    changed = [k for k in after.visible if k not in before or before.definition_hash(k) != after.definition_hash(k)]
    both = [key for key in changed if key in before]
    old = build_tags(moment, before, both, scores=scores).to_pylist() if both else []
    new = build_tags(moment, after, both, scores=scores).to_pylist() if both else []
    found = []
    for key in both:
        pairs = [(a["customer_id"], a[key], b[key]) for a, b in zip(old, new, strict=True) if a[key] != b[key]]
        examples = tuple({"customer_id": c, "before": was, "after": is_} for c, was, is_ in pairs[:limit])
        found.append(Change(key, "changed", len(pairs), len(pairs) / max(1, len(new)), examples))
    found += [Change(key, "added", 0, 0.0, ()) for key in changed if key not in before]
    return found + [Change(key, "removed", 0, 0.0, ()) for key in before.visible if key not in after.visible]
