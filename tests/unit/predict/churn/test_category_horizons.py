"""One horizon for nappies and toys is wrong for somebody: is it told, beyond chance and without looking ahead?"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from liuke.predict.churn import ChurnSettings, HorizonProposal, propose_horizon
from liuke.predict.churn.category_horizons import category_horizons
from liuke.predict.churn.group_rhythm import MIN_REPEAT_BUYERS, Intervals, ShopRhythm

START = date(2024, 1, 1)
AS_OF = START + timedelta(days=720)
SETTINGS = ChurnSettings(min_repeat_buyers=50)
N = 150  # customers of each rhythm


class TwoRhythms:
    """A past whose odd customers buy toys; moments know the categories."""

    def __init__(self, past) -> None:
        self._past = past

    def at(self, as_of, known_at=None):
        moment = self._past.at(as_of, known_at)
        moment.connection.execute("UPDATE purchase_items SET category = 'toys' WHERE customer_id % 2 = 1")
        return moment


def purchases(seed=1, last=720):
    """Nappies every 20 to 22 days by even customers, toys every 85 to 110 by odd ones, until some leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(2 * N):
        day, gaps = int(rng.integers(0, 20)), (20, 23) if customer % 2 == 0 else (85, 111)
        gone = rng.integers(300, 1400)
        while day < min(last, gone):
            rows.append((customer, day, 100))
            day += int(rng.integers(*gaps))
    return rows


