"""From a table to checked rows of the trial's units: read once, one row per unit, capped, gaps filled, groups formed.

A csv or a query is read once into the engine's own temporary table, which spills to disk where memory is short; parquet
is read in place. Row numbers are only looked for when a rule is broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import duckdb

from liuke.learn.analysis import checks
from liuke.learn.analysis.errors import PlanError, TableError
from liuke.learn.analysis.exact import exact_sum
from liuke.learn.analysis.kinds import kinds_of
from liuke.learn.analysis.layout import Layout
from liuke.learn.analysis.plan import Kind, Metric
from liuke.learn.analysis.profile import Numbers, Profile, profile
from liuke.learn.analysis.table import literal, unreadable

QUARTILE_LEVELS = 12  # numbers with more values than this are cut at their quartiles
LISTED_LEVELS = 20  # of more text values, the rarest are one group
MAX_LEVELS = 2000  # more than that is an id, no segment
OTHERS, EMPTY = "其他 / others", "空 / empty"

_names = count()


@dataclass(frozen=True, slots=True)
class Rows:
    """Checked rows, one per unit.

    Parameters
    ----------
    layout
    relation
        Name of the view: ``u``, ``arm``, ``cluster``, ``stratum``, ``d``, ``s0 …`` (group names), ``x0 …``.
    profile
        What is known of these rows.
    control
        Name of the control arm.
    kinds
        By metric.
    caps
        Value that winsorised metrics are capped at, by metric.
    filled
        Covariates whose empty cells were filled with their mean: column and number of cells.
    table_rows
        Rows of the table, before those of a unit were added up.
    """

    layout: Layout
    relation: str
    profile: Profile
    control: str
    kinds: dict[str, Kind]
    caps: dict[str, float]
    filled: tuple[tuple[str, int], ...]
    table_rows: int

    def expressions(self, metric: Metric) -> tuple[str, ...]:
        """Return SQL of a metric's own columns: capped; NULL together where one is missing and those are dropped."""
        names = self.layout.xs(metric)
        cap = self.caps.get(metric.name)
        values = [f"least({names[0]}, {cap!r})" if cap is not None else names[0], *names[1:]]
        gaps = " OR ".join(f"{name} IS NULL" for name in names if self._about(name).empty)
        return tuple(f"CASE WHEN {gaps} THEN NULL ELSE {value} END" if gaps else value for value in values)

    def bound(self, name: str) -> tuple[float, bool]:
        """Return the largest absolute value of ``x0 …`` and whether all its values are whole numbers."""
        about = self._about(name)
        return about.bound, about.fractions == 0

    def _about(self, name: str) -> Numbers:
        return self.profile.numbers(int(name[1:]))


@contextmanager
def checked_rows(layout: Layout) -> Iterator[Rows]:
    """Read, check and shape a table; its temporary tables are gone afterwards.

    Raises
    ------
    TableError, PlanError
        Name the row or the rule, see ``checks``.
    """
    stage = _Stage(layout.table.connection, f"liuke_trial_{next(_names)}")
    try:
        yield _prepare(layout, stage)
    except duckdb.InvalidInputException as error:
        raise unreadable(layout.table.label, error) from None
    finally:
        stage.drop()


class _Stage:
    """Temporary tables and views of one analysis."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, prefix: str) -> None:
        self.connection = connection
        self._prefix = prefix
        self._made: list[tuple[str, str]] = []

    def table(self, query: str) -> str:
        return self._make("TABLE", query)

    def view(self, query: str) -> str:
        return self._make("VIEW", query)

    def drop(self) -> None:
        for kind, name in reversed(self._made):
            self.connection.execute(f"DROP {kind} IF EXISTS {name}")

    def _make(self, kind: str, query: str) -> str:
        name = f"{self._prefix}_{len(self._made)}"
        self._made.append((kind, name))
        self.connection.execute(f"CREATE TEMP {kind} {name} AS {query}")
        return name


def _prepare(layout: Layout, stage: _Stage) -> Rows:
    plan, connection = layout.plan, layout.table.connection
    in_place = layout.table.relation.startswith("read_parquet")
    base = (stage.view if in_place else stage.table)(layout.selection())
    present = frozenset(name for name in ("cluster", "stratum", "d") if getattr(layout, _ROLES[name]))
    seen = profile(connection, base, len(layout.numbers), present)
    checks.check_arms(layout, seen)
    control = checks.control_of(layout, seen)
    kinds = kinds_of(layout, seen)
    checks.check_numbers(layout, seen, kinds)
    checks.check_groups(layout, seen)
    checks.check_units(layout, base)
    if layout.cluster:
        checks.check_clusters(layout, base)
    table_rows = seen.rows
    if plan.repeats == "sum":
        base = _one_row_per_unit(layout, stage, base, seen, kinds)
        seen = profile(connection, base, len(layout.numbers), present)
    fills = _fills(layout, connection, base, seen)
    view = stage.view(_shaped(layout, connection, base, fills))
    if fills:
        seen = profile(connection, view, len(layout.numbers), present)
    filled = tuple((layout.numbers[i], n) for i, (_, n, is_covariate) in fills.items() if is_covariate)
    caps = {metric.name: _cap(connection, view, layout, metric) for metric in plan.metrics if metric.winsorise}
    return Rows(layout, view, seen, control, kinds, caps, filled, table_rows)


_ROLES = {"cluster": "cluster", "stratum": "strata", "d": "day"}


def _one_row_per_unit(layout: Layout, stage: _Stage, base: str, seen: Profile, kinds: dict[str, Kind]) -> str:
    """Add a unit's rows up: metrics and cost are sums, a share is whether it happened, what was known before stays."""
    groups = [(f"s{i}", name) for i, name in enumerate(layout.segments)]
    groups += [("cluster", layout.cluster)] if layout.cluster else []
    groups += [("stratum", layout.strata)] if layout.strata else []
    for name, column in groups:
        checks.check_constant(layout, base, name, column)
    parts = ["u", "any_value(arm) AS arm", "false AS unit_empty"]
    parts += [f"min({name}) AS {name}" for name, _ in groups]
    parts += ["min(d) AS d"] if layout.day else []
    shares = {layout.x(m.columns[0]) for m in layout.plan.metrics if kinds[m.name] is Kind.PROPORTION}
    for i, use in enumerate(layout.uses):
        x, about = f"x{i}", seen.numbers(i)
        if use.startswith("covariate"):
            checks.check_constant(layout, base, x, layout.numbers[i])
            parts.append(f"max({x}) AS {x}")
        elif x in shares:
            parts.append(f"max({x}) AS {x}")
        else:
            total, k = exact_sum((x,), ((about.bound, about.fractions == 0),), seen.rows)
            parts.append(f"{total}::DOUBLE / {2.0**k!r}::DOUBLE AS {x}")
    return stage.table(f"SELECT {', '.join(parts)} FROM {base} GROUP BY u")


