"""A slow, obvious reading of the nodes: one customer at a time, plain Python over lists of dictionaries."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import math
import re
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tag_facts import Facts

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
            if predicate.op == "contains":
                return any(item in value for item in (wanted if isinstance(wanted, tuple) else (wanted,)))
            if predicate.op == "empty":
                return (not value) == wanted
            if value is None:
                return False
            return {
                "eq": lambda: value == wanted, "lt": lambda: value < wanted, "lte": lambda: value <= wanted,
                "gt": lambda: value > wanted, "gte": lambda: value >= wanted, "in": lambda: value in wanted,
            }[predicate.op]()  # fmt: skip
    raise AssertionError(predicate)


def property_of(row: Row, name: str, wanted: Any = "") -> Any:
    """An entry of an event's JSON, read as what it is compared with."""
    try:
        value = json.loads(row.get("properties") or "{}").get(name)
    except json.JSONDecodeError:
        return None
    if value is None or isinstance(value, dict | list):
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    if isinstance(wanted, bool):
        return {"true": True, "false": False}.get(text)
    if isinstance(wanted, int | float):
        return float(text) if re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text) else None
    return text


def matches(predicate: Any, row: Row) -> bool:
    """Whether a condition holds for a row of a source."""
    if predicate is None:
        return True
    if isinstance(predicate, Test) and predicate.field.startswith("property."):
        wanted = predicate.value[0] if isinstance(predicate.value, tuple) else predicate.value
        wanted = "" if predicate.op == "missing" else wanted
        return holds(predicate, lambda field: property_of(row, field.removeprefix("property."), wanted))
    if isinstance(predicate, AllOf | AnyOf):
        return (all if isinstance(predicate, AllOf) else any)(matches(part, row) for part in predicate.parts)
    if isinstance(predicate, Not):
        return not matches(predicate.part, row)
    return holds(predicate, row.get)


def cell(row: Row, column: str) -> Any:
    """A column of a row, or an entry of its JSON."""
    return property_of(row, column.removeprefix("property.")) if column.startswith("property.") else row.get(column)


