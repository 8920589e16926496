from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from small_moment import moment_from

from liuke.predict.churn.evidence import MIN_SPEAKERS, read_evidence

DAY = date(2026, 3, 1)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def event(customer: int, name: str, days: int, value: float | None = None, **properties: str) -> dict:
    told = json.dumps(properties, ensure_ascii=False) if properties else None
    return {"customer_id": customer, "event": name, "occurred_on": ago(days), "value": value, "properties": told}


def bought(customer: int, days: int, **more) -> dict:
    return {"customer_id": customer, "order_id": customer * 1000 + days, "occurred_on": ago(days), **more}


def found(tables: dict, customer: int = 1) -> dict[str, tuple[str, float, str]]:
    moment = moment_from({"purchases": [bought(customer, 40)]} | tables, DAY)
    rows = read_evidence(moment, np.array([customer], dtype=np.int64)).get(customer, ())
    return {one.kind: (one.family, one.strength, one.en) for one in rows}


@pytest.mark.parametrize(
    ("events", "kind", "family", "says"),
    [
        ([event(1, "delivery_late", 3), event(1, "delivery_late", 14)], "late_delivery", "delivery",
         "2 late deliveries in 14 days, the latest 3 days ago"),
        ([event(1, "complaint_opened", 5, topic="authenticity", text="怀疑")], "complaint_filed", "authenticity",
         "complained 5 days ago, filed under doubts about authenticity"),
        ([event(1, "complaint_opened", 5, topic="service")], "complaint_open", "service",
         "a complaint of 5 days ago is still open"),
        ([event(1, "review", 9, 2.0, text="太贵了")], "said", "price", "spoke of price in a review 9 days ago"),
        ([event(1, "survey_answered", 9, 3.0, text="不知道怎么选")], "said", "guidance",
         "spoke of missing parenting guidance in a survey 9 days ago"),
        ([event(1, "search", 2, keyword="优惠")], "bargain_search", "price", "searched for a bargain 2 days ago"),
        ([event(1, "coupon_claimed", 2), event(1, "coupon_claimed", 4)], "coupons_unused", "price",
         "claimed 2 coupons in 30 days and used none"),
        ([event(1, "livestream_watched", 2)], "livestreams", "other_channel",
         "watched 1 live streams in 30 days, more than before"),
        ([event(1, "app_removed", 2)], "goodbye", "silent_drift", "unsubscribed or removed the app 2 days ago"),
    ],
)  # fmt: skip
def test_what_happened_is_told(events, kind, family, says):
    rows = found({"events": events})
    assert rows[kind][0] == family
    assert rows[kind][2] == says


@pytest.mark.parametrize(
    "events",
    [
        [event(1, "review", 9, 5.0, text="不贵")],  # a good review blames nothing
        [event(1, "delivery_late", 90)],  # long ago
        [event(1, "coupon_claimed", 2), event(1, "coupon_claimed", 4), event(1, "coupon_used", 1)],
        [event(1, "complaint_opened", 5), event(1, "complaint_resolved", 2)],
        [event(1, "livestream_watched", d) for d in (2, 40, 60, 80, 100)],  # no more than before
        [event(1, "service_chat", 1, text="请问什么时候发货")],  # a question blames nobody
        [event(1, "complaint_opened", 1, topic="a heading of the shop's own")],
    ],
)
def test_what_says_nothing_is_not_told(events):
    assert found({"events": events}) == {}


def test_evidence_fades_with_its_age():
    fresh, old = (found({"events": [event(1, "delivery_late", days)]})["late_delivery"][1] for days in (1, 46))
    assert fresh == pytest.approx(2 * old, rel=0.01)


PRODUCTS = [
    {"product_id": 1, "category": "nappies", "stage": "M", "daily_use": 7.0, "min_age_months": 3, "max_age_months": 10},
    {"product_id": 2, "category": "nappies", "stage": "L", "daily_use": 6.0, "min_age_months": 9, "max_age_months": 20},
]


