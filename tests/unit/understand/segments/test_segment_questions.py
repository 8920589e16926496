"""Count, sample, overlap, matrix, reach: on a few customers whose answers can be counted by hand."""

# ruff: noqa: E501 - rules and rows are read across
from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.kernel.ids import stable_id
from liuke.understand.segments import (
    LockedEngine,
    NeedsNightlyRunError,
    SegmentBook,
    SegmentDesk,
    SegmentError,
    SegmentSettings,
    desk_at,
    frame_of,
    parse_definition,
)
from liuke.understand.tags import load_definitions

AS_OF = dt.date(2026, 3, 1)
N = 4_000


def segment(rule, key):
    return parse_definition({"language": 1, "key": key, "name": {"zh": key, "en": key}, "rule": rule})


def number(op, value):
    return {"kind": "tag", "tag": "n", "test": {"op": op, "value": value}}


BOOK = SegmentBook([
    segment(number("lt", 1000), "low"), segment(number("gte", 900), "high"), segment(number("lt", 0), "nobody"),
    segment({"kind": "random", "share": 0.25}, "quarter"), segment({"kind": "random", "share": 0.25}, "other_quarter"),
    segment({"kind": "event", "source": "events", "days": 30, "how": "did"}, "active"),
    segment({"kind": "event", "source": "events", "how": "did_not"}, "never"),
    segment({"kind": "event", "source": "touches", "how": "did", "days": 5}, "touched"),
])  # fmt: skip


