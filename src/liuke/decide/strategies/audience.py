"""Which customers does a rule select? A rule becomes one parametrised SQL condition over the audience table.

Columns are looked up among those the table really has, so a name can never carry SQL, and a misspelt tag is an error
with its near matches instead of an empty audience. Values are always bound. Logic is two-valued: a comparison with a
missing value is false, so its ``not`` is true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from liuke.decide.strategies.document import AllOf, AnyOf, Condition, NotOf, RiskLevel, Rule
from liuke.decide.strategies.errors import StrategyError
from liuke.kernel import folded, folded_sql, hints, impossible, typed_number

_COMPARISONS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
LEVEL_COLUMN = "level"
_DATED = frozenset({"DATE", "TIMESTAMP"})


@dataclass(frozen=True, slots=True)
class AudienceSql:
    """A boolean DuckDB expression and the values it binds as ``$p0``, ``$p1``, …"""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)


def compile_audience(
    rule: Rule, columns: Mapping[str, str], names: Mapping[str, Sequence[str]] | None = None
) -> AudienceSql:
    """Translate a rule.

    Parameters
    ----------
    rule
        The ``audience`` of a strategy.
    columns
        Column name to DuckDB type, of the table that the expression will run over.
    names
        The values of columns that have a closed set of them.

    Raises
    ------
    StrategyError
        If a column is unknown, an operator does not suit its type, a value is none of a closed set, or nobody can pass.
    """
    compiler = _Compiler(columns, names or {})
    return AudienceSql(compiler.expression(rule), compiler.parameters)


def texts_asked(rule: Rule, *, excluded: bool = False) -> Iterator[tuple[str, str, bool]]:
    """Yield each text that a rule compares a column with: the column, the text, and whether it is excluded."""
    match rule:
        case AllOf() | AnyOf():
            for part in rule.all if isinstance(rule, AllOf) else rule.any:
                yield from texts_asked(part, excluded=excluded)
        case NotOf():
            yield from texts_asked(rule.not_, excluded=not excluded)
        case Condition():
            ((_, operand),) = rule.given.items()
            values = operand if isinstance(operand, list | tuple) else [operand]
            yield from ((rule.column, value, excluded) for value in values if isinstance(value, str))


class _Compiler:
    def __init__(self, columns: Mapping[str, str], names: Mapping[str, Sequence[str]]) -> None:
        self._columns = columns
        self._names = names
        self.parameters: dict[str, Any] = {}

    def expression(self, rule: Rule) -> str:
        match rule:
            case AllOf():
                _refuse_contradiction(rule)
                return "(" + " AND ".join(self.expression(part) for part in rule.all) + ")"
            case AnyOf():
                return "(" + " OR ".join(self.expression(part) for part in rule.any) + ")"
            case NotOf():
                return f"(NOT {self.expression(rule.not_)})"
            case RiskLevel() if LEVEL_COLUMN not in self._columns:
                return "FALSE"  # the early warning had too little data: nobody has a level
            case RiskLevel():
                return self._is_in(LEVEL_COLUMN, self._quoted(LEVEL_COLUMN), list(rule.level))
            case Condition():
                return self._comparison(rule)

    def _comparison(self, condition: Condition) -> str:
        ((operator, operand),) = condition.given.items()
        name, column = condition.column, self._quoted(condition.column)
        is_list = self._columns[name].endswith("[]")
        if operator == "null":
            return f"({column} IS {'' if operand else 'NOT '}NULL)"
        if is_list != (operator == "contains"):
            wanted = "use `contains` or `null`" if is_list else "use eq, in, between, gt, gte, lt, lte or null"
            kind = "a list" if is_list else "a single value"
            raise StrategyError(f"`{operator}` does not suit {name}, which holds {kind}.", hint=f"Here, {wanted}.")
        if self._is_open(name):  # however it was typed, here and in the data
            column, operand = folded_sql(column), _folded(operand)
        if operator == "contains":
            return f"coalesce(list_contains({column}, {self._bound(name, operand)}), FALSE)"
        if operator == "in":
            return self._is_in(name, column, operand)
        if operator == "between":
            low, high = (self._bound(name, end) for end in operand)
            return f"coalesce({column} BETWEEN {low} AND {high}, FALSE)"
        return f"coalesce({column} {_COMPARISONS[operator]} {self._bound(name, operand)}, FALSE)"

    def _is_open(self, name: str) -> bool:
        return self._columns[name] == "VARCHAR" and name not in self._names

    def _is_in(self, name: str, column: str, values: list[Any]) -> str:
        return f"coalesce({column} IN ({', '.join(self._bound(name, value) for value in values)}), FALSE)"

    def _bound(self, column: str, value: Any) -> str:
        kind = self._columns[column].removesuffix("[]")
        if kind != "VARCHAR" and isinstance(value, str) and not value.isascii():
            value = typed_number(value) if typed_number(value) is not None else value
        if kind == "VARCHAR" and isinstance(value, str):
            value = self._named(column, value)
        if not _fits(value, kind):
            raise StrategyError(
                f"{column} is compared with {value!r}, but it is of type {kind}.",
                hint="Write text in quotes, dates like 2026-10-05, numbers and true/false without quotes.",
            )
        key = f"p{len(self.parameters)}"
        self.parameters[key] = value
        return f"CAST(${key} AS {kind})" if kind in _DATED else f"${key}"

    def _named(self, column: str, value: str) -> str:
        names = self._names.get(column)
        if names is None or value in names:
            return value
        meant = next((name for name in names if folded(name) == folded(value)), None)
        if meant is None:
            zh, en = hints(value, names)
            raise StrategyError(
                f"{column} has no value {value!r}.",
                hint=f"{en[0].upper()}{en[1:]}",
                zh=f"{column} 没有取值“{value}”，{zh}",
            )
        return meant

    def _quoted(self, name: str) -> str:
        if name not in self._columns:
            zh, en = hints(name, self._columns)
            raise StrategyError(
                f"There is no tag or profile column {name!r}.",
                hint=f"{en[0].upper()}{en[1:]} `liuke tags list` shows every tag.",
                zh=f"没有标签或档案字段“{name}”，{zh} 全部标签见 `liuke tags list`。",
            )
        return '"' + name.replace('"', '""') + '"'


def _refuse_contradiction(rule: AllOf) -> None:
    asked: dict[str, list[tuple[str, Any]]] = {}
    for part in rule.all:
        if isinstance(part, Condition):
            asked.setdefault(part.column, []).extend(part.given.items())
        elif isinstance(part, RiskLevel):
            asked.setdefault(LEVEL_COLUMN, []).append(("in", part.level))
    for column, tests in asked.items():
        if impossible(tests):
            raise StrategyError(
                f"Nobody can pass all conditions on {column}.",
                hint="Use `any`, or write the smaller end first.",
                zh=f"{column} 的几个条件不可能同时成立：改用 any，或把小的一端写在前面",
            )


def _folded(operand: Any) -> Any:
    if isinstance(operand, list | tuple):
        return [_folded(item) for item in operand]
    return folded(operand) if isinstance(operand, str) else operand


def _fits(value: object, kind: str) -> bool:
    if kind == "VARCHAR":
        return isinstance(value, str)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind in _DATED:
        return isinstance(value, date) or (isinstance(value, str) and _is_day(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