def found(past, settings=SETTINGS, as_of=AS_OF, seed=0):
    with past.at(as_of) as moment:
        proposal = propose_horizon(moment, settings)
        assert isinstance(proposal, HorizonProposal)
        return category_horizons(past, moment, proposal, settings, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def shop(past_class):
    return TwoRhythms(past_class(purchases()))


@pytest.fixture(scope="module")
def told(shop):
    return found(shop)


def test_the_slow_are_called_lost_too_early_and_the_count_says_how_many(told):
    nappies, toys = told.categories
    # nine in ten intervals are of nappies: 80 % of all lie within 22 days, and 28 is the shortest allowed
    assert told.shop_days == 28
    assert (nappies.category, nappies.back.interval_days, nappies.back.horizon.value) == ("nappies", 22, 28)
    assert (toys.category, toys.back.against_shop) == ("toys", "longer")
    # uniform on 85 to 110: the 80th percentile is 105 or 106, that is 15 or 16 weeks
    assert toys.back.interval_days in (105, 106)
    assert toys.back.horizon.low <= toys.back.horizon.value <= toys.back.horizon.high
    assert {toys.back.horizon.low, toys.back.horizon.high} <= {105, 112}
    assert nappies.back.against_shop == "no clear difference"
    assert told.too_short == toys.n_main
    assert (told.too_long, told.unknown) == (0, 0)
    assert told.alike == nappies.n_main
    assert str(told.too_short) in told.say_en()
    assert str(told.too_short) in told.say_zh()


def test_who_buys_toys_but_comes_for_nappies_is_not_slow(past_class):
    rows = purchases()
    often = TwoRhythms(past_class([*rows, *((one + 1, day, 10) for one, day, _ in rows if one % 2 == 0)]))
    with often.at(AS_OF) as moment:
        # toys bring most of the money of odd customers, at their own rhythm; they come every three weeks all the same
        moment.connection.execute(
            "UPDATE purchase_items SET category = 'nappies' WHERE customer_id % 2 = 1 AND net_minor < 100"
        )
        proposal = propose_horizon(moment, SETTINGS)
        _, toys = sorted(
            category_horizons(often, moment, proposal, SETTINGS, np.random.default_rng(0)).categories,
            key=lambda one: one.category,
        )
    assert toys.back.against_shop == "no clear difference"
    assert toys.again.against_shop == "longer"


def test_the_label_would_change_for_the_slow(told):
    label = told.label
    assert label.n_other > 0
    assert label.active_by_category > label.active
    # who buys toys every three months is silent for the shop's 28 days, and most come back within their own
    assert label.called_lost >= label.came_back > 0.5 * label.called_lost
    assert label.churned_by_category < label.churned
    assert label.change.high < 0
    assert label.silent_early == 0
    assert label.cutoff <= AS_OF - timedelta(days=105)
    assert told.to_dict()["label"]["cutoff"] == label.cutoff.isoformat()


def test_what_comes_later_changes_nothing(past_class, told):
    rows = purchases()
    later = TwoRhythms(past_class([*rows, *((customer, 720 + customer % 9, 9_000) for customer, _, _ in rows[::3])]))
    assert found(later) == told


def test_chance_alone_is_no_difference(past_class):
    rng = np.random.default_rng(3)
    rows = [
        (customer, day, 100)
        for customer in range(2 * N)
        for day in np.cumsum(rng.integers(20, 80, 12))  # toys and nappies alike
    ]
    alike = found(TwoRhythms(past_class(rows)))
    assert [one.back.against_shop for one in alike.categories] == ["no clear difference"] * 2
    assert alike.label is None
    assert alike.alike == sum(one.n_main for one in alike.categories)


def test_of_two_equal_categories_the_last_bought_is_the_main_one(past_class):
    past = past_class([(customer, day, 100) for customer in range(20) for day in (500, 600)])
    with past.at(AS_OF) as moment:
        later = {"day": START + timedelta(days=600)}
        moment.connection.execute("UPDATE purchase_items SET category = 'toys' WHERE occurred_on = $day", later)
        settings = ChurnSettings(min_repeat_buyers=2)
        proposal = propose_horizon(moment, settings)
        told = category_horizons(past, moment, proposal, settings, np.random.default_rng(0))
    assert [(one.category, one.n_main) for one in told.categories] == [("toys", 20)]


def test_a_horizon_set_too_long_is_told(shop):
    told = found(shop, SETTINGS.model_copy(update={"horizon_days": 140}))
    assert [one.back.against_shop for one in told.categories] == ["shorter", "shorter"]
    assert told.too_long == sum(one.n_main for one in told.categories)
    assert told.label.silent_early >= told.label.stayed_away > 0


def test_too_few_who_came_back_are_not_judged(past_class):
    rare = found(TwoRhythms(past_class([row for row in purchases() if row[0] % 2 == 0 or row[0] < 50])))
    assert {one.category: one.back.against_shop for one in rare.categories} == {
        "nappies": "no clear difference",
        "toys": "not enough data",
    }
    assert (rare.unknown, rare.too_short, rare.label) == (rare.categories[1].n_main, 0, None)
    everybody = Intervals(np.repeat(np.arange(100), 2), np.tile([20, 60], 100))
    judge = ShopRhythm(everybody, SETTINGS, np.random.default_rng(0)).compare
    few, enough = judge([everybody.part(everybody.customer_id < MIN_REPEAT_BUYERS - less) for less in (1, 0)])
    assert (few.n_repeat_buyers, few.n_intervals, few.horizon, few.interval_days) == (29, 58, None, None)
    assert (enough.interval_days, enough.horizon.value) == (60, 63)


def test_lines_without_categories_say_nothing(past_class):
    past = past_class(purchases())
    with past.at(AS_OF) as moment:
        moment.connection.execute("UPDATE purchase_items SET category = NULL")
        proposal = propose_horizon(moment, SETTINGS)
        assert category_horizons(past, moment, proposal, SETTINGS, np.random.default_rng(0)) is None


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Each customer keeps a rhythm of their own: if each gap were a customer, intervals would be far too narrow."""
    rng = np.random.default_rng(5)
    settings = ChurnSettings(min_repeat_buyers=2, min_horizon_days=7, max_horizon_days=350)
    held = narrow = 0
    for _ in range(25):
        days = np.repeat(rng.integers(20, 300, 60), 10)  # the 80th percentile is 243 days: 35 weeks
        for customers, by_gap in ((np.repeat(np.arange(60), 10), False), (np.arange(600), True)):
            sample = Intervals(customers, days)
            horizon = ShopRhythm(sample, settings, rng).compare([sample])[0].horizon
            inside = horizon.low <= 245 <= horizon.high
            narrow, held = narrow + (by_gap and inside), held + (not by_gap and inside)
    assert held >= 22  # of 25
    assert narrow < 20
