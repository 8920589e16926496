"""Values from values: each node as SQL over columns that stand in one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, cast

from liuke.understand.tags.conditions import NUMBERS, Resolve, Value, condition_sql, named
from liuke.understand.tags.errors import DefinitionError
from liuke.understand.tags.leaves import Leaf, Leaves
from liuke.understand.tags.nodes import (
    Age,
    Aggregate,
    Attribute,
    Bucket,
    Case,
    Combine,
    Constant,
    Count,
    DaysSince,
    Decayed,
    Default,
    DistinctCount,
    DistinctDays,
    First,
    GapStats,
    Holds,
    Last,
    Max,
    Mean,
    Min,
    Model,
    MonthsSince,
    Node,
    PercentRank,
    PerChild,
    Ratio,
    Recency,
    Sequence,
    Sum,
    Tag,
    Top,
    Trend,
)  # fmt: skip
from liuke.understand.tags.paths import WEIGHT_UNIT
from liuke.understand.tags.sources import MODEL_NAMES, SOURCES, Kind


class Scope(Protocol):
    """What an expression can see: a customer's row, or one child's."""

    leaves: Leaves

    def column(self, name: str) -> Value:
        """Return a column of the record at hand."""

    def name(self, name: str) -> Value:
        """Return the value of another tag."""

    def leaf(self, leaf: Leaf) -> Value:
        """Return the value of a leaf."""

    def rank(self, rank: PercentRank) -> Value:
        """Return a rank."""


def express(node: Node, scope: Scope, local: Mapping[str, Value] | None = None) -> Value:
    """Return a node as SQL; `local` holds the names given by `let`.

    Raises
    ------
    DefinitionError
        If a name is unknown or kinds do not fit.
    """
    names = local or {}
    if isinstance(node, Aggregate):
        return _aggregate(node, scope)
    for kind, render in _RENDER.items():
        if isinstance(node, kind):
            return cast(Callable[[Node, Scope, Mapping[str, Value]], Value], render)(node, scope, names)
    raise AssertionError(node)


def _aggregate(node: Aggregate, scope: Scope) -> Value:
    leaves, dialect = scope.leaves, scope.leaves.dialect
    match node:
        case Count():
            return scope.leaf(leaves.amount(node, "count", node.column))
        case Sum():
            total = scope.leaf(leaves.amount(node, "sum", node.column))
            rows, known = (scope.leaf(leaves.amount(node, "count", column)) for column in (None, node.column))
            unknown = f"{rows.sql} > 0 AND {known.sql} = 0"  # of nothing 0; of what nobody knows, nobody knows
            return Value(f"CASE WHEN NOT ({unknown}) THEN {dialect.cast(total.sql, total.kind)} END", total.kind)
        case Min():
            return scope.leaf(leaves.amount(node, "min", node.column))
        case Max():
            return scope.leaf(leaves.amount(node, "max", node.column))
        case Mean():
            total = scope.leaf(leaves.amount(node, "sum", node.column))
            count = scope.leaf(leaves.amount(node, "count", node.column))
            return Value(dialect.divide(total.sql, count.sql), "double")
        case Recency():
            latest = scope.leaf(leaves.amount(node, "max", _day(node)))
            return Value(dialect.days_between(latest.sql, dialect.literal(leaves.as_of)), "integer")
        case Age():
            earliest = scope.leaf(leaves.amount(node, "min", _day(node)))
            return Value(dialect.days_between(earliest.sql, dialect.literal(leaves.as_of)), "integer")
        case DistinctCount():
            return scope.leaf(leaves.distinct_count(node, node.column))
        case DistinctDays():
            return scope.leaf(leaves.distinct_days(node))
        case GapStats():
            return scope.leaf(leaves.gap(node, node.stat))
        case Top():
            return scope.leaf(leaves.best(node, node.column, node.by))
        case First() | Last():
            return scope.leaf(leaves.edge(node, node.column, last=isinstance(node, Last)))
        case Sequence():
            return scope.leaf(leaves.follow(node))
        case Decayed():
            total = scope.leaf(leaves.decayed(node))
            return Value(dialect.divide(total.sql, dialect.literal(float(WEIGHT_UNIT))), "double")
    raise AssertionError(node)


def _day(node: Aggregate) -> str:
    day = SOURCES[node.source].day
    if day is None:
        raise DefinitionError(f"{node.source} has no days, which recency needs", hint="take a dated source")
    return day


def _model(node: Model, scope: Scope, names: Mapping[str, Value]) -> Value:
    leaf, kind = scope.leaves.score(node)
    found = Value(scope.leaves.dialect.cast("NULL", kind), kind) if leaf is None else scope.leaf(leaf)
    return replace(found, names=MODEL_NAMES.get((node.model, node.column)))


def _attribute(node: Attribute, scope: Scope, names: Mapping[str, Value]) -> Value:
    return scope.column(node.column)


def _days_since(node: DaysSince, scope: Scope, names: Mapping[str, Value]) -> Value:
    dialect, value = scope.leaves.dialect, _date(scope.column(node.column), node.column)
    return Value(dialect.days_between(value, dialect.literal(scope.leaves.as_of)), "integer")


def _months_since(node: MonthsSince, scope: Scope, names: Mapping[str, Value]) -> Value:
    dialect, value = scope.leaves.dialect, _date(scope.column(node.column), node.column)
    day = scope.leaves.as_of
    return Value(f"({day.year * 12 + day.month} - {dialect.months(value)})", "integer")


def _tag(node: Tag, scope: Scope, names: Mapping[str, Value]) -> Value:
    return names.get(node.key) or scope.name(node.key)


def _constant(node: Constant, scope: Scope, local: Mapping[str, Value]) -> Value:
    kinds: dict[type, Kind] = {bool: "boolean", int: "integer", float: "double", str: "text"}
    names = (node.value,) if isinstance(node.value, str) else None
    return Value(scope.leaves.dialect.literal(node.value), kinds[type(node.value)], names)


def _ratio(node: Ratio, scope: Scope, names: Mapping[str, Value]) -> Value:
    top, bottom = (_number(part, scope, names) for part in (node.numerator, node.denominator))
    return Value(scope.leaves.dialect.divide(top.sql, bottom.sql), "double")


def _combine(node: Combine, scope: Scope, names: Mapping[str, Value]) -> Value:
    parts = [_number(part, scope, names) for part in node.of]
    kind: Kind = "integer" if all(part.kind == "integer" for part in parts) else "double"
    texts = [scope.leaves.dialect.cast(part.sql, kind) for part in parts]
    if node.op in ("least", "greatest"):
        known = " AND ".join(f"{text} IS NOT NULL" for text in texts)
        return Value(f"CASE WHEN {known} THEN {node.op}({', '.join(texts)}) END", kind)
    sign = {"add": " + ", "subtract": " - ", "multiply": " * "}[node.op]
    return Value(f"({sign.join(texts)})", kind)


def _default(node: Default, scope: Scope, names: Mapping[str, Value]) -> Value:
    value, other = express(node.of, scope, names), _constant(Constant(value=node.value), scope, names)
    kind = _common([value.kind, other.kind], "default")
    return Value(f"coalesce({value.sql}, {other.sql})", kind, _all_names([value, other]))


def _trend(node: Trend, scope: Scope, names: Mapping[str, Value]) -> Value:
    recent, dialect = node.of, scope.leaves.dialect
    previous = recent.model_copy(update={"ago": recent.ago + (recent.days or 0)})
    now, before = _aggregate(recent, scope).sql, _aggregate(previous, scope).sql
    return Value(dialect.divide(f"({now} - {before})", f"({now} + {before})"), "double")


def _bucket(node: Bucket, scope: Scope, names: Mapping[str, Value]) -> Value:
    value, dialect = _number(node.of, scope, names), scope.leaves.dialect
    kind: Kind = "integer" if isinstance(node.labels[0], int) else "text"
    names_given = tuple(str(label) for label in node.labels) if kind == "text" else None

    def labelled(edges: tuple[float, ...]) -> str:
        lines = [f"WHEN {value.sql} IS NULL THEN NULL"] + [
            f"WHEN {value.sql} < {dialect.literal(edge)} THEN {dialect.literal(label)}"
            for edge, label in zip(edges, node.labels, strict=False)
        ]
        return f"CASE {' '.join(lines)} ELSE {dialect.literal(node.labels[-1])} END"

    if not isinstance(node.edges, dict) or node.by is None:
        assert not isinstance(node.edges, dict)
        return Value(labelled(node.edges), kind, names_given)
    chosen = express(node.by, scope, names)
    if chosen.kind != "text":
        raise DefinitionError(f"`by` of a bucket is {chosen.kind}, not a category", hint="take a tag of type category")
    for name in node.edges:
        named(name, chosen.names, "`by` of a bucket")
    cases = [
        f"WHEN {chosen.sql} = {dialect.literal(name)} THEN {labelled(edges)}" for name, edges in node.edges.items()
    ]
    last = f" ELSE {labelled(node.otherwise)}" if node.otherwise is not None else ""
    return Value(f"CASE {' '.join(cases)}{last} END", kind, names_given)


def _case(node: Case, scope: Scope, names: Mapping[str, Value]) -> Value:
    inner = _with_let(node.let, scope, names)
    resolve = _resolver(scope, inner)
    results = [express(branch.then, scope, inner) for branch in node.when]
    lines = [
        f"WHEN {condition_sql(branch.condition, resolve, scope.leaves.dialect)} THEN {result.sql}"
        for branch, result in zip(node.when, results, strict=True)
    ]
    last = express(node.otherwise, scope, inner) if node.otherwise is not None else None
    given = [*results, *([last] if last else [])]
    kind = _common([result.kind for result in given], "case")
    return Value(f"CASE {' '.join(lines)}{f' ELSE {last.sql}' if last else ''} END", kind, _all_names(given))


def _holds(node: Holds, scope: Scope, names: Mapping[str, Value]) -> Value:
    resolve = _resolver(scope, _with_let(node.let, scope, names))
    return Value(f"coalesce({condition_sql(node.condition, resolve, scope.leaves.dialect)}, false)", "boolean")


def _rank(node: PercentRank, scope: Scope, names: Mapping[str, Value]) -> Value:
    return scope.rank(node)


def _per_child(node: PerChild, scope: Scope, names: Mapping[str, Value]) -> Value:
    child = ChildScope(scope.leaves)
    value = express(node.of, child)
    if value.kind != "text" and value.kind not in NUMBERS:
        raise DefinitionError(f"per_child lists texts or numbers, not {value.kind}", hint="use bucket or case")
    where = "" if node.where is None else condition_sql(node.where, child.column, scope.leaves.dialect)
    return replace(scope.leaf(scope.leaves.per_child(value, child.used, where)), names=value.names)


class ChildScope:
    """One child's record."""

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves
        self.used: set[str] = set()

    def column(self, name: str) -> Value:
        """Return a column of the child's record."""
        kind = SOURCES["children"].kind(name)
        self.used.add(name)
        return Value(name, kind)

    def name(self, name: str) -> Value:
        """Return a column: conditions inside `per_child` read columns and the names of `let`."""
        return self.column(name)

    def leaf(self, leaf: Leaf) -> Value:
        """Refuse: a child has no rows of its own."""
        raise DefinitionError("per_child cannot read other sources", hint="inside it, read the child's columns only")

    def rank(self, rank: PercentRank) -> Value:
        """Refuse: children are not ranked."""
        raise DefinitionError("per_child cannot rank", hint="rank a tag of the customer instead")


