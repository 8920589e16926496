"""From rows to sums: one pass over the units gives every count, sum and product that the estimates need.

Sums are taken by arm, and by arm within each stratum, segment and day, in one scan (grouping sets). Where clusters
were drawn, a cluster's units are added up first and the cluster is what is counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement
from typing import Any

from liuke.learn.analysis.exact import exact_sum, number
from liuke.learn.analysis.kinds import value_metric
from liuke.learn.analysis.plan import Kind
from liuke.learn.analysis.rows import Rows
from liuke.learn.inference import ClusterMoments, MultiMoments

MONEY = "\0money"  # name of the pair (value, cost) among the vectors; no metric can be called so
MAX_LISTED_CLUSTERS = 20_000  # more than that are compared by their sums alone: the delta method is then as good
WHOLE = ""  # the dimension that is none: all rows

Cell = dict[str, MultiMoments]  # sums by vector's name
Levels = dict[Any, dict[str, Cell]]  # level of a dimension → arm → sums


@dataclass(frozen=True, slots=True)
class Vector:
    """Columns whose sums and products belong together.

    Parameters
    ----------
    name
        Of the metric, or ``MONEY``.
    factors
        SQL of the columns.
    bounds
        Of each: largest absolute value, whether all are whole numbers.
    """

    name: str
    factors: tuple[str, ...]
    bounds: tuple[tuple[float, bool], ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """All that is known of a trial once its rows are forgotten.

    Parameters
    ----------
    units
        Units of each arm, before any metric's gaps.
    clusters
        Clusters of each arm; empty if units were drawn.
    levels
        By dimension (``""`` for the whole, ``stratum``, ``s0 …``, ``d``): sums by level and arm.
    by_cluster
        Each metric's sums by cluster and arm; empty if units were drawn or clusters are very many.
    """

    units: dict[str, int]
    clusters: dict[str, int]
    levels: dict[str, Levels]
    by_cluster: dict[str, dict[str, ClusterMoments]] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, Cell]:
        """Sums by arm."""
        return self.levels[WHOLE][None]

    def picked(self, name: str, columns: tuple[int, ...]) -> Sums:
        """Return the same sums with some columns of one vector only."""

        def cell(sums: Cell) -> Cell:
            return sums | {name: sums[name].pick(columns)}

        levels = {
            dimension: {level: {arm: cell(sums) for arm, sums in arms.items()} for level, arms in levels.items()}
            for dimension, levels in self.levels.items()
        }
        return replace(self, levels=levels)


def vectors(rows: Rows) -> tuple[Vector, ...]:
    """Return the columns that each metric needs: itself (numerator, denominator), then its covariates.

    Where clusters were drawn, ``x`` of a mean becomes (sum, units) and a covariate a pair of the same kind.
    """
    layout, clustered = rows.layout, bool(rows.layout.cluster)
    found = []
    for metric in layout.plan.metrics:
        own = tuple(zip(rows.expressions(metric), layout.xs(metric), strict=True))
        columns = [(sql, rows.bound(name)) for sql, name in own]
        if clustered and rows.kinds[metric.name] is not Kind.RATIO:
            columns.append((f"(CASE WHEN {own[0][0]} IS NULL THEN NULL ELSE 1 END)", (1.0, True)))
        for name in metric.covariates:
            gap = f"CASE WHEN {own[0][0]} IS NULL THEN NULL ELSE {layout.x(name)} END"
            dropped = any(rows.profile.numbers(int(x[1:])).empty for _, x in own)
            columns.append((gap if dropped else layout.x(name), rows.bound(layout.x(name))))
            if clustered:
                columns.append(("1", (1.0, True)))
        found.append(Vector(metric.name, *zip(*columns, strict=True)))
    if layout.plan.cost:
        found.append(_money(rows))
    return tuple(found)


def _money(rows: Rows) -> Vector:
    layout = rows.layout
    metric = value_metric(layout.plan)
    value, cost = layout.xs(metric)[0], layout.x(layout.plan.cost)
    both: tuple[str, ...] = (rows.expressions(metric)[0], cost)
    if rows.profile.numbers(int(cost[1:])).empty:  # what was spent is not known: nor is what it earned
        both = tuple(f"CASE WHEN {cost} IS NULL OR {value} IS NULL THEN NULL ELSE {one} END" for one in both)
    elif rows.profile.numbers(int(value[1:])).empty:
        both = (both[0], f"CASE WHEN {value} IS NULL THEN NULL ELSE {cost} END")
    return Vector(MONEY, both, (rows.bound(value), rows.bound(cost)))


def sum_up(rows: Rows) -> Sums:
    """Read the units once and return their sums."""
    wanted = vectors(rows)
    if rows.layout.cluster:
        return _by_cluster(rows, wanted)
    levels = _query(rows, rows.relation, wanted, rows.profile.rows, rows.layout.dimensions)
    return Sums(dict(rows.profile.arms), {}, levels)


def _query(
    rows: Rows, relation: str, wanted: tuple[Vector, ...], n_rows: int, dimensions: tuple[str, ...]
) -> dict[str, Levels]:
    terms: list[str] = []
    grids: list[int] = []
    spans: list[tuple[Vector, int]] = []
    for vector in wanted:
        spans.append((vector, len(terms)))
        terms.append(f"count({vector.factors[0]})")
        grids.append(0)
        for pick in _picks(len(vector.factors)):
            sql, k = exact_sum(tuple(vector.factors[i] for i in pick), tuple(vector.bounds[i] for i in pick), n_rows)
            terms.append(sql)
            grids.append(k)
    keys = ", ".join(dimensions)
    sets = ", ".join(["(arm)", *(f"(arm, {name})" for name in dimensions)])
    which = " + ".join(f"{2**i} * (1 - GROUPING({name}))" for i, name in enumerate(dimensions)) or "0"
    query = (
        f"SELECT {which}, arm, {keys + ', ' if keys else ''}{', '.join(terms)} FROM {relation} "
        f"GROUP BY GROUPING SETS ({sets})"
    )
    found: dict[str, Levels] = defaultdict(lambda: defaultdict(dict))
    start = 2 + len(dimensions)
    for row in rows.layout.table.connection.execute(query).fetchall():
        dimension = dimensions[int(row[0]).bit_length() - 1] if row[0] else WHOLE
        level = row[2 + dimensions.index(dimension)] if dimension else None
        numbers = [number(total, k) for total, k in zip(row[start:], grids, strict=True)]
        found[dimension][level][row[1]] = {vector.name: _moments(vector, numbers[at:]) for vector, at in spans}
    return {name: dict(levels) for name, levels in found.items()}


def _picks(k: int) -> list[tuple[int, ...]]:
    """Return which columns are multiplied, in the order of the query: each alone, then each pair."""
    return [*((i,) for i in range(k)), *combinations_with_replacement(range(k), 2)]


def _moments(vector: Vector, numbers: list[float]) -> MultiMoments:
    k = len(vector.factors)
    totals = tuple(numbers[1 : 1 + k])
    products = dict(zip(combinations_with_replacement(range(k), 2), numbers[1 + k :], strict=False))
    table = tuple(tuple(products[min(i, j), max(i, j)] for j in range(k)) for i in range(k))
    return MultiMoments(int(numbers[0]), totals, table)


def _by_cluster(rows: Rows, wanted: tuple[Vector, ...]) -> Sums:
    """Add up each cluster (within a level), then count clusters as units."""
    connection, relation = rows.layout.table.connection, rows.relation
    [(largest,)] = connection.execute(
        f"SELECT max(n) FROM (SELECT count(*) AS n FROM {relation} GROUP BY cluster)"
    ).fetchall()
    counted = connection.execute(f"SELECT arm, count(DISTINCT cluster) FROM {relation} GROUP BY arm").fetchall()
    inner: list[str] = []
    outer: list[Vector] = []
    for vector in wanted:
        names, bounds = [], []
        for factor, (bound, whole) in zip(vector.factors, vector.bounds, strict=True):
            total, k = exact_sum((factor,), ((bound, whole),), largest)
            names.append(f"y{len(inner)}")
            inner.append(f"{total}::DOUBLE / {2.0**k!r}::DOUBLE AS {names[-1]}")
            bounds.append((bound * largest, whole))
        outer.append(Vector(vector.name, tuple(names), tuple(bounds)))
    levels: dict[str, Levels] = {}
    for dimension in (WHOLE, *rows.layout.dimensions):
        key = f", {dimension}" if dimension else ""
        summed = f"(SELECT arm, cluster{key}, {', '.join(inner)} FROM {relation} GROUP BY arm, cluster{key})"
        found = _query(rows, summed, tuple(outer), rows.profile.rows, (dimension,) if dimension else ())
        levels[dimension] = found[dimension]
    clusters = dict(sorted(counted))
    listed = sum(clusters.values()) <= MAX_LISTED_CLUSTERS
    by_cluster = _listed(rows, inner, outer) if listed else {}
    return Sums(dict(rows.profile.arms), clusters, levels, by_cluster)


def _listed(rows: Rows, inner: list[str], outer: list[Vector]) -> dict[str, dict[str, ClusterMoments]]:
    columns = [vector.factors[:2] for vector in outer if vector.name != MONEY]
    query = (
        f"SELECT arm, cluster, {', '.join(name for pair in columns for name in pair)} FROM "
        f"(SELECT arm, cluster, {', '.join(inner)} FROM {rows.relation} GROUP BY arm, cluster) ORDER BY cluster"
    )
    found = rows.layout.table.connection.execute(query).fetchall()
    by_metric: dict[str, dict[str, ClusterMoments]] = {}
    for i, metric in enumerate(rows.layout.plan.metrics):
        at = 2 + 2 * i
        by_metric[metric.name] = {}
        for arm in rows.profile.arms:
            mine = [row for row in found if row[0] == arm and row[at + 1]]
            keys, sizes, totals = ([row[j] for row in mine] for j in (1, at + 1, at))
            by_metric[metric.name][arm] = ClusterMoments(tuple(keys), tuple(sizes), tuple(totals))
    return by_metric
