"""Expressions typed by users: parsed, checked node by node against a short list, and written anew as SQL of ours.

No character of the text reaches the engine. The parser's tree is walked; a node that is not on the list, or carries a
part that the list does not know, is refused by name. Columns are looked up, values become literals of ours, arithmetic
is done in doubles so that it cannot overflow. Two-valued logic as everywhere in a rule: a comparison with a missing
value does not hold, and `not` turns that around.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from liuke.kernel import dangerous, folded, folded_sql, impossible
from liuke.understand.segments.config import (
    MAX_EXPRESSION,
    MAX_EXPRESSION_DEPTH,
    MAX_LIST,
    MAX_TOKENS,
)
from liuke.understand.segments.errors import SegmentError
from liuke.understand.segments.literals import constant_of, day_of, meant, name_of, number_of, text_of
from liuke.understand.tags import DuckDB, Value

Resolve: TypeAlias = Callable[[str, str], Value]
"""`(space, name)` to a column: the space is empty for a tag and `profile` for a profile field."""

NUMBERS = ("integer", "double")
_ORDER: Mapping[type[exp.Expr], str] = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_ARITHMETIC: Mapping[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_ROUNDING: Mapping[type[exp.Expr], str] = {exp.Abs: "abs", exp.Round: "round", exp.Floor: "floor", exp.Ceil: "ceil"}
_OPENING = frozenset({"L_PAREN", "L_BRACKET", "L_BRACE", "NOT", "DASH", "CASE", "TILDE", "PLUS"})
_HINT = (
    "an expression knows and, or, not, comparisons, between, in (values), is [not] null, + - * /, and the functions "
    "abs, round, floor, ceil, coalesce, nullif, least, greatest, contains, starts_with"
)


def compile_expression(text: str, resolve: Resolve) -> str:
    """Return SQL that is true where the expression holds and false or NULL where it does not.

    Raises
    ------
    SegmentError
        If the text is too large, is no expression, or holds anything that is not on the list; the message names it.
    """
    found = _Writer(resolve).value(parse(text))
    if found.kind != "boolean":
        raise SegmentError(
            f"the expression gives {_kind_name(found.kind)}, not yes or no", hint="compare it, such as `… > 100`"
        )
    return found.sql


def columns_of(text: str) -> list[tuple[str, str]]:
    """Return the `(space, name)` of every column that an expression reads, in reading order."""
    return list(dict.fromkeys(_column_name(node) for node in parse(text).find_all(exp.Column, bfs=False)))


def canonical_text(text: str) -> str:
    """Return the expression without accidents of spacing and case; a text that cannot be parsed stays as it is."""
    try:
        return parse(text).sql(dialect="duckdb", comments=False)
    except SegmentError:
        return text.strip()


def parse(text: str) -> exp.Expr:
    """Return the tree of an expression that is small enough to be walked.

    Raises
    ------
    SegmentError
        If it is too long, too deep, or cannot be parsed as one expression.
    """
    if found := dangerous(text):
        raise SegmentError(
            f"the expression holds {found}", hint="delete it", zh=f"表达式里有不允许的字符 {found}，请删掉"
        )
    text = folded(text)  # full-width digits, signs and spaces are what they look like
    if len(text) > MAX_EXPRESSION:
        raise SegmentError(
            f"the expression has {len(text)} characters; at most {MAX_EXPRESSION} are read",
            hint="split it into several conditions",
        )
    try:
        _measure(text)
        trees = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError as error:
        said = str(error).splitlines()[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
        raise SegmentError(f"the expression cannot be read: {said}", hint=_HINT) from None
    except RecursionError:
        raise SegmentError("the expression is nested too deeply", hint="split it into several conditions") from None
    if len(trees) != 1 or trees[0] is None or isinstance(trees[0], exp.Block):
        raise SegmentError("the text is not one single expression", hint="remove the semicolon")
    return trees[0]


def _measure(text: str) -> None:
    """Refuse a text whose tree would be too large or too deep, before a recursive parser sees it."""
    tokens = sqlglot.tokenize(text, dialect="duckdb")
    if len(tokens) > MAX_TOKENS:
        raise SegmentError(
            f"the expression has {len(tokens)} words and signs; at most {MAX_TOKENS} are read",
            hint="split it into several conditions",
        )
    depth = deepest = 0
    for token in tokens:
        name = token.token_type.name
        if name in _OPENING:
            depth += 1
        elif name in ("R_PAREN", "R_BRACKET", "R_BRACE"):
            depth -= 1
        deepest = max(deepest, depth)
        if name in ("AND", "OR", "COMMA"):  # NOT and minus end with their operand
            depth = min(depth, _open_brackets(tokens, token))
    if deepest > MAX_EXPRESSION_DEPTH:
        raise SegmentError(
            f"the expression is nested deeper than {MAX_EXPRESSION_DEPTH}", hint="split it into several conditions"
        )


def _open_brackets(tokens: list[Any], until: Any) -> int:
    opened = 0
    for token in tokens:
        if token is until:
            return opened
        opened += (token.token_type.name in ("L_PAREN", "L_BRACKET", "L_BRACE")) - (
            token.token_type.name in ("R_PAREN", "R_BRACKET", "R_BRACE")
        )
    return opened


class _Writer:
    """Walks the tree and writes SQL; every method handles one family of nodes."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    def value(self, node: exp.Expr) -> Value:
        """Return the SQL and the kind of a node."""
        writer = _WRITERS.get(type(node))
        if writer is None:
            raise SegmentError(f"`{_shown(node)}` is not allowed in an expression", hint=_HINT)
        return writer(self, node)

    def paren(self, node: exp.Expr) -> Value:
        _only(node, "this")
        inner = self.value(node.this)
        return Value(f"({inner.sql})", inner.kind)

    def column(self, node: exp.Expr) -> Value:
        return self._resolve(*_column_name(node))

    def literal(self, node: exp.Expr) -> Value:
        _only(node, "this", "is_string")
        text = str(node.this)
        if node.args["is_string"]:
            return Value(DuckDB.literal(text_of(text)), "text")
        number = number_of(text)
        return Value(DuckDB.literal(number), "integer" if isinstance(number, int) else "double")

    def boolean(self, node: exp.Expr) -> Value:
        _only(node, "this")
        return Value("true" if node.this else "false", "boolean")

    def null(self, node: exp.Expr) -> Value:
        raise SegmentError("a comparison with null never holds", hint="write `is null` or `is not null`")

    def date(self, node: exp.Expr) -> Value:
        _only(node, "this", "to")
        literal = node.this
        if not (isinstance(literal, exp.Literal) and literal.is_string and node.args["to"].is_type("date")):
            raise SegmentError(f"`{_shown(node)}` is not allowed in an expression", hint="write a day as '2026-01-31'")
        return Value(DuckDB.literal(day_of(literal.this)), "date")

    def logic(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression")
        word = "AND" if isinstance(node, exp.And) else "OR"
        # `a and b and c` is a tree that leans left, as deep as it is long
        parts, left = [], node
        while type(left) is type(node):
            _only(left, "this", "expression")
            parts.append(left.expression)
            left = left.this
        parts.append(left)
        sql = f" {word} ".join(self._truth(part) for part in reversed(parts))
        return Value(f"({sql})", "boolean")

    def not_(self, node: exp.Expr) -> Value:
        _only(node, "this")
        return Value(f"(NOT coalesce({self._truth(node.this)}, false))", "boolean")

    def is_(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression")
        value = self.value(node.this)
        if isinstance(node.expression, exp.Null):
            return Value(f"({value.sql} IS NULL)", "boolean")
        if isinstance(node.expression, exp.Boolean) and value.kind == "boolean":
            return Value(f"(coalesce({value.sql}, false) = {'true' if node.expression.this else 'false'})", "boolean")
        raise SegmentError(f"`{_shown(node)}` is not allowed", hint="write `is null` or `is not null`")

    def equal(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression")
        left, right = self._pair(node.this, node.expression, _shown(node))
        same = f"({left.sql} = {right.sql})"
        return Value(same if isinstance(node, exp.EQ) else f"(NOT coalesce({same}, false))", "boolean")

    def order(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression")
        left, right = self._pair(node.this, node.expression, _shown(node))
        _ordered(left, node)
        return Value(f"({left.sql} {_ORDER[type(node)]} {right.sql})", "boolean")

    def between(self, node: exp.Expr) -> Value:
        _only(node, "this", "low", "high")
        value, low = self._pair(node.this, node.args["low"], _shown(node))
        _, high = self._pair(node.this, node.args["high"], _shown(node))
        ends = [constant_of(node.args[end]) for end in ("low", "high")]
        if None not in ends and impossible([("between", ends)]):
            raise SegmentError(
                f"`{_shown(node)}`: the range is empty",
                hint="write the smaller end first",
                zh=f"“{_shown(node)}”的区间是空的：请把小的一端写在前面",
            )
        _ordered(value, node)
        return Value(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", "boolean")

    def in_(self, node: exp.Expr) -> Value:
        _only(node, "this", "expressions")
        items = node.expressions
        if not 1 <= len(items) <= MAX_LIST or not all(isinstance(item, exp.Literal | exp.Neg) for item in items):
            raise SegmentError("`in` takes a list of values", hint="write it like `lifecycle in ('lost', 'dormant')`")
        pairs = [self._pair(node.this, item, _shown(node)) for item in items]
        return Value(f"({pairs[0][0].sql} IN ({', '.join(right.sql for _, right in pairs)}))", "boolean")

    def arithmetic(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression")
        sign = _ARITHMETIC[type(node)]
        return Value(f"({self._number(node.this)} {sign} {self._number(node.expression)})", "double")

    def divide(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression", "typed", "safe")
        return Value(f"({self._number(node.this)} / nullif({self._number(node.expression)}, 0e0))", "double")

    def negative(self, node: exp.Expr) -> Value:
        _only(node, "this")
        return Value(f"(-{self._number(node.this)})", "double")

    def rounded(self, node: exp.Expr) -> Value:
        _only(node, "this")  # `round(x, n)` has no use here: its second argument is refused by name
        return Value(f"{_ROUNDING[type(node)]}({self._number(node.this)})", "double")

    def extreme(self, node: exp.Expr) -> Value:
        _only(node, "this", "expressions", "ignore_nulls")
        name = "least" if isinstance(node, exp.Least) else "greatest"
        # written out, since engines differ in what a missing argument does: here it makes the result missing
        parts = [self._number(part) for part in (node.this, *node.expressions)]
        missing = " OR ".join(f"{part} IS NULL" for part in parts)
        return Value(f"(CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(parts)}) END)", "double")

    def coalesce(self, node: exp.Expr) -> Value:
        _only(node, "this", "expressions", "is_nvl", "is_null")
        parts = [self.value(part) for part in (node.this, *node.expressions)]
        first = parts[0]
        if any(_family(part) != _family(first) for part in parts):
            raise SegmentError(f"`{_shown(node)}` mixes kinds of values", hint="replace a missing number by a number")
        if first.kind in NUMBERS:
            return Value(f"coalesce({', '.join(f'CAST({part.sql} AS DOUBLE)' for part in parts)})", "double")
        return Value(f"coalesce({', '.join(part.sql for part in parts)})", first.kind)

    def nullif(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression")
        return Value(f"nullif({self._number(node.this)}, {self._number(node.expression)})", "double")

    def text_test(self, node: exp.Expr) -> Value:
        _only(node, "this", "expression")
        value, wanted = self.value(node.this), node.expression
        if not (isinstance(wanted, exp.Literal) and wanted.is_string):
            raise SegmentError(f"`{_shown(node)}` needs a text in quotes", hint="contains(tag, 'text')")
        if value.kind == "list" and isinstance(node, exp.Contains):
            literal = DuckDB.literal(name_of(wanted.this, value, _shown(node.this)))
            return Value(f"list_contains({value.sql}, {literal})", "boolean")
        if value.kind != "text":
            raise SegmentError(f"`{_shown(node)}` asks {_kind_name(value.kind)} for a text", hint="use it on texts")
        name = "contains" if isinstance(node, exp.Contains) else "starts_with"
        literal = DuckDB.literal(text_of(wanted.this))
        return Value(f"{name}({folded_sql(value.sql)}, {literal})", "boolean")

    def _truth(self, node: exp.Expr) -> str:
        value = self.value(node)
        if value.kind != "boolean":
            raise SegmentError(f"`{_shown(node)}` is neither true nor false", hint="compare it, such as `… > 100`")
        return value.sql

    def _number(self, node: exp.Expr) -> str:
        value = self.value(node)
        if value.kind not in NUMBERS:
            raise SegmentError(f"`{_shown(node)}` is {_kind_name(value.kind)}, not a number", hint="use a number here")
        return f"CAST({value.sql} AS DOUBLE)"

    def _pair(self, left: exp.Expr, right: exp.Expr, shown: str) -> tuple[Value, Value]:
        """Return both sides of a comparison; a text beside a date is read as a day."""
        one, other = self.value(left), self.value(right)
        if one.kind == "date" and isinstance(right, exp.Literal) and right.is_string:
            other = Value(DuckDB.literal(day_of(right.this)), "date")
        if other.kind == "date" and isinstance(left, exp.Literal) and left.is_string:
            one = Value(DuckDB.literal(day_of(left.this)), "date")
        one, other = meant(one, left, other), meant(other, right, one)
        if _family(one) != _family(other) or one.kind in ("list", "number_list"):
            raise SegmentError(
                f"`{shown}` compares {_kind_name(one.kind)} with {_kind_name(other.kind)}",
                hint="texts and days stand in quotes, numbers do not; of a list ask contains(tag, 'value')",
            )
        return one, other


_WRITERS: Mapping[type[exp.Expr], Callable[[_Writer, exp.Expr], Value]] = {
    exp.Paren: _Writer.paren, exp.Column: _Writer.column, exp.Literal: _Writer.literal, exp.Boolean: _Writer.boolean,
    exp.Null: _Writer.null, exp.Cast: _Writer.date, exp.And: _Writer.logic, exp.Or: _Writer.logic,
    exp.Not: _Writer.not_, exp.Is: _Writer.is_, exp.EQ: _Writer.equal, exp.NEQ: _Writer.equal, exp.LT: _Writer.order,
    exp.LTE: _Writer.order, exp.GT: _Writer.order, exp.GTE: _Writer.order, exp.Between: _Writer.between,
    exp.In: _Writer.in_, exp.Add: _Writer.arithmetic, exp.Sub: _Writer.arithmetic, exp.Mul: _Writer.arithmetic,
    exp.Div: _Writer.divide, exp.Neg: _Writer.negative, exp.Abs: _Writer.rounded, exp.Round: _Writer.rounded,
    exp.Floor: _Writer.rounded, exp.Ceil: _Writer.rounded, exp.Least: _Writer.extreme, exp.Greatest: _Writer.extreme,
    exp.Coalesce: _Writer.coalesce, exp.Nullif: _Writer.nullif, exp.Contains: _Writer.text_test,
    exp.StartsWith: _Writer.text_test,
}  # fmt: skip
"""The list. A node whose very type is not here is refused; subclasses do not count."""


def _only(node: exp.Expr, *known: str) -> None:
    """Refuse a node that carries a part which its writer would ignore, such as BETWEEN SYMMETRIC."""
    strange = [name for name, part in node.args.items() if name not in known and part not in (None, False, [], "")]
    if strange:
        raise SegmentError(f"`{_shown(node)}` is not allowed in an expression", hint=_HINT)


def _column_name(node: exp.Expr) -> tuple[str, str]:
    _only(node, "this", "table")
    parts = [part for part in (node.args.get("table"), node.this) if part is not None]
    if not all(type(part) is exp.Identifier for part in parts):
        raise SegmentError(f"`{_shown(node)}` is not allowed in an expression", hint=_HINT)
    names = [str(part.this) for part in parts]
    if len(names) == 2 and names[0].lower() != "profile":
        raise SegmentError(f"there is no {'.'.join(names)!r}", hint="a tag is its key; a field is profile.province")
    return ("profile", names[1]) if len(names) == 2 else ("", names[0])


def _ordered(value: Value, node: exp.Expr) -> None:
    if _family(value) not in ("number", "date"):
        raise SegmentError(
            f"`{_shown(node)}` orders {_kind_name(value.kind)}", hint="only numbers and days are larger or smaller"
        )


def _family(value: Value) -> str:
    return "number" if value.kind in NUMBERS else value.kind


def _kind_name(kind: str) -> str:
    return {"integer": "a number", "double": "a number", "text": "a text", "boolean": "yes or no", "date": "a day",
            "list": "a list", "number_list": "a list", "timestamp": "an instant"}[kind]  # fmt: skip


def _shown(node: exp.Expr) -> str:
    """Return the user's own words, shortened, for a message."""
    try:
        text = node.sql(dialect="duckdb", comments=False)
    except (SqlglotError, RecursionError):
        text = type(node).__name__
    return text if len(text) <= 60 else text[:57] + "…"
