"""Use cases: build the tags of a moment, publish its cut-points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import duckdb
import pyarrow as pa

from liuke.understand.tags.compiler import compile_plan
from liuke.understand.tags.cut_points import CutPoints, cut_points, rank_key
from liuke.understand.tags.nodes import Case, PercentRank, Tag
from liuke.understand.tags.tagset import TagDefinition, TagSet, Words

_ONLY = "only_these_customers"


class Snapshot(Protocol):
    """What is needed of a moment of `collect.history`."""

    @property
    def as_of(self) -> dt.date:
        """The day at whose 00:00 the views stand."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine with the views."""


def build_tags(
    moment: Snapshot,
    tagset: TagSet,
    names: Iterable[str] | None = None,
    only: Sequence[int] | None = None,
    cut_points: CutPoints | None = None,
    scores: Mapping[str, str] | None = None,
) -> pa.Table:
    """Compute tags of every customer, or of a few.

    Parameters
    ----------
    moment : Moment
        What the shop knew at 00:00 of `as_of`.
    names : iterable of str, optional
        Tags to compute, in this order; by default all that are not hidden.
    only : sequence of int, optional
        Customers to compute them for; ids unknown to the moment give no row.
    cut_points : mapping, optional
        Needed for ranks together with `only`.
    scores : mapping of model to relation, optional
        Published scores that `model` nodes read, as relations of the moment's connection.

    Returns
    -------
    pa.Table, shape (n_customers, 1 + n_tags)
        `customer_id`, then a column per tag; ordered by `customer_id`.

    Raises
    ------
    DefinitionError
        If a tag is unknown or cannot be compiled.
    """
    plan = compile_plan(tagset, names, moment.as_of, _ONLY if only is not None else None, cut_points, scores=scores)
    with _registered(moment.connection, only):
        return moment.connection.sql(plan.sql).to_arrow_table()


def publish_cut_points(
    moment: Snapshot,
    tagset: TagSet,
    names: Iterable[str] | None = None,
    scores: Mapping[str, str] | None = None,
) -> CutPoints:
    """Return the cut-points of every rank of the named tags, for `build_tags(only=...)` until the next full build."""
    chosen = tagset if names is None else tagset.select(names)
    ranks = {rank_key(rank): rank for definition in chosen.values() for rank in definition.ranks}
    helpers = [_population(f"population_of_rank_{n}", rank, tagset) for n, rank in enumerate(ranks.values(), start=1)]
    if not helpers:
        return {}
    everything = TagSet([*tagset.values(), *helpers])
    table = build_tags(moment, everything, [helper.key for helper in helpers], scores=scores)
    found: dict[str, tuple[float, ...]] = {}
    for (key, rank), helper in zip(ranks.items(), helpers, strict=True):
        values = [value for value in table.column(helper.key).to_pylist() if value is not None]
        found[key] = cut_points(sorted(-value if rank.descending else value for value in values))
    return found


def _population(key: str, rank: PercentRank, tagset: TagSet) -> TagDefinition:
    """Return a tag that is the ranked value of those who are ranked, and missing for the others."""
    value = Tag(key=rank.of)
    ranked = value if rank.among is None else Case.model_validate({"when": [{"if": rank.among, "then": value}]})
    return TagDefinition(
        key=key, family=tagset[rank.of].family, name=Words(zh=key, en=key), type="number", value=ranked
    )


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, only: Sequence[int] | None) -> Iterator[None]:
    """Make the asked-for customers a relation while the plan runs."""
    if only is None:
        yield
        return
    connection.register(_ONLY, pa.table({"customer_id": pa.array(sorted(set(only)), pa.int64())}))
    try:
        yield
    finally:
        connection.unregister(_ONLY)
