"""Key figures on small shops, each answer worked out by hand in the comments."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.kernel.days import Period
from liuke.kernel.shop import ShopProfile
from liuke.understand.metrics import (
    COHORTS,
    METRICS,
    Measured,
    MetricSettings,
    MetricValue,
    compare,
    measure,
    metric_definitions,
)

SHOP = ShopProfile()
STARTED = load_catalogue(None).active_names
D = dt.date


def bought(customer: int, *days: dt.date, net: int = 1000) -> list[dict[str, Any]]:
    return [
        {
            "customer_id": customer,
            "order_id": customer * 100 + n,
            "occurred_on": day,
            "net_minor": net,
            "margin_minor": net // 4,
        }
        for n, day in enumerate(days)
    ]


def measured(tables: dict[str, list[dict[str, Any]]], as_of: dt.date, **settings: Any) -> Measured:
    return measure(moment_from(tables, as_of), SHOP, MetricSettings(**settings), STARTED)


def latest(result: Measured, metric: str) -> MetricValue:
    return max((value for value in result.values if value.metric == metric), key=lambda value: value.period)


# Two quarters, 2023-12 to 2024-05: 1 buys in both, 2 only in the first, 3 only in the second, 4 and 5 before.
PURCHASES = {
    "purchases": [
        *bought(1, D(2023, 12, 1), D(2024, 2, 29), D(2024, 3, 1), D(2024, 5, 31)),
        *bought(2, D(2023, 12, 15), D(2023, 12, 15), net=500),
        *bought(3, D(2024, 4, 1), D(2024, 4, 2)),
        *bought(4, D(2023, 11, 30)),
        *bought(5, D(2023, 6, 1)),
    ]
}
AS_OF = D(2024, 6, 1)


def test_churn_rate_counts_active_buyers_at_the_start_who_stay_away() -> None:
    value = latest(measured(PURCHASES, AS_OF), "churn_rate")
    assert value.period == Period(D(2024, 3, 1), D(2024, 6, 1))
    # active at 1 March with 90 days back (from 2 December): 1 (29 February) and 2; 2 stays away, 4 was too early
    assert (value.numerator, value.denominator, value.value) == (1, 2, 0.5)
    assert value.final_on == D(2024, 7, 1)  # its orders may come back for 30 days


def test_a_purchase_on_the_first_day_of_the_window_counts_one_before_does_not() -> None:
    value = latest(measured(PURCHASES, AS_OF, active_window_days=92), "churn_rate")
    # 92 days before 1 March is 30 November: 4 joins the base and stays away
    assert (value.numerator, value.denominator) == (2, 3)


def test_repurchase_rate_needs_two_days_not_two_orders() -> None:
    result = measured(PURCHASES, AS_OF)
    assert latest(result, "repurchase_rate").value == 1.0  # 1 and 3, each on two days
    first = next(v for v in result.values if v.metric == "repurchase_rate" and v.period.start == D(2023, 12, 1))
    assert (first.numerator, first.denominator) == (1, 2)  # 2 ordered twice on one day


def test_the_monthly_repurchase_rate_counts_days_of_one_calendar_month() -> None:
    result = measured(PURCHASES, AS_OF)
    april = next(v for v in result.values if v.metric == "monthly_repurchase_rate" and v.period.start == D(2024, 4, 1))
    assert (april.numerator, april.denominator, april.period.end) == (1, 1, D(2024, 5, 1))  # 3 on the 1st and the 2nd
    may = latest(result, "monthly_repurchase_rate")
    assert (may.numerator, may.denominator) == (0, 1)  # 1 bought in March and May, never twice in a month


def test_buy_back_rate_looks_at_the_buyers_of_the_period_before() -> None:
    value = latest(measured(PURCHASES, AS_OF), "buy_back_rate")
    assert (value.numerator, value.denominator) == (1, 2)  # of 1 and 2, 1 came back


def test_sums_of_a_month() -> None:
    result = measured(PURCHASES, AS_OF)
    april = {v.metric: v for v in result.values if v.period == Period(D(2024, 4, 1), D(2024, 5, 1))}
    assert april["revenue"].value == 2000
    assert april["margin"].value == 500
    assert april["average_order_value"].value == 1000
    assert april["buyers"].value == 1
    assert april["new_buyers"].value == 1
    assert april["returning_buyer_share"].value == 0
    may = {v.metric: v for v in result.values if v.period == Period(D(2024, 5, 1), D(2024, 6, 1))}
    assert may["returning_buyer_share"].value == 1
    assert may["active_buyers"].value == 2  # since 3 March: 1 and 3
    assert may["one_time_buyer_share"].value == 3 / 5  # 2 (one day), 4 and 5


def test_second_purchase_is_measured_once_its_days_are_complete() -> None:
    result = measured(PURCHASES, AS_OF)
    value = latest(result, "second_purchase_rate")
    assert value.period == Period(D(2024, 2, 1), D(2024, 3, 1))  # 1 March + 90 days = 30 May
    assert value.value is None  # nobody bought first in February
    assert value.note is not None
    december = next(v for v in result.values if v.metric == "second_purchase_rate" and v.period.start == D(2023, 12, 1))
    # 1 after exactly 90 days, 2 with a second order on the same day
    assert (december.numerator, december.denominator) == (2, 2)
    assert december.final_on == D(2024, 4, 30)  # 90 days for a second order, 30 in which it may come back
    strict = measured(PURCHASES, AS_OF, second_purchase_days=89)
    december = next(v for v in strict.values if v.metric == "second_purchase_rate" and v.period.start == D(2023, 12, 1))
    assert (december.numerator, december.denominator) == (1, 2)


def test_a_running_month_is_left_out() -> None:
    result = measured(PURCHASES, D(2024, 5, 31))
    assert latest(result, "revenue").period == Period(D(2024, 4, 1), D(2024, 5, 1))
    assert all(value.period.end <= D(2024, 5, 31) for value in result.values)


def test_previous_period_and_year_ago() -> None:
    days = [D(2023, 1, 1), D(2023, 5, 3), D(2024, 4, 3), D(2024, 5, 3), D(2024, 5, 4)]
    compared = compare(measured({"purchases": bought(1, *days)}, AS_OF).values, "revenue")
    assert compared is not None
    assert compared.now.value == 2000
    assert compared.previous is not None
    assert compared.previous.value == 1000
    assert compared.year_ago is not None
    assert compared.year_ago.value == 1000
    assert compare([], "revenue") is None


def test_an_empty_shop_says_why_for_every_figure() -> None:
    result = measured({}, AS_OF)
    assert {value.metric for value in result.values} == {one.key for one in metric_definitions(SHOP, MetricSettings())}
    for value in result.values:
        assert value.value is None
        assert value.note is not None
        assert value.note.have < value.note.need
    assert result.cohorts.num_rows == 0
    assert all(result.metrics["note"].to_pylist())


def test_too_short_a_history_is_no_figure() -> None:
    result = measured({"purchases": bought(1, D(2024, 5, 1), D(2024, 5, 9))}, AS_OF)
    assert latest(result, "revenue").value == 2000
    churn = latest(result, "churn_rate")
    assert churn.value is None
    assert churn.note is not None
    assert "2024-05-01" in churn.note.reason_en


def test_orders_without_amounts_give_no_money() -> None:
    free = [{**row, "net_minor": 0, "margin_minor": 0} for row in bought(1, D(2024, 4, 1), D(2024, 5, 9))]
    result = measured({"purchases": free}, AS_OF)
    assert latest(result, "buyers").value == 1
    for money in ("revenue", "margin", "average_order_value"):
        value = latest(result, money)
        assert value.value is None
        assert value.note is not None
        assert (value.note.reason_zh, value.note.reason_en) == ("没有金额数据", "there are no amounts on record")
    # a gift among paid orders is worth nothing, and that is known
    assert latest(measured({"purchases": [free[0], *bought(1, D(2024, 5, 3))]}, AS_OF), "revenue").value == 1000


def test_an_unknown_amount_is_not_zero() -> None:
    unpriced = [{**row, "net_minor": None, "margin_minor": None} for row in bought(2, D(2024, 5, 3), D(2024, 5, 4))]
    some = measured({"purchases": [*bought(1, D(2024, 4, 1), D(2024, 5, 3)), *unpriced]}, AS_OF)
    assert latest(some, "buyers").value == 2
    assert latest(some, "revenue").value == 1000
    assert latest(some, "average_order_value").value == 1000  # of the orders whose amount is known
    none = measured({"purchases": [*bought(1, D(2024, 4, 1)), *unpriced]}, AS_OF)
    for money in ("revenue", "margin", "average_order_value"):
        value = latest(none, money)
        assert value.value is None
        assert value.note is not None
        assert "no order of this period has an amount" in value.note.reason_en


REGISTERED = {
    "customers": [
        {"customer_id": 1, "registered_on": D(2024, 3, 1), "member_since_on": D(2024, 4, 1)},
        {"customer_id": 2, "registered_on": D(2024, 3, 31)},
        {"customer_id": 3, "registered_on": D(2024, 2, 29), "member_since_on": D(2024, 3, 31)},
        {"customer_id": 4},
    ],
    "events": [
        {"customer_id": 1, "event": "login", "occurred_at": dt.datetime(2024, 2, 28, 1)},
        {"customer_id": 1, "event": "search", "occurred_at": dt.datetime(2024, 3, 2, 23, 59)},
        {"customer_id": 1, "event": "search", "occurred_at": dt.datetime(2024, 3, 2, 8)},
        {"customer_id": 2, "event": "delivered", "occurred_at": dt.datetime(2024, 4, 1, 8)},
        {"customer_id": 2, "event": "search", "occurred_at": dt.datetime(2024, 4, 7, 8)},
        {"customer_id": 4, "event": "register", "occurred_at": dt.datetime(2024, 3, 20, 8)},
        {"customer_id": 4, "event": "search", "occurred_at": dt.datetime(2024, 3, 27, 8)},
    ],
}


def at(result: Measured, metric: str, start: dt.date) -> MetricValue:
    return next(value for value in result.values if value.metric == metric and value.period.start == start)


def test_retention_is_activity_on_that_very_day() -> None:
    result = measured(REGISTERED, D(2024, 5, 1))
    one, seven = at(result, "retention_1d", D(2024, 3, 1)), at(result, "retention_7d", D(2024, 3, 1))
    assert (one.numerator, one.denominator) == (1, 3)  # 1, 2 and 4 registered; a delivery is nobody's activity
    assert (seven.numerator, seven.denominator) == (2, 3)  # 2 on 7 April, 4 on 27 March
    assert seven.final_on == D(2024, 4, 8)
    assert latest(result, "retention_30d").period.start == D(2024, 3, 1)  # complete on 1 May
    assert latest(measured(REGISTERED, D(2024, 4, 30)), "retention_30d").period.start == D(2024, 2, 1)


def test_daily_monthly_active_and_stickiness() -> None:
    result = measured(REGISTERED, D(2024, 4, 1))
    assert at(result, "monthly_active", D(2024, 3, 1)).value == 2
    assert at(result, "daily_active", D(2024, 3, 1)).value == 3 / 31  # 1 on the 2nd; 4 on the 20th and 27th
    assert at(result, "stickiness", D(2024, 3, 1)).value == pytest.approx(3 / 62)


def test_member_share_and_conversion() -> None:
    result = measured(REGISTERED, D(2024, 5, 1))
    share, joined = at(result, "member_share", D(2024, 3, 1)), at(result, "member_conversion", D(2024, 3, 1))
    assert (share.numerator, share.denominator) == (1, 4)  # by 1 April only 3 is a member
    assert (joined.numerator, joined.denominator) == (1, 1)  # registered before March and no member: 3
    april = at(result, "member_conversion", D(2024, 4, 1))
    assert (april.numerator, april.denominator) == (1, 3)


MEMBERS = {
    "customers": [
        {"customer_id": 1, "registered_on": D(2024, 3, 1), "member_since_on": D(2024, 3, 2), "member_tier": "plus"},
        {"customer_id": 2, "registered_on": D(2024, 3, 1), "member_since_on": D(2024, 3, 9), "member_tier": "normal"},
        {"customer_id": 3, "registered_on": D(2024, 3, 1), "member_tier": "plus"},  # a tier, and never joined
        {"customer_id": 4, "registered_on": D(2024, 3, 1), "member_since_on": D(2024, 4, 9), "member_tier": "plus"},
        {"customer_id": 5, "member_since_on": D(2024, 3, 9)},  # never registered
    ],
    "events": [
        {"customer_id": 2, "event": "benefit_used", "occurred_on": D(2024, 3, 30)},
        {"customer_id": 1, "event": "membership_activated", "occurred_on": D(2024, 4, 1)},
        {"customer_id": 3, "event": "membership_activated", "occurred_on": D(2024, 3, 3)},
    ],
}


def test_members_by_kind() -> None:
    result = measured(MEMBERS, D(2024, 4, 1), paid_tiers=["plus"])
    known = [v for v in result.values if "member_share" in v.metric and v.value is not None]
    shares = {v.metric: (v.numerator, v.denominator) for v in known}
    one = dict.fromkeys(("activated_member_share", "paid_member_share", "free_member_share"), (1, 4))
    assert shares == one | {"member_share": (2, 4)}
    later = measured(MEMBERS, D(2024, 5, 1), paid_tiers=["plus"])
    assert latest(later, "paid_member_share").numerator == 2
    # of a tier only the last record is known: nothing is said of earlier months
    assert [v.period.start for v in later.values if v.metric == "paid_member_share"] == [D(2024, 4, 1)]


def test_kinds_of_members_are_unknown_where_the_data_do_not_tell_them() -> None:
    result = measured(MEMBERS, D(2024, 4, 1))
    for metric in ("paid_member_share", "free_member_share"):
        value = latest(result, metric)
        assert value.value is None
        assert value.note is not None
        assert "paid_tiers" in value.note.reason_en
    bare = measured({"customers": MEMBERS["customers"]}, D(2024, 4, 1))
    assert latest(bare, "activated_member_share").value is None
    assert latest(bare, "member_share").value == 0.5


def test_a_lone_activation_years_before_begins_no_record_of_them() -> None:
    used = [{"customer_id": 1, "event": "benefit_used", "occurred_on": D(2024, 4, 1 + n % 28)} for n in range(150)]
    mistyped = {"customer_id": 2, "event": "benefit_used", "occurred_on": D(2004, 4, 2)}
    result = measured(MEMBERS | {"events": [*used, mistyped]}, D(2024, 5, 1))
    shares = [v for v in result.values if v.metric == "activated_member_share" and v.value is not None]
    assert [v.period.start for v in shares] == [D(2024, 4, 1)]  # of March nothing is known


def test_cohorts_leave_the_running_month_out_and_keep_empty_months() -> None:
    rows = bought(1, D(2024, 1, 31), D(2024, 3, 1)) + bought(2, D(2024, 1, 1)) + bought(3, D(2024, 4, 2), D(2024, 4, 3))
    table = measured({"purchases": rows}, D(2024, 4, 15)).cohorts
    assert table.drop_columns(["as_of"]).to_pylist() == [
        {"cohort": D(2024, 1, 1), "month_index": 0, "customers": 2, "active": 2},
        {"cohort": D(2024, 1, 1), "month_index": 1, "customers": 2, "active": 0},
        {"cohort": D(2024, 1, 1), "month_index": 2, "customers": 2, "active": 1},
    ]
    december = measured({"purchases": bought(1, D(2023, 12, 5), D(2024, 1, 5))}, D(2024, 2, 1)).cohorts
    assert december["cohort"].to_pylist() == [D(2023, 12, 1)] * 2  # December is month 12 of its own year
    assert december["active"].to_pylist() == [1, 1]


def test_tables_have_the_declared_columns() -> None:
    result = measured(PURCHASES, AS_OF)
    assert tuple(result.metrics.column_names) == METRICS.names
    assert tuple(result.cohorts.column_names) == COHORTS.names
    keys = [tuple(row[name] for name in METRICS.key) for row in result.metrics.to_pylist()]
    assert len(keys) == len(set(keys))


def test_formulas_name_the_shops_settings() -> None:
    formulas = {
        one.key: one for one in metric_definitions(ShopProfile(margin_rate=0.25), MetricSettings(active_window_days=60))
    }
    assert "前60天" in formulas["churn_rate"].formula_zh
    assert "25%" in formulas["margin"].formula_en
    assert all("{" not in one.formula_zh + one.formula_en for one in formulas.values())