@pytest.fixture(scope="module")
def desk():
    people = pa.table({"customer_id": range(N), "tag_n": range(N)})
    happened = pa.table({
        "customer_id": range(0, N, 10), "event": ["login"] * (N // 10),
        "occurred_on": [AS_OF - dt.timedelta(days=1 + k % 60) for k in range(N // 10)],
    })  # fmt: skip
    engine = LockedEngine({"customers": people, "events": happened}, SegmentSettings())
    return SegmentDesk(engine, frame_of(engine.columns("customers"), AS_OF, "tag_", {"events": 60}))


def test_count_overlap_and_matrix(desk):
    assert desk.count("low", BOOK) == 1000
    overlap = desk.overlap("low", "high", BOOK)
    assert (overlap.left, overlap.right, overlap.both, overlap.either) == (1000, 3100, 100, 4000)
    assert overlap.jaccard == pytest.approx(0.025)
    assert desk.overlap("nobody", "nobody", BOOK).jaccard is None
    sizes = desk.matrix(["low", "high", "nobody"], BOOK)
    assert sizes["high", "low"] == sizes["low", "high"] == 100
    assert sizes["nobody", "low"] == 0
    assert sizes["high", "high"] == 3100


def test_a_sample_is_always_the_same_and_not_the_lowest_ids(desk):
    first = desk.sample("low", BOOK, 20)
    assert first == desk.sample("low", BOOK, 20)
    assert len(set(first)) == 20
    assert max(first) > 500
    assert desk.sample("nobody", BOOK, 5) == []


def test_a_random_share_is_stable_and_its_own_for_each_segment(desk):
    members = desk.members("quarter", BOOK)
    assert members == [n for n in range(N) if stable_id("segment_share", f"quarter::{n}") < 2**61]
    both = desk.overlap("quarter", "other_quarter", BOOK)
    assert abs(both.left - N / 4) < 4 * (N * 3 / 16) ** 0.5  # four standard deviations
    assert abs(both.both - N / 16) < 4 * (N * 15 / 256) ** 0.5


def test_events_are_read_as_far_as_they_are_published(desk):
    assert desk.count("active", BOOK) == 210  # 400 customers over 60 days: 6 whole rounds and the first 30 of the next
    with pytest.raises(
        NeedsNightlyRunError, match="published for the last 60 days; this condition asks for all history"
    ):
        desk.count("never", BOOK)
    with pytest.raises(NeedsNightlyRunError, match="touches are not published"):
        desk.count("touched", BOOK)


def test_reach_is_asked_per_channel(desk):
    class EvenBySms:
        channels = ("sms", "email")

        def reachable(self, customer_ids, channel):
            return [one for one in customer_ids if channel == "sms" and one % 2 == 0]

    assert [(one.channel, one.customers) for one in desk.reachable("low", BOOK, EvenBySms())] == [
        ("sms", 500),
        ("email", 0),
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "tag", "tag": "m", "test": {"op": "eq", "value": 1}}, "unknown tag 'm'"),
        ({"kind": "profile", "field": "provinz", "test": {"op": "known"}}, "unknown profile field"),
        ({"kind": "tag", "tag": "n", "test": {"op": "contains", "text": "x"}}, "`contains` does not suit 'n'"),
        ({"kind": "tag", "tag": "n", "test": {"op": "eq", "value": "x"}}, "cannot be compared with 'x'"),
        ({"kind": "tag", "tag": "n", "test": {"op": "within_last", "days": 3}}, "`within_last` does not suit"),
        ({"kind": "event", "source": "events", "days": 3, "where": [{"column": "session_id", "test": {"op": "known"}}]},
         "unknown column of events 'session_id'"),
        ({"kind": "event", "source": "events", "days": 3, "how": "sum", "column": "event", "test": {"op": "gt", "value": 1}},
         "unknown amount in events 'event'"),
        ({"kind": "event", "source": "events", "days": 3, "where": [{"column": "event", "test": {"op": "eq", "value": 3}}]},
         "cannot be compared with 3"),
        ({"kind": "expression", "text": "n + 1"}, "gives a number, not yes or no"),
        ({"kind": "expression", "text": "m > 1"}, "unknown tag 'm'"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_says_why(desk, rule, said):
    with pytest.raises(SegmentError, match=said):
        desk.count("s", SegmentBook([segment(rule, "s")]))


def test_a_moment_builds_the_tags_that_rules_read():
    tags = load_definitions(catalogue=load_catalogue(None))
    rule = {"kind": "all", "of": [
        {"kind": "tag", "tag": "recency_days", "test": {"op": "lte", "value": 30}},
        {"kind": "profile", "field": "city", "test": {"op": "eq", "value": "杭州市"}},
        {"kind": "sequence", "within_days": 3, "days": 30,
         "first": {"source": "events", "where": [{"column": "event", "test": {"op": "eq", "value": "cart_add"}}]},
         "second": {"source": "purchases"}},
    ]}  # fmt: skip
    day = AS_OF - dt.timedelta(days=4)
    moment = moment_from({
        "customers": [{"customer_id": 1, "city": "杭州市"}, {"customer_id": 2, "city": "上海市"}, {"customer_id": 3, "city": "杭州市"}],
        "events": [{"customer_id": n, "event": "cart_add", "occurred_on": day} for n in (1, 2, 3)],
        "purchases": [
            {"customer_id": n, "order_id": n, "occurred_on": day + dt.timedelta(days=1), "net_minor": 100} for n in (1, 2)
        ],
    }, AS_OF)  # fmt: skip
    book = SegmentBook(
        [segment(rule, "s"), segment({"kind": "not", "of": {"kind": "segment", "segment": "s"}}, "rest")]
    )
    desk = desk_at(moment, tags, ["s", "rest"], book, SegmentSettings())
    assert desk.members("s", book) == [1]
    assert desk.flags(["s", "rest"], book).to_pydict() == {
        "customer_id": [1, 2, 3],
        "s": [True, False, False],
        "rest": [False, True, True],
    }
    both = SegmentBook([*book.values(), segment({"kind": "event", "source": "events", "how": "did"}, "any_event")])
    desk = desk_at(moment, tags, ["s", "rest", "any_event"], both, SegmentSettings())
    assert desk.members("any_event", both) == [1, 2, 3]  # a fact has the same name, whichever rules are asked together
    assert desk.members("s", both) == [1]


def test_a_segment_that_does_not_fit_any_more_is_left_out_and_named():
    gone = segment({"kind": "tag", "tag": "no_such_tag", "test": {"op": "known"}}, "gone")
    via = segment({"kind": "segment", "segment": "gone"}, "via")
    fine = segment({"kind": "profile", "field": "city", "test": {"op": "known"}}, "fine")
    book = SegmentBook([gone, via, fine])
    desk = desk_at(
        moment_from({"customers": [{"customer_id": 1, "city": "x"}]}, AS_OF),
        load_definitions(catalogue=load_catalogue(None)),
        list(book),
        book,
        SegmentSettings(),
    )
    assert sorted(desk.refused) == ["gone", "via"]
    assert "no_such_tag" in desk.refused["via"].message
    assert desk.members("fine", book) == [1]
