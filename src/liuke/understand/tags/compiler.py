"""From definitions to one plan: steps for the leaves, narrow frames for ranks, one wide frame.

A *frame* is a chain of SELECTs with a row per customer: leaves joined to the customers, then one layer per depth of
tags that read tags. A rank gets a frame of its own with nothing but what it ranks, since ranking wide rows is what
costs (measured: 4 times dearer than ranking four columns and joining back).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from liuke.understand.tags.conditions import Value, condition_sql
from liuke.understand.tags.cut_points import RESOLUTION, CutPoints, rank_key
from liuke.understand.tags.dialect import Dialect, DuckDB
from liuke.understand.tags.errors import DefinitionError, unknown
from liuke.understand.tags.expressions import express
from liuke.understand.tags.leaves import Leaf, Leaves, scan_name
from liuke.understand.tags.nodes import PercentRank
from liuke.understand.tags.sources import CUSTOMER_COLUMNS, CUSTOMER_NAMES, SOURCES, Kind
from liuke.understand.tags.tagset import TagDefinition, TagSet, TagType, rank_reads

_OUTPUT: Mapping[TagType, frozenset[Kind]] = {
    "number": frozenset({"integer", "double"}), "money_minor": frozenset({"integer", "double"}),
    "category": frozenset({"text"}), "boolean": frozenset({"boolean"}), "date": frozenset({"date"}),
    "list": frozenset({"list", "number_list"}),
}  # fmt: skip


@dataclass(frozen=True)
class PlanColumn:
    """One output column: the tag, the kind of its values and, where they are a closed set of texts, which."""

    key: str
    type: TagType
    kind: Kind
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Reading:
    """What a plan reads of one source: how often, for how many groupings, with how many leaves in them."""

    source: str
    passes: int
    groupings: int
    leaves: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class PlanStep:
    """One named step of a plan: its SELECT, and how many later steps read it.

    Attributes
    ----------
    scan : bool
        True for the rows of a source, which later steps group by customer.
    large : bool
        True if a copy of its rows should not be kept in memory.
    """

    name: str
    body: str
    references: int
    scan: bool = False
    large: bool = False


@dataclass(frozen=True)
class Plan:
    """What an engine runs: one SELECT with `customer_id` and a column per tag, ordered by `customer_id`.

    `hash` names what is computed (not when, and for whom): the same definitions give the same hash. `steps` and `final`
    are the same in parts and in any order of rows, for an engine that has to be told what to keep.
    """

    sql: str
    columns: tuple[PlanColumn, ...]
    hash: str
    readings: tuple[Reading, ...] = ()
    ranks: int = 0
    steps: tuple[PlanStep, ...] = ()
    final: str = ""


def compile_plan(
    tagset: TagSet,
    names: Iterable[str] | None,
    as_of: dt.date,
    only: str | None = None,
    cut_points: CutPoints | None = None,
    dialect: Dialect = DuckDB,
    scores: Mapping[str, str] | None = None,
) -> Plan:
    """Compile the named tags (None: all that are not hidden) into one plan.

    Parameters
    ----------
    only : str, optional
        Relation with the `customer_id` of the customers that are asked for. Ranks then need `cut_points`.
    cut_points : mapping, optional
        What `publish_cut_points` gave; ranks are read off them instead of being computed.
    scores : mapping of model to relation, optional
        Published scores (`as_of`, `customer_id` and the columns of `sources.MODELS`) that `model` nodes read; those of
        a model that is not in it are missing.

    Raises
    ------
    DefinitionError
        If a name is unknown, kinds do not fit, or ranks of a few customers are asked for without cut-points.
    """
    wanted = tuple(tagset.visible if names is None else dict.fromkeys(names))
    for relation in (*([] if only is None else [only]), *(scores or {}).values()):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", relation):
            raise DefinitionError(
                f"`only` and `scores` name relations, not {relation!r}", hint="register a table or view first"
            )
    compiler = _Compiler(tagset, Leaves(as_of, dialect, only, scores), cut_points)
    frame, values = compiler.frame("tags", wanted)
    columns = tuple(_output(tagset[key], values[key]) for key in wanted)
    shown = ["customer_id", *(compiler.output(column, values[column.key].kind) for column in columns)]
    final = f"SELECT {', '.join(shown)} FROM {frame}"
    steps = compiler.steps(final)
    parts = [dialect.cte(step.name, step.body, step.references, large=step.large) for step in steps]
    sql = "WITH " + ",\n".join(parts) + "\n" + final + " ORDER BY customer_id"
    return Plan(sql, columns, tagset.hash(wanted), compiler.readings(), compiler.n_ranks, steps, final)


def value_kinds(tagset: TagSet, names: Iterable[str], as_of: dt.date, dialect: Dialect = DuckDB) -> dict[str, Kind]:
    """Return what the named tags compute, whatever type they say they are.

    Raises
    ------
    DefinitionError
        If kinds do not fit.
    """
    wanted = tuple(dict.fromkeys(names))
    _, values = _Compiler(tagset, Leaves(as_of, dialect, None), None).frame("tags", wanted)
    return {name: values[name].kind for name in wanted}


def value_names(tagset: TagSet, names: Iterable[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the values that tags can have, of those with a closed set; by default of all that are not hidden.

    Raises
    ------
    DefinitionError
        If a definition cannot be compiled.
    """
    wanted = tuple(tagset.visible if names is None else dict.fromkeys(names))
    if not wanted:
        return {}
    columns = compile_plan(tagset, wanted, dt.date(2000, 1, 1)).columns  # the day plays no part
    return {column.key: column.names for column in columns if column.names is not None}


