"""The small expression language of mappings: SQL text in, checked and normalised SQL text out.

Whoever may edit a mapping must not gain the reach of the process that runs it: an expression sees the row and nothing
else. So the parse tree is held against a whitelist of node types and functions; what isn't on it is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from liuke.collect.sources.errors import MappingError

DIALECT = "duckdb"
MAX_LENGTH = 4_000  # characters; longer ones belong into the source's own export
SCALAR_FUNCTIONS = frozenset(
    [
        "abs",
        "ceil",
        "coalesce",
        "concat",
        "date_trunc",
        "floor",
        "greatest",
        "least",
        "left",
        "length",
        "lower",
        "nullif",
        "regexp_matches",
        "regexp_replace",
        "replace",
        "right",
        "round",
        "split_part",
        "starts_with",
        "strptime",
        "substring",
        "trim",
        "upper",
    ]
)
AGGREGATES = frozenset(["sum", "min", "max", "count", "avg"])

_OPERATORS = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.EQ,
    exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Case, exp.If,
    exp.Null, exp.Boolean, exp.Literal, exp.Identifier, exp.Column, exp.Cast, exp.TryCast, exp.DataType, exp.Tuple,
    exp.Escape, exp.Star, exp.Var, exp.Interval, exp.DataTypeParam,
)  # fmt: skip
_CASTS = frozenset(["VARCHAR", "TEXT", "BIGINT", "INT", "DOUBLE", "DECIMAL", "DATE", "TIMESTAMP", "BOOLEAN"])
# Arithmetic can overflow; a row that does must become NULL instead of ending the load.
_RISKY = (exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.RegexpReplace, exp.RegexpLike)


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Parameters
    ----------
    sql : str
        DuckDB text over quoted columns.
    columns : frozenset of str
        The file's columns that it looks at.
    aggregates : bool
        Whether it sums over a group.
    """

    sql: str
    columns: frozenset[str]
    aggregates: bool = False


class Scope:
    """The names that the expressions of one mapping may use.

    Parameters
    ----------
    columns : sequence of str
        Columns of the file.
    derived : mapping of str to str
        Named expressions of the mapping.
    mapping : str
        Name of the mapping, for errors.
    """

    def __init__(self, columns: tuple[str, ...], derived: Mapping[str, str], mapping: str) -> None:
        self._columns = {name.casefold(): name for name in columns}
        self._exact = frozenset(columns)
        self._derived = derived
        self._mapping = mapping
        self.used: set[str] = set()  # columns that anything has looked up so far

    def compile(self, text: str, place: str, *, aggregates: bool = False) -> Expression:
        """Check an expression and return its SQL.

        Parameters
        ----------
        text : str
        place : str
            Where it stands, for errors.
        aggregates : bool
            Whether ``sum`` and the like may be used.

        Raises
        ------
        MappingError
            If it can't be parsed, names an unknown column or uses anything that isn't allowed.
        """
        tree = self._resolve(self._parse(text, place), place, ())
        for node in tree.walk():
            self._admit(node, text, place, aggregates)
        uses_aggregate = tree.find(exp.AggFunc) is not None
        columns = frozenset(column.name for column in tree.find_all(exp.Column))
        safe = tree.transform(_harmless)
        sql = safe.sql(dialect=DIALECT)
        risky = not uses_aggregate and tree.find(*_RISKY) is not None
        return Expression(f"TRY({sql})" if risky else sql, columns, uses_aggregate)

    def column(self, name: str, place: str) -> str:
        """Return the file's own spelling of a column name.

        Raises
        ------
        MappingError
            If the file has no such column; the message proposes a similar one.
        """
        found = name if name in self._exact else self._columns.get(name.casefold())
        if found is not None:
            self.used.add(found)
            return found
        near = get_close_matches(name.casefold(), list(self._columns), n=1)
        hint = f"did you mean {self._columns[near[0]]!r}?" if near else f"it has: {', '.join(sorted(self._exact))}"
        raise MappingError(f"{self._mapping}, {place}: the file has no column {name!r}", hint)

    def _parse(self, text: str, place: str) -> exp.Expr:
        if len(text) > MAX_LENGTH:
            raise MappingError(f"{self._mapping}, {place}: the expression is longer than {MAX_LENGTH} characters")
        try:
            tree = sqlglot.parse_one(text, dialect=DIALECT)
        except (SqlglotError, RecursionError) as error:
            reason = str(error).splitlines()[0]
            raise MappingError(
                f"{self._mapping}, {place}: {text!r} is no expression: {reason}",
                "columns with spaces stand in double quotes, texts in single quotes: \"Customer ID\" = 'x'",
            ) from None
        return tree

    def _resolve(self, tree: exp.Expr, place: str, path: tuple[str, ...]) -> exp.Expr:
        """Give columns the file's spelling and put derived expressions in their place."""

        def resolved(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Column):
                return node
            if node.table:
                raise MappingError(f"{self._mapping}, {place}: '{node.sql()}' names a table", "write the column alone")
            if node.name in self._derived:
                if node.name in path:
                    raise MappingError(f"{self._mapping}: derived '{node.name}' is made of itself")
                inner = self._parse(self._derived[node.name], f"derive.{node.name}")
                return exp.Paren(this=self._resolve(inner, place, (*path, node.name)))
            return exp.column(self.column(node.name, place), quoted=True)

        return tree.transform(resolved)

    def _admit(self, node: exp.Expr, text: str, place: str, aggregates: bool) -> None:
        if isinstance(node, exp.Anonymous):
            name = str(node.this).lower()
        elif isinstance(node, exp.Func) and not isinstance(node, _OPERATORS):
            name = _function_name(node)
        elif isinstance(node, _OPERATORS):
            if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
                raise self._refusal("a subquery", text, place)
            if isinstance(node, exp.DataType) and node.this.value not in _CASTS:
                raise self._refusal(f"the type {node.sql(dialect=DIALECT)}", text, place)
            if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
                raise self._refusal("*", text, place)
            return
        else:
            raise self._refusal(f"{type(node).__name__.lower()}", text, place)
        if name in SCALAR_FUNCTIONS or (aggregates and name in AGGREGATES):
            return
        if name in AGGREGATES:
            raise MappingError(f"{self._mapping}, {place}: {name}() needs `group_by`", "add it to this emit")
        raise self._refusal(f"the function {name}()", text, place)

    def _refusal(self, what: str, text: str, place: str) -> MappingError:
        return MappingError(
            f"{self._mapping}, {place}: {what} isn't allowed in an expression ({text!r})",
            f"functions there are: {', '.join(sorted(SCALAR_FUNCTIONS))}",
        )


_NAMES: dict[type[exp.Expr], str] = {
    exp.StrToTime: "strptime", exp.RegexpLike: "regexp_matches", exp.TimestampTrunc: "date_trunc",
    exp.DateTrunc: "date_trunc", exp.StartsWith: "starts_with", exp.SplitPart: "split_part", exp.Substring: "substring",
    exp.Concat: "concat", exp.Ceil: "ceil", exp.Length: "length", exp.RegexpReplace: "regexp_replace",
}  # fmt: skip


def _function_name(node: exp.Func) -> str:
    return _NAMES.get(type(node)) or str(node.sql_name()).lower()


def _harmless(node: exp.Expr) -> exp.Expr:
    """Turn what would end a query on a bad value into what gives NULL instead."""
    if type(node) is exp.Cast:
        return exp.TryCast(this=node.this, to=node.args["to"])
    if isinstance(node, exp.StrToTime):
        return exp.Anonymous(this="try_strptime", expressions=[node.this, node.args["format"].copy()])
    return node
