"""A slow, obvious reading of rules: one customer at a time, plain Python over dictionaries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from liuke.kernel.ids import stable_id
from liuke.understand.segments import SegmentBook

Row = Mapping[str, Any]


def in_segment(key: str, book: SegmentBook, customer: Row, tables: Mapping[str, list[Row]], as_of: dt.date) -> bool:
    """Whether a customer is in a segment. `customer` holds `customer_id`, tags and profile fields by name."""
    return _rule(book[key].document()["rule"], key, book, customer, tables, as_of)


def _rule(
    rule: Any, key: str, book: SegmentBook, customer: Row, tables: Mapping[str, list[Row]], as_of: dt.date
) -> bool:
    def inner(part: Any) -> bool:
        return _rule(part, key, book, customer, tables, as_of)

    kind = rule["kind"]
    if kind == "all":
        return all(inner(part) for part in rule["of"])
    if kind == "any":
        return any(inner(part) for part in rule["of"])
    if kind == "not":
        return not inner(rule["of"])
    if kind in ("tag", "profile"):
        return passes(rule["test"], customer.get(rule["tag" if kind == "tag" else "field"]), as_of)
    if kind == "segment":
        return in_segment(rule["segment"], book, customer, tables, as_of)
    if kind == "random":
        drawn = stable_id("segment_share", f"{key}:{rule.get('salt', '')}:{customer['customer_id']}")
        return drawn / 2**63 < rule["share"]
    if kind == "event":
        return _event(rule, customer, tables, as_of)
    if kind == "sequence":
        return _sequence(rule, customer, tables, as_of)
    raise AssertionError(kind)


def passes(test: Mapping[str, Any], value: Any, as_of: dt.date) -> bool:
    """Whether one value passes a test; a missing one passes `missing`, `ne` and `not_in`."""
    op = test["op"]
    if op in ("missing", "known"):
        return (value is None) == (op == "missing")
    if op in ("ne", "not_in"):
        wanted = test["values"] if op == "not_in" else [test["value"]]
        if isinstance(value, list):
            return not set(value) & set(wanted)
        return value is None or all(value != _like(one, value) for one in wanted)
    if value is None:
        return False
    if op == "in":
        if isinstance(value, list):
            return bool(set(value) & set(test["values"]))
        return any(value == _like(one, value) for one in test["values"])
    if op in ("eq", "lt", "lte", "gt", "gte"):
        wanted = _like(test["value"], value)
        return {"eq": value == wanted, "lt": value < wanted, "lte": value <= wanted, "gt": value > wanted,
                "gte": value >= wanted}[op]  # fmt: skip
    if op == "between":
        return _like(test["low"], value) <= value <= _like(test["high"], value)
    if op == "contains":
        return test["text"] in value
    if op == "starts_with":
        return value.startswith(test["text"])
    if op in ("before", "after"):
        day = dt.date.fromisoformat(test["day"])
        return value < day if op == "before" else value > day
    if op == "within_last":
        return as_of - dt.timedelta(days=test["days"]) <= value < as_of
    if op == "anniversary":
        return any(_returns(value, as_of + dt.timedelta(days=n)) for n in range(test.get("days", 1)))
    raise AssertionError(op)


def _returns(date: dt.date, day: dt.date) -> bool:
    if date.year >= day.year:
        return False
    try:
        return date.replace(year=day.year) == day
    except ValueError:  # 29 February
        return day == dt.date(day.year, 2, 28)


def _like(wanted: Any, value: Any) -> Any:
    return dt.date.fromisoformat(wanted) if isinstance(value, dt.date) else wanted


def _rows(source: str, where: Any, customer: Row, tables: Mapping[str, list[Row]], as_of: dt.date) -> list[Row]:
    return [
        row
        for row in tables.get(source, [])
        if row["customer_id"] == customer["customer_id"]
        and row["occurred_on"] < as_of
        and all(passes(one["test"], row.get(one["column"]), as_of) for one in where)
    ]


def _event(rule: Any, customer: Row, tables: Mapping[str, list[Row]], as_of: dt.date) -> bool:
    end = as_of - dt.timedelta(days=rule.get("ago", 0))
    start = end - dt.timedelta(days=rule["days"]) if rule.get("days") else dt.date.min
    rows = _rows(rule["source"], rule.get("where", []), customer, tables, as_of)
    rows = [row for row in rows if start <= row["occurred_on"] < end]
    how = rule.get("how", "did")
    if how in ("did", "did_not"):
        return bool(rows) == (how == "did")
    known = [row[rule["column"]] for row in rows if row.get(rule["column"]) is not None] if "column" in rule else []
    number = {
        "count": lambda: len(rows), "days": lambda: len({row["occurred_on"] for row in rows}),
        "sum": lambda: sum(known), "distinct": lambda: len(set(known)),
    }[how]()  # fmt: skip
    return passes(rule["test"], number, as_of)


def _sequence(rule: Any, customer: Row, tables: Mapping[str, list[Row]], as_of: dt.date) -> bool:
    first, second = rule["first"], rule["second"]
    since = as_of - dt.timedelta(days=rule.get("days", 90))
    firsts = _rows(first["source"], first.get("where", []), customer, tables, as_of)
    seconds = _rows(second["source"], second.get("where", []), customer, tables, as_of)
    for row in firsts:
        if row["occurred_on"] < since:
            continue
        last = row["occurred_on"] + dt.timedelta(days=rule["within_days"])
        followed = any(
            later is not row and later["occurred_at"] >= row["occurred_at"] and later["occurred_on"] <= last
            for later in seconds
        )
        if rule.get("then", "did") == "did" and followed:
            return True
        if rule.get("then", "did") == "did_not" and not followed and last < as_of:
            return True
    return False