class _Compiler:
    def __init__(self, tagset: TagSet, leaves: Leaves, cut_points: CutPoints | None) -> None:
        self.tagset = tagset
        self.leaves = leaves
        self.dialect = leaves.dialect
        self.cut_points = cut_points
        self._steps: list[tuple[str, str]] = []  # frames and ranks, which stand after the leaves
        self._ranks: dict[str, Leaf] = {}

    def frame(self, name: str, wanted: Sequence[str]) -> tuple[str, dict[str, Value]]:
        """Add the CTEs of a frame with the wanted tags; return its last CTE and its tags as columns of it."""
        scope = _Frame(self)
        layers: dict[int, list[str]] = {}
        depth: dict[str, int] = {}
        for key in self._closure(wanted):
            definition = self.tagset[key]
            try:
                value = express(definition.value, scope)
            except DefinitionError as error:
                raise DefinitionError(f"tag {key!r}: {error.message}", hint=error.hint, zh=error.zh) from error
            depth[key] = 1 + max((depth[needed] for needed in self._reads(definition)), default=0)
            layers.setdefault(depth[key], []).append(f"{value.sql} AS {self.dialect.identifier(key)}")
            scope.tags[key] = Value(self.dialect.identifier(key), value.kind, value.names)
        self._steps.append((f"{name}_0", scope.base()))
        for level, columns in sorted(layers.items()):
            self._steps.append((f"{name}_{level}", f"SELECT *, {', '.join(columns)} FROM {name}_{level - 1}"))
        return f"{name}_{len(layers)}", scope.tags

    def rank(self, node: PercentRank) -> Leaf:
        """Return the leaf of a rank over the whole population, computed in a narrow frame."""
        key = rank_key(node)
        if key in self._ranks:
            return self._ranks[key]
        if self.leaves.only is not None:
            raise DefinitionError(
                f"the rank of {node.of!r} among a few customers would not be their rank in the shop",
                hint="pass the cut_points that publish_cut_points gave for the last full build",
            )
        number = len(self._ranks) + 1
        self._ranks[key] = Leaf(f"rank_{number}", f"_r{number}", "double")
        frame, values = self.frame(f"ranked_{number}", rank_reads(node))
        value = self.dialect.identifier(node.of)
        if values[node.of].kind not in ("integer", "double"):
            raise DefinitionError(f"{node.of!r} is {values[node.of].kind} and cannot be ranked", hint="rank a number")
        kept = [f"{value} IS NOT NULL"]
        if node.among is not None:
            kept.append(condition_sql(node.among, values.__getitem__, self.dialect))
        place = self.dialect.cast(f"rank() OVER (ORDER BY {value}{' DESC' if node.descending else ''})", "integer")
        smaller = f"({place} - 1) * {RESOLUTION}"
        thousandths = f"least({RESOLUTION - 1}, {self.dialect.floor_divide(smaller, 'count(*) OVER ()')})"
        body = f"SELECT customer_id, {self.dialect.divide(thousandths, str(RESOLUTION))} AS _r{number}"
        self._steps.append((f"rank_{number}", f"{body} FROM {frame} WHERE {' AND '.join(kept)}"))
        return self._ranks[key]

    def published_rank(self, node: PercentRank, of: Value, among: str) -> Value:
        """Return a rank as read off published cut-points."""
        assert self.cut_points is not None
        key = rank_key(node)
        if key not in self.cut_points:
            raise DefinitionError(
                f"no cut-points were published for the rank of {node.of!r} ({key})", hint="build all tags once"
            )
        cuts = self.cut_points[key]
        if not cuts:
            return Value(self.dialect.cast("NULL", "double"), "double")
        value = f"-({of.sql})" if node.descending else of.sql
        below = self.dialect.count_below(cuts, value)
        known = f"{of.sql} IS NOT NULL AND {among}" if among else f"{of.sql} IS NOT NULL"
        return Value(f"CASE WHEN {known} THEN {self.dialect.divide(below, str(RESOLUTION))} END", "double")

    def output(self, column: PlanColumn, kind: Kind) -> str:
        """Return the cast of an output column."""
        name = self.dialect.identifier(column.key)
        rounded = self.dialect.round(name) if column.type == "money_minor" and kind == "double" else name
        return f"{self.dialect.cast(rounded, column.kind)} AS {name}"

    def steps(self, final: str) -> tuple[PlanStep, ...]:
        """Return the steps in order, each with the number of those that read it."""
        scans = {name: large for (name, _), large in self.leaves.scans()}
        found = [*(step for step, _ in self.leaves.scans()), *self.leaves.steps(), *self._steps]
        bodies = [body for _, body in found] + [final]
        used = {name: sum(1 for body in bodies if _reads_relation(body, name)) for name, _ in found}
        return tuple(
            PlanStep(name, body, used[name], scan=name in scans, large=scans.get(name, False)) for name, body in found
        )

    @property
    def n_ranks(self) -> int:
        """How many rankings of the population the plan holds."""
        return len(self._ranks)

    def readings(self) -> tuple[Reading, ...]:
        """Return what the plan reads of each source; rows that are kept in memory are read once."""
        found: dict[str, list[tuple[set[str], int]]] = {}
        for shape in self.leaves.shapes:
            for source, columns in shape.reads().items():
                found.setdefault(source, []).append((columns, shape.size()))
        return tuple(
            Reading(
                source,
                len(groups)
                if self.leaves.is_large(SOURCES[source])
                else len({scan_name(source, columns) for columns, _ in groups}),
                len(groups),
                sum(size for _, size in groups),
                tuple(sorted(set().union(*(columns for columns, _ in groups)))),
            )
            for source, groups in found.items()
        )

    def _closure(self, wanted: Sequence[str]) -> list[str]:
        kept: set[str] = set()
        open_ = list(wanted)
        while open_:
            key = open_.pop()
            if key not in kept:
                definition = self.tagset[key]
                kept.add(key)
                open_.extend(self._reads(definition))
        return [key for key in self.tagset.order if key in kept]

    def _reads(self, definition: TagDefinition) -> tuple[str, ...]:
        return definition.reads if self.cut_points is None else definition.needs


