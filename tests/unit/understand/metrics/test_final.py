"""A figure that is final stays, or says on which day what was recorded later changed it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.kernel import ShopProfile
from liuke.kernel.days import Period
from liuke.understand.metrics import METRICS, Measured, MetricSettings, measure, with_changes

D = dt.date
STARTED = load_catalogue(None).active_names
ACTS = ("daily_active", "monthly_active", "stickiness", "retention_1d", "retention_7d", "retention_30d")


def orders(as_of: dt.date, *, refunded_on: dt.date | None) -> Measured:
    """Measure a shop with two buyers in April, one of whose orders comes back on a day."""
    order = {"customer_id": 1, "order_id": 1, "occurred_on": D(2024, 4, 3)}
    other = {"customer_id": 2, "order_id": 2, "occurred_on": D(2024, 4, 9), "net_minor": 730}
    back = refunded_on is not None and refunded_on < as_of
    facts = [order | {"fact": "paid", "amount_minor": 100}]
    facts += [order | {"fact": "refunded", "amount_minor": 100, "occurred_on": refunded_on}] if back else []
    tables: dict[str, list[dict[str, Any]]] = {
        "customers": [
            *({"customer_id": n, "registered_on": D(2024, 4, 2)} for n in (1, 2)),
            {"customer_id": 3, "registered_on": D(2024, 1, 1)},
        ],
        "events": [{"customer_id": 2, "event": "app_open", "occurred_on": D(2024, 3, 1)}],
        "order_facts": facts,
        "purchases": [
            other,
            *([] if back else [order | {"net_minor": 100}]),
            {"customer_id": 3, "order_id": 3, "occurred_on": D(2024, 1, 1), "net_minor": 1},
        ],
    }
    return measure(moment_from(tables, as_of), ShopProfile(), MetricSettings(), STARTED)


def april(found: Measured) -> dict[str, Any]:
    period = Period(D(2024, 4, 1), D(2024, 5, 1))
    return {one.metric: one for one in found.values if one.period == period}


def test_money_that_comes_back_in_time_does_not_move_a_final_figure() -> None:
    refund = D(2024, 5, 20)
    early = april(orders(D(2024, 5, 2), refunded_on=refund))
    assert (early["revenue"].value, early["revenue"].final_on) == (830, D(2024, 5, 31))  # provisional
    final, much_later = (april(orders(day, refunded_on=refund)) for day in (D(2024, 5, 31), D(2024, 12, 1)))
    known = [metric for metric, one in final.items() if one.final_on <= D(2024, 5, 31) and one.value is not None]
    assert {metric: final[metric].value for metric in known} == {metric: much_later[metric].value for metric in known}
    assert final["revenue"].value == 730
    assert len(known) >= 12


def test_days_of_activity_stay_whatever_becomes_of_the_order() -> None:
    kept, returned = (
        april(orders(D(2024, 12, 1), refunded_on=None)),
        april(orders(D(2024, 12, 1), refunded_on=D(2024, 11, 1))),
    )
    assert [kept[metric].value for metric in ACTS] == [returned[metric].value for metric in ACTS]
    assert kept["retention_1d"].value == 0.5
    assert kept["revenue"].value != returned["revenue"].value


def marked_revenue(found: Measured, before: Any = None) -> Any:
    """Return the marked table, and April's revenue in it."""
    nothing = found.metrics.slice(0, 0)
    marked = with_changes(found.metrics, nothing if before is None else before)
    assert tuple(marked.column_names) == METRICS.names
    return marked, next(
        one for one in marked.to_pylist() if one["metric"] == "revenue" and one["period_start"] == D(2024, 4, 1)
    )


def test_a_refund_long_after_changes_a_final_figure_and_is_told_from_then_on() -> None:
    refund = D(2024, 8, 10)
    table, told = marked_revenue(orders(D(2024, 8, 1), refunded_on=refund))
    assert (told["value"], told["changed_on"], told["value_before"]) == (830, None, None)
    table, told = marked_revenue(orders(D(2024, 8, 11), refunded_on=refund), table)
    assert (told["value"], told["changed_on"], told["value_before"]) == (730, D(2024, 8, 11), 830)
    table, told = marked_revenue(orders(D(2024, 8, 12), refunded_on=refund), table)
    assert (told["value"], told["changed_on"], told["value_before"]) == (730, D(2024, 8, 11), 830)


@pytest.mark.parametrize("day", [D(2024, 5, 2), D(2024, 5, 30)])
def test_a_provisional_figure_may_move_without_a_word(day: dt.date) -> None:
    table, _ = marked_revenue(orders(day, refunded_on=None))
    _, told = marked_revenue(orders(D(2024, 5, 31), refunded_on=day), table)
    assert (told["value"], told["changed_on"]) == (730, None)
