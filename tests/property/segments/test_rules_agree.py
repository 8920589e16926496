"""Random rules on random rows: both ways of evaluating a rule give what the slow reference gives."""

# ruff: noqa: E501 - rules and rows are read across
from __future__ import annotations

import datetime as dt
import os
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st
from segment_reference import in_segment
from small_moment import VIEWS, moment_from

from liuke.understand.segments import (
    LockedEngine,
    SegmentBook,
    SegmentDesk,
    SegmentError,
    SegmentSettings,
    desk_at,
    frame_of,
    parse_definition,
)
from liuke.understand.tags import anonymous_tags

AS_OF = dt.date(2024, 2, 28)  # the day before a leap day: anniversaries of 29 February are near
CUSTOMERS = 6
EXAMPLES = int(os.environ.get("LIUKE_SEGMENT_EXAMPLES", "40"))  # more of them before a release
TAGS = {
    "spend": "BIGINT",
    "ratio": "DOUBLE",
    "stage": "VARCHAR",
    "used": "BOOLEAN",
    "since": "DATE",
    "needs": "VARCHAR[]",
}
TAGSET = anonymous_tags({key: {"node": "count", "source": "purchases"} for key in TAGS})
HAPPENINGS = {"events": None, "purchases": None}

maybe = lambda values: st.none() | values  # noqa: E731
words = st.sampled_from(["lost", "new", "o'clock", "奶粉", "%", "a_b"])
numbers = st.sampled_from([-50, 0, 1, 2, 100])
days = st.integers(-1, 70).map(lambda back: AS_OF - dt.timedelta(days=back))
old_days = days | st.sampled_from(
    [dt.date(2020, 2, 29), dt.date(2023, 2, 28), dt.date(2023, 3, 1), dt.date(2024, 2, 28)]
)
instants = st.tuples(days, st.sampled_from([0, 3600, 86_399])).map(
    lambda d: dt.datetime.combine(d[0], dt.time()) + dt.timedelta(seconds=d[1])
)
people = st.integers(1, CUSTOMERS)
PEOPLE = st.lists(
    st.fixed_dictionaries({
        "spend": maybe(numbers), "ratio": maybe(st.sampled_from([0.0, 0.5, 1.0])), "stage": maybe(words),
        "used": maybe(st.booleans()), "since": maybe(old_days), "needs": maybe(st.lists(words, max_size=2, unique=True)),
        "province": maybe(words), "registered_on": maybe(old_days),
    }), min_size=CUSTOMERS, max_size=CUSTOMERS,
)  # fmt: skip
EVENTS = st.lists(st.fixed_dictionaries({
    "customer_id": people, "event": st.sampled_from(["search", "o'clock"]), "occurred_at": instants,
    "category": maybe(words), "value": maybe(st.sampled_from([0.5, 2.0])),
}), max_size=14)  # fmt: skip
PURCHASES = st.lists(st.fixed_dictionaries({
    "customer_id": people, "order_id": st.integers(1, 9), "occurred_at": instants, "channel": maybe(words),
    "net_minor": maybe(numbers),
}), max_size=10)  # fmt: skip


def compare(values: st.SearchStrategy[Any], ops: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda op, value: {"op": op, "value": value}, st.sampled_from(ops), values)


def one_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda op, some: {"op": op, "values": some},
        st.sampled_from(["in", "not_in"]),
        st.lists(values, min_size=1, max_size=3),
    )


known = st.sampled_from(["missing", "known"]).map(lambda op: {"op": op})
ORDER = ["eq", "ne", "lt", "lte", "gt", "gte"]
between = st.tuples(numbers, numbers).map(lambda pair: {"op": "between", "low": min(pair), "high": max(pair)})
number_test = compare(numbers, ORDER) | between
text_test = st.builds(lambda op, text: {"op": op, "text": text}, st.sampled_from(["contains", "starts_with"]), words)
day_text = old_days.map(lambda day: day.isoformat())
day_test = st.one_of(
    compare(day_text, ORDER),
    st.builds(lambda op, day: {"op": op, "day": day}, st.sampled_from(["before", "after"]), day_text),
    st.integers(1, 40).map(lambda n: {"op": "within_last", "days": n}),
    st.sampled_from([1, 2, 30, 365]).map(lambda n: {"op": "anniversary", "days": n}),
    known,
)
texts = compare(words, ["eq", "ne"]) | one_of(words) | text_test | known