class _Frame:
    """One customer's row while a frame is written: leaves and attributes are named in its base."""

    def __init__(self, compiler: _Compiler) -> None:
        self.compiler = compiler
        self.leaves = compiler.leaves
        self.tags: dict[str, Value] = {}
        self._columns: dict[str, None] = {}
        self._leaves: dict[str, Leaf] = {}

    def column(self, name: str) -> Value:
        """Return a column of the customer's profile."""
        if name not in CUSTOMER_COLUMNS:
            raise unknown("column", name, CUSTOMER_COLUMNS, "the customer's profile")
        self._columns[name] = None
        return Value(f"_profile_{name}", CUSTOMER_COLUMNS[name], CUSTOMER_NAMES.get(name))

    def name(self, name: str) -> Value:
        """Return another tag, which stands in an earlier layer."""
        if name not in self.tags:
            raise unknown("tag", name, self.tags)
        return self.tags[name]

    def leaf(self, leaf: Leaf) -> Value:
        """Return a leaf, which the base joins."""
        self._leaves[leaf.alias] = leaf
        return Value(leaf.alias, leaf.kind)

    def rank(self, rank: PercentRank) -> Value:
        """Return a rank: joined like a leaf, or read off cut-points."""
        if self.compiler.cut_points is None:
            return self.leaf(self.compiler.rank(rank))
        among = condition_sql(rank.among, self.name, self.leaves.dialect) if rank.among is not None else ""
        return self.compiler.published_rank(rank, self.name(rank.of), among)

    def base(self) -> str:
        """Return the SELECT that joins the frame's leaves to the customers."""
        shown = ["c.customer_id", *(f"c.{column} AS _profile_{column}" for column in self._columns)]
        for leaf in self._leaves.values():
            value = f"{leaf.cte}.{leaf.alias}"
            shown.append(f"{value if leaf.default is None else f'coalesce({value}, {leaf.default})'} AS {leaf.alias}")
        # wide relations first: a row is narrow while it meets those that take memory
        leaves = sorted(self._leaves.values(), key=lambda leaf: leaf.narrow)
        joins = "".join(
            f"\n    LEFT JOIN {cte} ON {cte}.customer_id = c.customer_id"
            for cte in dict.fromkeys(leaf.cte for leaf in leaves)
        )
        return f"SELECT {', '.join(shown)}\n    FROM {self.leaves.customers()} AS c{joins}"


def _output(definition: TagDefinition, value: Value) -> PlanColumn:
    kind = value.kind
    if kind not in _OUTPUT[definition.type]:
        raise DefinitionError(
            f"tag {definition.key!r} says it is {definition.type}, but its value is {kind}",
            hint="change `type`, or the value",
        )
    shown = "integer" if definition.type == "money_minor" else kind
    return PlanColumn(definition.key, definition.type, shown, value.names)


def _reads_relation(body: str, name: str) -> bool:
    return re.search(rf"(FROM|JOIN)\s+{re.escape(name)}\b", body) is not None
