from __future__ import annotations

from datetime import date, timedelta

import pytest

from liuke.kernel.results import NotEnoughData
from liuke.predict.churn import ChurnSettings, HorizonProposal, propose_horizon

START = date(2024, 1, 1)
AS_OF = START + timedelta(days=400)
FEW = ChurnSettings(min_repeat_buyers=2)


def rhythm(gaps: list[int], customers: int = 5) -> list[tuple]:
    rows = []
    for customer in range(customers):
        day = 0
        rows.append((customer, day, 100))
        for gap in gaps:
            day += gap
            rows.append((customer, day, 100))
    return rows


def propose(past, settings=FEW, as_of=AS_OF):
    with past.at(as_of) as moment:
        return propose_horizon(moment, settings)


def test_the_time_by_which_80_percent_repurchased_in_whole_weeks(shop_past):
    proposal = propose(shop_past([*rhythm([10, 20, 30, 40, 50, 60, 30, 30, 20, 10]), (99, 390, 1)]))
    # sorted: 10 10 20 20 30 30 30 40 50 60; the 8th of 10 is 40 days: six weeks
    assert isinstance(proposal, HorizonProposal)
    assert proposal.rhythm.interval_days == 40
    assert proposal.horizon_days == 42
    assert proposal.bound == "none"
    assert "80% of repurchases happened within 40 days" in proposal.note_en
    assert "80% 的复购发生在 40 天内" in proposal.note_zh


def test_several_orders_on_a_day_are_no_repurchase(shop_past):
    rows = rhythm([40, 40, 40])
    once = propose(shop_past([*rows, (99, 390, 1)]))
    twice = propose(shop_past([*rows, *rows, (99, 390, 1)]))
    assert once.rhythm.interval_days == twice.rhythm.interval_days == 40
    assert once.rhythm.n_intervals == twice.rhythm.n_intervals


def test_bounds_are_told(shop_past):
    daily = propose(shop_past([*rhythm([2] * 30), (99, 390, 1)]))
    assert (daily.horizon_days, daily.bound) == (28, "shortest")
    slow = propose(shop_past([*rhythm([190, 200]), (99, 398, 1)]))
    assert (slow.horizon_days, slow.bound) == (98, "history")
    assert "too short to check a longer one" in slow.note_en
    yearly = propose(shop_past(rhythm([365] * 4)), as_of=START + timedelta(days=1500))
    assert (yearly.horizon_days, yearly.bound) == (182, "longest")
    chosen = propose(shop_past(rhythm([30, 30])), ChurnSettings(min_repeat_buyers=2, horizon_days=45))
    assert (chosen.horizon_days, chosen.bound) == (45, "set by the shop")


def test_one_stray_date_does_not_make_the_history_longer(shop_past):
    rows = rhythm([30] * 12, customers=100)
    stray = propose(shop_past([*rows, (1, -20_000, 1)]))
    assert stray.rhythm.first_day == START


def test_what_happens_later_is_not_seen(shop_past):
    past = shop_past([*rhythm([30, 30, 30]), (0, 5000, 1)])
    assert propose(past).rhythm.end == START + timedelta(days=91)


@pytest.mark.parametrize("rows", [[], [(1, 5, 10)], [(1, 5, 10), (2, 6, 10), (3, 300, 10)]])
def test_hardly_any_repeat_buyer_is_not_enough(shop_past, rows):
    refusal = propose(shop_past(rows), ChurnSettings())
    assert isinstance(refusal, NotEnoughData)
    assert refusal.have == 0
    assert refusal.need == 100
    assert refusal.reason_en.startswith("not enough data to predict churn: only 0 of")
    assert refusal.reason_zh.startswith("数据不足，无法预测流失")
