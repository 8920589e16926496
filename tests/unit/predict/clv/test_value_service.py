"""Judging and computing customer value on shops in memory, the odd ones too."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from liuke.kernel import NotEnoughData, ShopProfile
from liuke.predict.churn import TagFeatures
from liuke.predict.clv import COVARIATES, CUSTOMER_VALUES, ValueService, ValueSettings
from liuke.predict.clv.learning import train_cutoffs
from liuke.store.lake import Lake

START = date(2024, 1, 1)
END = START + timedelta(days=400)


def service(past, folder: Path, covariates=None, **settings) -> ValueService:
    return ValueService(
        past, Lake(folder / "lake"), ShopProfile(), ValueSettings(**settings), folder / "models", covariates
    )


def test_models_are_judged_by_what_came_and_beat_the_past_rate(shop_past, lively, tmp_path):
    report = service(shop_past(lively), tmp_path).evaluate(END, 120, rng_seed=3)
    scores = {score.model: score for score in report.purchases}
    assert report.cutoff == END - timedelta(days=120)
    assert scores["bg_nbd"].rmse.value < scores["past rate goes on"].rmse.value
    assert abs(scores["bg_nbd"].bias.value) < abs(scores["past rate goes on"].bias.value)
    assert scores["nobody buys"].bias.value == -1
    known = {customer for customer, day, _ in lively if START + timedelta(days=day) < report.cutoff}
    assert report.n_customers == len(known)


def test_the_actual_total_is_the_recount(shop_past, lively, tmp_path):
    report = service(shop_past(lively), tmp_path).evaluate(END, 120)
    known = {customer for customer, day, _ in lively if START + timedelta(days=day) < report.cutoff}
    came = sum(
        margin for customer, day, margin in lively if customer in known and START + timedelta(days=day) >= report.cutoff
    )
    nothing = next(score for score in report.margin if score.model == "nobody buys")
    assert nothing.mae.value * nothing.n == pytest.approx(came)


def test_nothing_after_the_cutoff_is_known(shop_past, lively, tmp_path):
    """Purchases after the cutoff may change how models are judged, never what they predict."""
    cutoff = END - timedelta(days=120)
    before = [row for row in lively if START + timedelta(days=row[1]) < cutoff]
    whole = service(shop_past(lively), tmp_path / "a").evaluate(END, 120)
    cut = service(shop_past(before), tmp_path / "b").evaluate(END, 120)
    for full, blind in zip(whole.purchases, cut.purchases, strict=True):
        assert [one.predicted for one in full.tenths] == [one.predicted for one in blind.tenths]


def test_covariates_that_know_the_rhythm_are_used(shop_past, make_shop, tmp_path):
    """A shop in which a visit in the last week announces a purchase: order data alone can't see it."""
    rng = np.random.default_rng(2)
    purchases = make_shop(500, 400, seed=5, leave=0.02, every=60.0)
    visits = [
        (customer, day - lead, "page_view")
        for customer, day, _ in purchases
        for lead in rng.integers(1, 9, 2)
        if day > lead and rng.random() < 0.9
    ]
    past = shop_past(purchases, visits)
    report = service(past, tmp_path, TagFeatures.shipped().covariates).evaluate(END, 28, rng_seed=1)
    assert report.covariate_gain is not None
    assert report.covariate_gain.low > 0
    assert report.choice.model == COVARIATES
    assert "covariates lowered it" in report.verdict_en()


def test_training_periods_end_before_the_judged_one():
    days, cutoffs = train_cutoffs(START, START + timedelta(days=300), 90)
    assert days == 90
    assert all(cutoff + timedelta(days=days) <= START + timedelta(days=300) for cutoff in cutoffs)
    assert cutoffs == tuple(sorted(cutoffs))
    assert train_cutoffs(START, START + timedelta(days=40), 90) == (13, ())


def test_a_days_values_are_written_with_intervals_around_them(shop_past, lively, tmp_path):
    values = service(shop_past(lively), tmp_path)
    rows = values.run(END, rng_seed=1).rows
    again = values.run(END, rng_seed=1).rows
    assert rows.equals(again)
    assert rows.num_rows == len({row[0] for row in lively})
    low, value, high = (np.asarray(rows[name]) for name in ("low_minor", "value_minor", "high_minor"))
    assert (low <= high).all()
    lively_ones = np.asarray(rows["expected_purchases"]) > 2  # who is nearly gone brings nothing nine times in ten
    assert lively_ones.sum() > 50
    assert ((low <= value) & (value <= high))[lively_ones].mean() > 0.97
    stored = Lake(tmp_path / "lake").arrow(CUSTOMER_VALUES.name)
    assert stored.num_rows == rows.num_rows  # replaced, not added


@pytest.mark.parametrize(
    "purchases",
    [
        [],
        [(1, 5, 100)],
        [(customer, 5, 100) for customer in range(1, 4)],
        [(customer, 30, 100) for customer in range(1, 500)],  # nobody came back
        [(customer, 390, 100) for customer in range(1, 500)],  # a week of history
    ],
)
def test_shops_without_a_past_say_so(shop_past, tmp_path, purchases):
    values = service(shop_past(purchases), tmp_path)
    assert isinstance(values.evaluate(END), NotEnoughData)
    assert isinstance(values.run(END), NotEnoughData)


@pytest.mark.parametrize("kind", ["everyone alike", "nobody leaves", "everyone left", "losses"])
def test_odd_shops_give_finite_values(shop_past, make_shop, tmp_path, kind):
    purchases = {
        "everyone alike": [(customer, day, 500) for customer in range(1, 301) for day in range(0, 400, 40)],
        "nobody leaves": make_shop(300, 400, seed=1, leave=0.0),
        "everyone left": make_shop(300, 100, seed=1),
        "losses": [(customer, day, -500) for customer, day, _ in make_shop(300, 400, seed=1)],
    }[kind]
    values = service(shop_past(purchases), tmp_path, min_buyers=50)
    report = values.evaluate(END, 120)
    assert all(np.isfinite(score.rmse.value) for score in (*report.purchases, *report.margin))
    assert values.run(END).rows.num_rows > 0