def _fills(
    layout: Layout, connection: duckdb.DuckDBPyConnection, base: str, seen: Profile
) -> dict[int, tuple[float, int, bool]]:
    """Return what empty cells become, by column: 0 for metrics if the plan says so, the mean for covariates."""
    fills: dict[int, tuple[float, int, bool]] = {}
    for i, use in enumerate(layout.uses):
        about = seen.numbers(i)
        if not about.empty:
            continue
        if use.startswith("covariate"):
            total, k = exact_sum((f"x{i}",), ((about.bound, about.fractions == 0),), seen.rows)
            [(summed,)] = connection.execute(f"SELECT {total} FROM {base}").fetchall()
            fills[i] = (float(summed) / 2.0**k / about.filled, about.empty, True)
        elif layout.plan.missing == "zero":
            fills[i] = (0.0, about.empty, False)
    return fills


def _shaped(
    layout: Layout, connection: duckdb.DuckDBPyConnection, base: str, fills: dict[int, tuple[float, int, bool]]
) -> str:
    parts = ["u", "arm", "unit_empty"]
    parts += ["cluster"] if layout.cluster else []
    parts += ["stratum"] if layout.strata else []
    parts += ["d"] if layout.day else []
    parts += [f"{_grouped(connection, base, f's{i}', name)} AS s{i}" for i, name in enumerate(layout.segments)]
    for i in range(len(layout.numbers)):
        parts.append(f"coalesce(x{i}, {fills[i][0]!r}::DOUBLE) AS x{i}" if i in fills else f"x{i}")
    return f"SELECT {', '.join(parts)} FROM {base}"


def _grouped(connection: duckdb.DuckDBPyConnection, base: str, s: str, column: str) -> str:
    """Return SQL of a segment's group names: values as they are, quartiles of numbers, the rarest words together."""
    number = f"TRY_CAST({s} AS DOUBLE)"
    [(levels, words)] = connection.execute(
        f"SELECT approx_count_distinct({s}), count_if({s} IS NOT NULL AND {number} IS NULL) FROM {base}"
    ).fetchall()
    if not words and levels > QUARTILE_LEVELS:
        cuts = connection.execute(f"SELECT quantile_disc({number}, [0.25, 0.5, 0.75]) FROM {base}").fetchall()[0][0]
        return _quartiles(number, sorted(set(cuts)))
    if levels > MAX_LEVELS:
        raise PlanError(
            f"segment '{column}' has about {levels:,} values", hint="group them first: regions instead of towns"
        )
    rows = connection.execute(
        f"SELECT {s} FROM {base} WHERE {s} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {LISTED_LEVELS + 1}"
    ).fetchall()
    if len(rows) <= LISTED_LEVELS:
        return f"coalesce({s}, {literal(EMPTY)})"
    kept = ", ".join(literal(row[0]) for row in rows[: LISTED_LEVELS - 1])
    return f"CASE WHEN {s} IS NULL THEN {literal(EMPTY)} WHEN {s} IN ({kept}) THEN {s} ELSE {literal(OTHERS)} END"


def _quartiles(number: str, cuts: list[float]) -> str:
    shown = [f"{cut:.4g}".replace("-", "−") for cut in cuts]
    whens = [f"WHEN {number} IS NULL THEN {literal(EMPTY)}"]
    for i, cut in enumerate(cuts):
        name = f"≤ {shown[0]}" if i == 0 else f"{shown[i - 1]} – {shown[i]}"
        whens.append(f"WHEN {number} <= {cut!r}::DOUBLE THEN {literal(name)}")
    return f"CASE {' '.join(whens)} ELSE {literal(f'> {shown[-1]}')} END"


def _cap(connection: duckdb.DuckDBPyConnection, view: str, layout: Layout, metric: Metric) -> float:
    """Return the plan's quantile of all arms together; of the values above 0 if that would cap everything at 0."""
    x = layout.xs(metric)[0]
    [(cap, above)] = connection.execute(
        f"SELECT quantile_disc({x}, {metric.winsorise!r}), "
        f"quantile_disc({x}, {metric.winsorise!r}) FILTER ({x} > 0) FROM {view}"
    ).fetchall()
    if cap is None:
        raise TableError(f"metric {metric.name} has no values to cap", hint="leave out winsorise:")
    return float(above if cap <= 0 and above is not None else cap)
