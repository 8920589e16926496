"""What the shipped tags say of families and customers that an operator would recognise."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import build_tags, load_definitions

AS_OF = dt.date(2024, 3, 1)
TAGS = load_definitions(catalogue=load_catalogue(None))


def ask(tables: dict[str, list[dict[str, Any]]], *names: str) -> list[dict[str, Any]]:
    return build_tags(moment_from(tables, AS_OF), TAGS, names).to_pylist()


def bought(customer: int, *days_ago: int) -> list[dict[str, Any]]:
    return [
        {"customer_id": customer, "order_id": 1000 * customer + back, "occurred_on": AS_OF - dt.timedelta(days=back)}
        for back in days_ago
    ]


@pytest.mark.parametrize(
    ("days_ago", "stage"),
    [
        ([60], "new"), ([61], "growing"), ([1, 60], "growing"), ([90, 100, 110, 120], "mature"), ([91], "dormant"),
        ([180, 400], "dormant"), ([181], "lost"), ([], "prospect"),
    ],
)  # fmt: skip
def test_lifecycle(days_ago: list[int], stage: str) -> None:
    found = ask({"purchases": bought(1, *days_ago), "customers": [{"customer_id": 1}]}, "lifecycle")
    assert found[0]["lifecycle"] == stage


@pytest.mark.parametrize(
    ("days", "level"), [(0, "none"), (1, "low"), (2, "low"), (3, "medium"), (8, "medium"), (9, "high")]
)
def test_activity_counts_days_that_the_customer_started(days: int, level: str) -> None:
    events = [
        {"customer_id": 1, "event": event, "occurred_on": AS_OF - dt.timedelta(days=back + 1)}
        for back in range(30)
        for event in (["search", "cart_add", "delivered"] if back < days else ["delivered"])
    ]
    assert ask({"events": events}, "activity")[0]["activity"] == level


def test_money_and_rank_are_two_tags() -> None:
    rows = [row | {"net_minor": 50_000 + row["customer_id"]} for c in (0, 1) for row in bought(c + 1, 30)]
    rows[0]["net_minor"] = 50_000
    found = ask({"purchases": rows}, "high_monthly_spend", "monthly_spend", "value_tier")
    assert [row["high_monthly_spend"] for row in found] == [False, True]
    assert [row["value_tier"] for row in found] == ["rest", "top_50"]


def test_family_stages_are_per_child_and_never_congratulate_early() -> None:
    children = [
        {"customer_id": 1, "child_no": 1, "birth_month": dt.date(2023, 9, 1)},
        {"customer_id": 1, "child_no": 2, "due_month": dt.date(2024, 6, 1)},
        {"customer_id": 2, "child_no": 1, "due_month": dt.date(2024, 2, 1)},  # due last month, birth not confirmed
        {"customer_id": 3, "child_no": 1, "birth_month": dt.date(2024, 3, 1)},
        {"customer_id": 4, "child_no": 1, "birth_month": dt.date(2018, 3, 1)},
    ]
    found = ask({"children": children, "customers": [{"customer_id": 5}]}, "family_stages", "formula_stages", "weaning")
    assert [row["family_stages"] for row in found] == [["infant", "pregnancy"], [], ["newborn"], ["graduated"], []]
    assert [row["formula_stages"] for row in found] == [["2段"], [], ["1段"], [], []]
    assert [row["weaning"] for row in found] == [True, False, False, False, False]


def test_price_sensitivity_is_the_share_of_discounts() -> None:
    rows = [
        row | {"net_minor": 800, "discount_minor": d} for c, d in ((1, 200), (2, 100), (3, 0)) for row in bought(c, 5)
    ]
    found = ask({"purchases": rows, "customers": [{"customer_id": 4}]}, "discount_share", "price_sensitivity")
    assert [row["price_sensitivity"] for row in found] == ["high", "medium", "low", None]
    assert found[0]["discount_share"] == 0.2


def test_overdue_ratio_needs_a_rhythm() -> None:
    found = ask({"purchases": bought(1, 30, 40, 50) + bought(2, 30)}, "overdue_ratio", "benefit_used_90d")
    assert [row["overdue_ratio"] for row in found] == [3.0, None]
