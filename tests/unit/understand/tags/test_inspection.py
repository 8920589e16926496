"""What a build reads, which rows gave a value, who would notice a change."""

from __future__ import annotations

import datetime as dt

from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import anonymous_tags, compare, compile_plan, estimate, load_definitions, why

AS_OF = dt.date(2024, 3, 1)
SEARCH = {"node": "count", "source": "events", "where": {"property": {"colour": "red"}}, "days": 7}
CART = {"node": "sequence", "source": "events", "where": {"event": "cart_add"}, "then_not": {"source": "purchases"}}


def test_the_cost_names_sources_and_how_often_they_are_read() -> None:
    plan = compile_plan(
        load_definitions(catalogue=load_catalogue(None)), ["activity", "monthly_spend", "value_tier"], AS_OF
    )
    acts, purchases = estimate(plan, {"acts": 1000, "purchases": 10})
    assert (acts.source, acts.rows, acts.passes, acts.rows_read) == ("acts", 1000, 1, 1000)
    assert (purchases.source, purchases.passes) == ("purchases", 1)
    assert plan.ranks == 1


def test_the_rows_behind_a_value_come_newest_first_and_are_counted() -> None:
    rows = [
        {"customer_id": 1, "event": "search", "occurred_on": AS_OF - dt.timedelta(days=back), "properties": text}
        for back, text in ((1, '{"colour": "red"}'), (3, '{"colour": "red"}'), (2, "{}"), (8, '{"colour": "red"}'))
    ]
    moment = moment_from({"events": [*rows, rows[0] | {"customer_id": 2}]}, AS_OF)
    (reason,) = why(moment, anonymous_tags({"t": SEARCH}), ["t"], 1, limit=1)
    assert reason.rows == 2
    assert [row["occurred_on"] for row in reason.newest] == [dt.date(2024, 2, 29)]
    assert reason.newest[0]["property.colour"] == "red"


def test_a_tag_is_explained_by_the_tags_it_reads_and_a_sequence_by_both_its_halves() -> None:
    moment = moment_from({"purchases": [{"customer_id": 1, "order_id": 7, "occurred_on": dt.date(2024, 2, 1)}]}, AS_OF)
    tags = load_definitions(catalogue=load_catalogue(None))
    reasons = why(moment, tags, ["lifecycle"], 1)
    assert [reason.tag for reason in reasons][:3] == ["recency_days", "customer_age_days", "purchase_days"]
    assert {reason.rows for reason in reasons} == {1}
    first, second = why(moment, anonymous_tags({"cart": CART}), ["cart"], 1)
    assert (first.rows, second.rows) == (0, 1)
    assert second.newest[0]["order_id"] == 7


def test_a_change_is_counted_with_examples_and_equal_sets_have_none() -> None:
    rows = [{"customer_id": c, "event": "search", "occurred_on": AS_OF - dt.timedelta(days=c)} for c in (1, 5, 9)]
    moment = moment_from({"events": rows}, AS_OF)
    before = anonymous_tags({"t": {"node": "count", "source": "events", "days": 7}, "gone": SEARCH})
    after = anonymous_tags({"t": {"node": "count", "source": "events", "days": 3}, "new": SEARCH})
    changed, added, removed = compare(moment, before, after)
    assert (changed.tag, changed.customers, round(changed.share, 3)) == ("t", 1, 0.333)
    assert changed.examples == ({"customer_id": 5, "before": 1, "after": 0},)
    assert (added.tag, added.state, removed.tag, removed.state) == ("new", "added", "gone", "removed")
    assert compare(moment, before, before) == []