def on(kind: str, name: str, tests: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    field = "tag" if kind == "tag" else "field"
    return tests.map(lambda test: {"kind": kind, field: name, "test": test})


def where(column: str, tests: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return tests.map(lambda test: {"column": column, "test": test})


EVENT_WHERE = st.lists(
    where("event", st.just({"op": "eq", "value": "search"}))
    | where("category", compare(words, ["eq", "ne"]) | one_of(words) | known)
    | where("value", number_test),
    max_size=2,
)
PURCHASE_WHERE = st.lists(where("channel", one_of(words) | known) | where("net_minor", number_test), max_size=2)
window = st.fixed_dictionaries({"days": maybe(st.sampled_from([1, 7, 30])), "ago": st.sampled_from([0, 7])})


def happening(source: str, wheres: Any, amount: str) -> st.SearchStrategy[dict[str, Any]]:
    how = st.one_of(
        st.sampled_from(["did", "did_not"]).map(lambda h: {"how": h}),
        st.tuples(st.sampled_from(["count", "days"]), number_test).map(lambda p: {"how": p[0], "test": p[1]}),
        st.tuples(st.sampled_from(["sum", "distinct"]), number_test).map(
            lambda p: {"how": p[0], "test": p[1], "column": amount}
        ),
    )
    return st.builds(lambda w, h, win: {"kind": "event", "source": source, "where": w, **h, **win}, wheres, how, window)


step = EVENT_WHERE.map(lambda w: {"source": "events", "where": w}) | PURCHASE_WHERE.map(
    lambda w: {"source": "purchases", "where": w}
)
sequence = st.builds(
    lambda first, then, second, within, back: {
        "kind": "sequence", "first": first, "then": then, "second": second, "within_days": within, "days": back,
    }, step, st.sampled_from(["did", "did_not"]), step, st.sampled_from([1, 3, 30]), st.sampled_from([5, 60]),
)  # fmt: skip
CONDITION = st.one_of(
    on("tag", "spend", number_test | one_of(numbers) | known), on("tag", "ratio", number_test | known),
    on("tag", "stage", texts), on("tag", "used", compare(st.booleans(), ["eq", "ne"]) | known),
    on("tag", "since", day_test), on("tag", "needs", one_of(words) | words.map(lambda w: {"op": "contains", "text": w}) | known),
    on("profile", "province", texts), on("profile", "registered_on", day_test),
    happening("events", EVENT_WHERE, "value"), happening("purchases", PURCHASE_WHERE, "net_minor"), sequence,
    st.sampled_from([0.2, 0.5]).map(lambda share: {"kind": "random", "share": share}),
    st.just({"kind": "segment", "segment": "other"}),
)  # fmt: skip
RULE = st.recursive(
    CONDITION,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"kind": "all", "of": of}),
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"kind": "any", "of": of}),
        inner.map(lambda of: {"kind": "not", "of": of}),
    ),
    max_leaves=6,
)
OTHER = on("tag", "stage", texts) | happening("events", EVENT_WHERE, "value")


def definition(key: str, rule: Any) -> Any:
    return parse_definition({"language": 1, "key": key, "name": {"zh": key, "en": key}, "rule": rule})


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(rule=RULE, other=OTHER, persons=PEOPLE, events=EVENTS, purchases=PURCHASES)
def test_engine_and_reference_agree(rule, other, persons, events, purchases):
    event(f"kind {rule['kind']}")
    try:
        book = SegmentBook([definition("asked", rule), definition("other", other)])
    except SegmentError:  # nobody could pass it: refused before anybody is asked
        reject()
    rows = [{"customer_id": n, **person} for n, person in enumerate(persons, start=1)]
    events = [{**one, "occurred_on": one["occurred_at"].date()} for one in events]
    purchases = [{**one, "occurred_on": one["occurred_at"].date()} for one in purchases]
    tables = {"events": events, "purchases": purchases}
    expected = [row["customer_id"] for row in rows if in_segment("asked", book, row, tables, AS_OF)]

    profile = [{name: row[name] for name in ("customer_id", "province", "registered_on")} for row in rows]
    moment = moment_from({"customers": profile, **tables}, AS_OF)
    moment.connection.execute(
        f"CREATE TABLE day_tags (customer_id BIGINT, {', '.join(f'{key} {kind}' for key, kind in TAGS.items())})"
    )
    moment.connection.executemany(
        f"INSERT INTO day_tags VALUES ({', '.join('?' * (len(TAGS) + 1))})",
        [[row["customer_id"], *(row[key] for key in TAGS)] for row in rows],
    )
    nightly = desk_at(moment, TAGSET, ["asked"], book, SegmentSettings(), tags="day_tags")
    if nightly.refused:
        reject()
    assert nightly.members("asked", book) == expected

    copies = {name: moment.connection.sql(f"FROM {name}").to_arrow_table() for name in ("events", "purchases")}
    everyone = moment.connection.sql("FROM customers JOIN day_tags USING (customer_id)").to_arrow_table()
    published = prefixed(everyone)
    engine = LockedEngine({"customers": published, **copies}, SegmentSettings())
    live = SegmentDesk(engine, frame_of(engine.columns("customers"), AS_OF, "tag_", HAPPENINGS))
    assert live.members("asked", book) == expected
    assert live.count("asked", book) == len(expected)
    assert set(live.sample("asked", book, 3)) <= set(expected)


def prefixed(table: pa.Table) -> pa.Table:
    return table.rename_columns([f"tag_{name}" if name in TAGS else name for name in table.column_names])


def test_the_small_moment_has_the_sources_that_rules_read():
    assert set(HAPPENINGS) <= set(VIEWS)
