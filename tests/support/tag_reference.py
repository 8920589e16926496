"""A slow, obvious reading of the nodes: one customer at a time, plain Python over lists of dictionaries."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import statistics
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from liuke.understand.tags import nodes as n
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Test
from liuke.understand.tags.sources import SOURCES

Row = Mapping[str, Any]


def holds(predicate: Any, read: Callable[[str], Any]) -> bool:
    """Whether a condition holds; a missing value fails every test except `missing`."""
    match predicate:
        case AllOf():
            return all(holds(part, read) for part in predicate.parts)
        case AnyOf():
            return any(holds(part, read) for part in predicate.parts)
        case Not():
            return not holds(predicate.part, read)
        case Test():
            value, wanted = read(predicate.field), predicate.value
            if predicate.op == "missing":
                return (value is None) == wanted
            if predicate.op in ("ne", "not_in"):
                return value is None or value not in (wanted if isinstance(wanted, tuple) else (wanted,))
            if value is None:
                return False
            return {
                "eq": lambda: value == wanted, "lt": lambda: value < wanted, "lte": lambda: value <= wanted,
                "gt": lambda: value > wanted, "gte": lambda: value >= wanted, "in": lambda: value in wanted,
            }[predicate.op]()  # fmt: skip
    raise AssertionError(predicate)


def evaluate(node: Any, customer: int, tables: Mapping[str, list[Row]], as_of: dt.date) -> Any:
    """Return the value of a node for one customer."""

    def inner(part: Any) -> Any:
        return evaluate(part, customer, tables, as_of)

    if isinstance(node, n.Aggregate):
        return _aggregate(node, customer, tables, as_of)
    match node:
        case n.Constant():
            return node.value
        case n.Ratio():
            top, bottom = inner(node.numerator), inner(node.denominator)
            return None if top is None or not bottom else float(top) / float(bottom)
        case n.Default():
            value = inner(node.of)
            return node.value if value is None else value
        case n.Combine():
            parts = [inner(part) for part in node.of]
            if any(part is None for part in parts):
                return None
            total = parts[0]
            for part in parts[1:]:
                total = {
                    "add": total + part, "subtract": total - part, "multiply": total * part,
                    "least": min(total, part), "greatest": max(total, part),
                }[node.op]  # fmt: skip
            return total
        case n.Trend():
            before = node.of.model_copy(update={"ago": node.of.ago + node.of.days})
            now, then = inner(node.of), inner(before)
            return None if now + then == 0 else float(now - then) / float(now + then)
        case n.Bucket():
            value = inner(node.of)
            if value is None:
                return None
            return node.labels[sum(edge <= value for edge in node.edges)]
        case n.Holds():
            values = {name: inner(part) for name, part in node.let.items()}
            return holds(node.condition, values.__getitem__)
        case n.Case():
            values = {name: inner(part) for name, part in node.let.items()}
            for branch in node.when:
                if holds(branch.condition, values.__getitem__):
                    return inner(branch.then)
            return inner(node.otherwise) if node.otherwise is not None else None
    raise AssertionError(node)


def _aggregate(node: Any, customer: int, tables: Mapping[str, list[Row]], as_of: dt.date) -> Any:
    end = as_of - dt.timedelta(days=node.ago)
    start = end - dt.timedelta(days=node.days) if node.days else dt.date.min
    rows = [
        row
        for row in tables[node.source]
        if row["customer_id"] == customer
        and start <= row["occurred_on"] < end
        and (node.where is None or holds(node.where, row.get))
    ]
    days = sorted({row["occurred_on"] for row in rows})
    known = (
        [row[node.column] for row in rows if row.get(node.column) is not None] if getattr(node, "column", None) else []
    )
    match node:
        case n.Count():
            return len(known if node.column else rows)
        case n.Sum():
            return _total(known)
        case n.Mean():
            return float(_total(known)) / len(known) if known else None
        case n.Min():
            return min(known, default=None)
        case n.Max():
            return max(known, default=None)
        case n.DistinctCount():
            return len(set(known))
        case n.DistinctDays():
            return len(days)
        case n.Recency():
            return (as_of - days[-1]).days if days else None
        case n.Age():
            return (as_of - days[0]).days if days else None
        case n.GapStats():
            return _gap([(b - a).days for a, b in itertools.pairwise(days)], node.stat)
        case n.Top():
            return _top(node, rows)
        case n.First() | n.Last():
            ordered = sorted(
                (row for row in rows if row.get(node.column) is not None),
                key=lambda row: (*(row[column] for column in SOURCES[node.source].order), row[node.column]),
            )
            if not ordered:
                return None
            return ordered[0 if isinstance(node, n.First) else -1][node.column]
    raise AssertionError(node)


def _total(values: list[Any]) -> Any:
    exact = sum((Fraction(value).limit_denominator(10**6) for value in values), Fraction(0))
    return int(exact) if all(isinstance(value, int) for value in values) else float(exact)


def _gap(gaps: list[int], stat: str) -> Any:
    if stat == "count":
        return len(gaps)
    if not gaps or (stat == "stddev" and len(gaps) < 2):
        return None
    return {
        "mean": lambda: sum(gaps) / len(gaps), "median": lambda: float(statistics.median(gaps)),
        "min": lambda: min(gaps),
        "max": lambda: max(gaps), "last": lambda: gaps[-1], "stddev": lambda: math.sqrt(statistics.variance(gaps)),
    }[stat]()  # fmt: skip


def _top(node: Any, rows: list[Row]) -> Any:
    by_value: dict[Any, list[Row]] = {}
    for row in rows:
        if row.get(node.column) is not None:
            by_value.setdefault(row[node.column], []).append(row)

    def rank(value: Any) -> tuple[Any, ...]:
        mine = by_value[value]
        latest = max(row["occurred_on"] for row in mine)
        if node.by == "rows":
            measure: Any = len(mine)
        elif node.by == "days":
            measure = len({row["occurred_on"] for row in mine})
        else:
            amounts = [row[node.by] for row in mine if row.get(node.by) is not None]
            measure = sum(amounts) if amounts else -math.inf
        return (-measure, -latest.toordinal(), value)

    return min(by_value, key=rank) if by_value else None
