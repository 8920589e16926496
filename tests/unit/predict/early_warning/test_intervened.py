"""Intervened in time: leavers, the point of their loss, and who was spoken to before it; each answer by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from small_moment import moment_from

from liuke.predict.early_warning import INTERVENTIONS, Intervened, intervened, intervened_table

AS_OF = dt.date(2026, 7, 1)
HORIZON, WINDOW = 60, 90
SINCE = dt.date(2026, 5, 2)  # 60 days before


def bought(customer: int, *back: int) -> list[dict[str, Any]]:
    """Purchases so many days before SINCE (negative: after)."""
    return [
        {"customer_id": customer, "order_id": customer * 100 + n, "occurred_on": SINCE - dt.timedelta(days=days),
         "net_minor": 100}
        for n, days in enumerate(back)
    ]  # fmt: skip


# Everyone buys every 20 days, so each expects to buy 20 days after the last purchase, 10 days after SINCE for most.
SHOP = [
    *bought(1, 50, 30, 10),  # leaves; the point of loss is SINCE + 10
    *bought(2, 50, 30, 10),
    *bought(3, 50, 30, 10),
    *bought(4, 50, 30, 10),
    *bought(5, 50, 30, 10, -10),  # bought again: no leaver
    *bought(6, 140, 120, 100),  # not active at SINCE
]


def table(names: tuple[str, str], rows: list[tuple[int, int]]) -> pa.Table:
    """Rows of (customer, days after SINCE)."""
    days = pa.array([SINCE + dt.timedelta(days=after) for _, after in rows], pa.date32())
    return pa.table({names[0]: pa.array([customer for customer, _ in rows], pa.int64()), names[1]: days})


def moment_of(purchases: list[dict[str, Any]], touches: Any = ()) -> Any:
    moment = moment_from({"purchases": purchases, "touches": list(touches)}, AS_OF)
    moment.connection.execute("CREATE TABLE identity_map (identity_id BIGINT, customer_id BIGINT)")
    return moment


def ask(contacts: list[tuple[int, int]], held: list[tuple[int, int]] = [], touches: Any = ()) -> Intervened:  # noqa: B006
    sent = table(("customer_id", "contacted_on"), contacts)
    return intervened(moment_of(SHOP, touches), sent, table(("customer_id", "held_on"), held), HORIZON, WINDOW)


LONG_AGO = (9, -200)  # contacts have been on record for long


@pytest.mark.parametrize(
    ("contacts", "in_time"),
    [
        ([(1, 7)], 1),  # 72 hours before the interval ends
        ([(1, 8)], 0),  # a day too late
        ([(1, 0), (2, -9), (3, 9)], 2),
        ([(1, -11)], 0),  # before the last purchase: about something else
        ([(1, -10), (1, 3)], 1),  # once is enough, and a customer counts once
        ([(5, 3), (6, -30)], 0),  # neither left
    ],
)
def test_only_a_contact_before_the_point_of_loss_is_in_time(contacts: list[tuple[int, int]], in_time: int) -> None:
    found = ask([LONG_AGO, *contacts])
    assert (found.leavers, found.in_time, found.held_back) == (4, in_time, 0)
    assert found.share == in_time / 4


def test_a_control_group_is_counted_apart() -> None:
    found = ask([LONG_AGO, (1, 5)], held=[(2, -100), (3, 7), (4, 30)])
    # 4 was drawn long after the point of loss: nobody held them back while it mattered
    assert (found.leavers, found.in_time, found.held_back) == (2, 1, 2)


def test_contacts_by_other_tools_count() -> None:
    call = {"customer_id": 1, "channel": "call", "occurred_on": SINCE + dt.timedelta(days=2)}
    assert ask([LONG_AGO], touches=[call]).in_time == 1


def test_without_contacts_on_record_nothing_is_known() -> None:
    for found in (ask([]), ask([(1, 3)])):  # none at all, or the first of them too late to tell
        assert found.share is None
        assert found.leavers is None
        assert found.note is not None
    row = intervened_table(ask([]), HORIZON)
    assert tuple(row.column_names) == INTERVENTIONS.names
    assert row.to_pylist()[0]["note"] == "该时期没有联系记录 / no contacts are on record for this time"


def test_where_nobody_left_there_is_no_share() -> None:
    moment = moment_of(bought(5, 50, 30, 10, -10))
    found = intervened(
        moment, table(("customer_id", "contacted_on"), [LONG_AGO]), table(("customer_id", "held_on"), []), 60, 90
    )
    assert (found.leavers, found.share) == (0, None)
    assert found.note is not None