@dataclass
class Reference:
    """Reads nodes for one customer at a time; `tags` are those that others may name."""

    facts: Facts
    as_of: dt.date
    tags: Mapping[str, Any] = field(default_factory=dict)

    def value(self, node: Any, customer: int) -> Any:
        """Return the value of a node for a customer."""
        return self._value(node, customer, self.facts.profiles[customer], {})

    def _value(self, node: Any, customer: int, record: Row, names: Mapping[str, Any], child: bool = False) -> Any:
        def inner(part: Any) -> Any:
            return self._value(part, customer, record, names, child)

        def named(name: str) -> Any:
            if name in names:
                return names[name]
            return record.get(name) if child else self.value(self.tags[name], customer)

        if isinstance(node, n.Aggregate):
            return _aggregate(node, customer, self.facts.tables, self.as_of)
        match node:
            case n.Constant():
                return node.value
            case n.Tag():
                return named(node.key)
            case n.Attribute():
                return record.get(node.column)
            case n.DaysSince():
                value = record.get(node.column)
                return None if value is None else (self.as_of - value).days
            case n.MonthsSince():
                value = record.get(node.column)
                at = self.as_of
                return None if value is None else 12 * (at.year - value.year) + at.month - value.month
            case n.Model():
                return self._score(node, customer)
            case n.PercentRank():
                return self._rank(node, customer)
            case n.PerChild():
                mine = [row for row in self.facts.tables["children"] if row["customer_id"] == customer]
                kept = [row for row in mine if node.where is None or holds(node.where, row.get)]
                values = {self._value(node.of, customer, row, {}, True) for row in kept} - {None}
                return sorted(float(v) if isinstance(v, int) else v for v in values)
            case n.Holds() | n.Case():
                given = dict(names) | {name: inner(part) for name, part in node.let.items()}
                return self._branches(
                    node, customer, record, given, child, lambda f: given[f] if f in given else named(f)
                )
        return _combined(node, inner)

    def _branches(self, node: Any, customer: int, record: Row, given: Any, child: bool, read: Any) -> Any:
        if isinstance(node, n.Holds):
            return holds(node.condition, read)
        for branch in node.when:
            if holds(branch.condition, read):
                return self._value(branch.then, customer, record, given, child)
        return None if node.otherwise is None else self._value(node.otherwise, customer, record, given, child)

    def _score(self, node: Any, customer: int) -> Any:
        oldest = self.as_of - dt.timedelta(days=node.max_age_days)
        days = [row["as_of"] for row in self.facts.scores if oldest <= row["as_of"] < self.as_of]
        rows = [r for r in self.facts.scores if days and r["as_of"] == max(days) and r["customer_id"] == customer]
        return rows[0][node.column] if rows else None

    def _rank(self, node: Any, customer: int) -> Any:
        population = [
            self.value(self.tags[node.of], one)
            for one in self.facts.customers
            if node.among is None or holds(node.among, lambda key, one=one: self.value(self.tags[key], one))
        ]
        known = [value for value in population if value is not None]
        mine = self.value(self.tags[node.of], customer)
        among = node.among is None or holds(node.among, lambda key: self.value(self.tags[key], customer))
        if mine is None or not among:
            return None
        behind = sum(value > mine if node.descending else value < mine for value in known)
        return min(999, behind * 1000 // len(known)) / 1000


def _combined(node: Any, inner: Callable[[Any], Any]) -> Any:
    """Values from values."""
    match node:
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
            value, edges = inner(node.of), node.edges
            if node.by is not None:
                edges = node.edges.get(inner(node.by), node.otherwise)
            if value is None or edges is None:
                return None
            return node.labels[sum(edge <= value for edge in edges)]
    raise AssertionError(node)


def _aggregate(node: Any, customer: int, tables: Mapping[str, list[Row]], as_of: dt.date) -> Any:
    end = as_of - dt.timedelta(days=node.ago)
    start = end - dt.timedelta(days=node.days) if node.days else dt.date.min
    rows = [
        row
        for row in tables[node.source]
        if row["customer_id"] == customer and _inside(node, row, start, end) and matches(node.where, row)
    ]
    if isinstance(node, n.Sequence):
        return _sequence(node, customer, rows, tables, as_of)
    days = sorted({row["occurred_on"] for row in rows if "occurred_on" in row})
    known = (
        [cell(row, node.column) for row in rows if cell(row, node.column) is not None]
        if getattr(node, "column", None)
        else []
    )
    match node:
        case n.Count():
            return len(known if node.column else rows)
        case n.Sum():
            return None if rows and not known else _total(known)
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
        case n.Decayed():
            weighed = [(row.get(node.column) if node.column else 1, (as_of - row["occurred_on"]).days) for row in rows]
            return float(sum((value or 0) * 2 ** (-age / node.half_life) for value, age in weighed))
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
                (row for row in rows if cell(row, node.column) is not None),
                key=lambda row: (*(row[column] for column in SOURCES[node.source].order), cell(row, node.column)),
            )
            if not ordered:
                return None
            return cell(ordered[0 if isinstance(node, n.First) else -1], node.column)
    raise AssertionError(node)


def _inside(node: Any, row: Row, start: dt.date, end: dt.date) -> bool:
    return SOURCES[node.source].day is None or start <= row["occurred_on"] < end


def _sequence(node: Any, customer: int, rows: list[Row], tables: Mapping[str, list[Row]], as_of: dt.date) -> Any:
    step = node.then or node.then_not
    seconds = [r for r in tables[step.source or node.source] if r["customer_id"] == customer and matches(step.where, r)]
    days = []
    for row in rows:
        limit = None if node.within is None else row["occurred_on"] + dt.timedelta(days=node.within)
        followed = any(
            other is not row
            and (other["occurred_on"], other["occurred_at"]) >= (row["occurred_on"], row["occurred_at"])
            and (limit is None or other["occurred_on"] <= limit)
            for other in seconds
        )
        over = limit is None or limit < as_of
        if followed if node.then is not None else (not followed and over):
            days.append(row["occurred_on"])
    return {"holds": bool(days), "count": len(days), "last_on": max(days, default=None)}[node.stat]


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
        if cell(row, node.column) is not None:
            by_value.setdefault(cell(row, node.column), []).append(row)

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