def test_a_child_who_has_outgrown_what_was_bought():
    line = {"customer_id": 1, "order_id": 1, "occurred_on": ago(40), "product_id": 1, "category": "nappies"}
    tables = {"products": PRODUCTS, "purchase_items": [line]}
    rows = found(tables | {"children": [{"customer_id": 1, "child_no": 1, "birth_month": date(2025, 3, 1)}]})
    family, _, says = rows["outgrown"]
    assert family == "need_changed"
    assert says == "the child is 12 months old: has outgrown M, and the next stage has not been bought"
    young = found(tables | {"children": [{"customer_id": 1, "child_no": 1, "birth_month": date(2025, 9, 1)}]})
    next_line = {**line, "order_id": 2, "product_id": 2}
    moved_on = found(
        {**tables, "purchase_items": [line, next_line]}
        | {"children": [{"customer_id": 1, "child_no": 1, "birth_month": date(2025, 3, 1)}]}
    )
    assert "outgrown" not in young
    assert "outgrown" not in moved_on


def test_graduation_is_what_the_shops_own_families_show():
    families = [{"customer_id": c, "child_no": 1, "birth_month": date(2024, 3, 1)} for c in range(2, 102)]
    lines = [
        {"customer_id": c, "order_id": c * 1000 + d, "occurred_on": ago(d), "product_id": 2, "category": "nappies"}
        for c in range(2, 102)
        for d in (20, 60, 100, 140)
    ]
    old = {"customer_id": 1, "child_no": 1, "birth_month": date(2022, 1, 1)}
    tables = {"products": PRODUCTS, "purchase_items": lines, "children": [old, *families]}
    family, _, says = found(tables)["graduated"]
    assert family == "graduated"
    assert says.startswith("the youngest child is 50 months old, past the age")
    sibling = {"customer_id": 1, "child_no": 2, "birth_month": None, "due_month": date(2026, 6, 1)}
    assert "graduated" not in found({**tables, "children": [old, sibling, *families]})
    assert "graduated" not in found({**tables, "purchase_items": lines[:100]})  # too few to tell
    still = {"customer_id": 1, "order_id": 1, "occurred_on": ago(40), "product_id": 2, "category": "nappies"}
    assert "graduated" not in found({**tables, "purchase_items": [still, *lines]})


def test_where_nothing_is_known_what_others_said_is_asked():
    left = range(10, 10 + MIN_SPEAKERS)
    orders = [bought(1, 40), *(bought(c, 200) for c in left)]
    said = [event(c, "survey_answered", 190, 2.0, text="太贵了" if c % 4 else "客服不理人") for c in left]
    moment = moment_from({"purchases": orders, "events": said}, DAY)
    price, service = read_evidence(moment, np.array([1], dtype=np.int64))[1]
    assert (price.family, service.family) == ("price", "service")
    assert price.strength < 1  # a circumstance, told after what is known of the customer
    assert price.en == "left no reason; customers like this who left spoke most of price (75% of 20): ask about it"
    assert "others_say" not in found({"purchases": orders, "events": said[:-1]})


def test_equal_data_give_equal_evidence_in_any_order_of_rows():
    events = [
        event(c, name, days, 2.0 if name == "review" else None, topic="delivery", text="物流慢,客服不理,太贵")
        for c in range(1, 30)
        for name, days in (("complaint_opened", 5), ("review", 9), ("service_chat", 9), ("delivery_late", 4))
    ]
    orders = [bought(c, 40 + c) for c in range(1, 30)]
    ids = np.arange(1, 30, dtype=np.int64)
    first = read_evidence(moment_from({"purchases": orders, "events": events}, DAY), ids)
    again = read_evidence(moment_from({"purchases": orders[::-1], "events": events[::-1]}, DAY), ids)
    assert first == again
    assert all(rows for rows in first.values())