_RENDER: Mapping[type[Node], object] = {
    Attribute: _attribute, DaysSince: _days_since, MonthsSince: _months_since, Tag: _tag, Constant: _constant,
    Ratio: _ratio, Combine: _combine, Default: _default, Trend: _trend, Bucket: _bucket, Case: _case, Holds: _holds,
    PercentRank: _rank, PerChild: _per_child, Model: _model,
}  # fmt: skip


def _with_let(let: Mapping[str, Node], scope: Scope, names: Mapping[str, Value]) -> dict[str, Value]:
    given = {name: express(expression, scope, names) for name, expression in let.items()}
    return {**names, **{name: replace(value, sql=f"({value.sql})") for name, value in given.items()}}


def _resolver(scope: Scope, names: Mapping[str, Value]) -> Resolve:
    return lambda field: names.get(field) or scope.name(field)


def _number(node: Node, scope: Scope, names: Mapping[str, Value]) -> Value:
    value = express(node, scope, names)
    if value.kind not in NUMBERS:
        raise DefinitionError(
            f"a number is needed, but this is {value.kind}: {node!r}", hint="take a numeric tag or node"
        )
    return value


def _all_names(values: list[Value]) -> tuple[str, ...] | None:
    """Return the texts that a choice of values can be; None where one of them may be any text."""
    sets = [value.names for value in values]
    return None if None in sets else tuple(dict.fromkeys(name for names in sets if names for name in names))


def _common(kinds: list[Kind], where: str) -> Kind:
    if set(kinds) == NUMBERS:
        return "double"
    if len(set(kinds)) != 1:
        raise DefinitionError(
            f"the values of a {where} are of different kinds: {sorted(set(kinds))}", hint="use one kind"
        )
    return kinds[0]


def _date(value: Value, column: str) -> str:
    if value.kind != "date":
        raise DefinitionError(f"{column} is {value.kind}, not a date", hint="take a column of dates")
    return value.sql
