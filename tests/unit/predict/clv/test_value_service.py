"""Judging and computing customer value on shops in memory, the odd ones too."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from liuke.collect.behaviours import load_catalogue
from liuke.kernel import NotEnoughData, ShopProfile
from liuke.predict.churn import TagFeatures
from liuke.predict.clv import COVARIATES, CUSTOMER_VALUES, NAIVE, PurchaseSummary, ValueService, ValueSettings
from liuke.predict.clv.baselines import rfm_means
from liuke.predict.clv.learning import train_cutoffs
from liuke.predict.clv.summaries import summarise
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


def test_days_without_an_amount_count_as_days_and_not_as_nothing_brought(shop_past, lively):
    past = shop_past(lively)
    whole = summarise(past.at(END))
    twice = [c for c, f in zip(whole.customer_id.tolist(), whole.frequency, strict=True) if f >= 3]
    half, silent = twice[0], twice[1]
    past._base.execute(f"""UPDATE purchases SET net_minor = NULL, margin_minor = NULL
        WHERE customer_id = {silent} OR (customer_id = {half} AND order_id % 2 = 0)""")
    left = summarise(past.at(END))
    known = past._base.execute(
        f"SELECT sum(margin_minor) / count(DISTINCT occurred_on) FROM purchases WHERE customer_id = {half} AND "
        "margin_minor IS NOT NULL"
    ).fetchall()[0][0]
    found = dict(zip(left.customer_id.tolist(), left.mean_margin_minor.tolist(), strict=True))
    assert found[half] == pytest.approx(known)
    others = [value for customer, value in found.items() if customer != silent]
    assert found[silent] == pytest.approx(np.mean(others))
    assert left.frequency.tolist() == whole.frequency.tolist()


def test_a_shop_without_amounts_has_no_values(shop_past, lively, tmp_path):
    past = shop_past(lively)
    past._base.execute("UPDATE purchases SET net_minor = NULL, margin_minor = NULL")
    told = service(past, tmp_path).evaluate(END, 120)
    assert isinstance(told, NotEnoughData)
    assert "no order has an amount" in told.reason_en


def test_nothing_after_the_cutoff_is_known(shop_past, lively, tmp_path):
    """Purchases after the cutoff may change how models are judged, never what they predict."""
    cutoff = END - timedelta(days=120)
    before = [row for row in lively if START + timedelta(days=row[1]) < cutoff]
    whole = service(shop_past(lively), tmp_path / "a").evaluate(END, 120)
    cut = service(shop_past(before), tmp_path / "b").evaluate(END, 120)
    assert len(whole.purchases) > 2
    for full, blind in zip(whole.purchases, cut.purchases, strict=True):
        assert full.tenths
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
    report = service(past, tmp_path, TagFeatures.of(load_catalogue(None)).covariates).evaluate(END, 28, rng_seed=1)
    assert report.covariate_gain is not None
    assert report.covariate_gain.low > 0
    assert report.choice.model == COVARIATES
    assert "covariates lowered it" in report.verdict_en()
    assert all(report.gains[name].low > 0 for name in NAIVE)


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
        [(customer, day, -100) for customer in range(1, 50) for day in (10, 200)],  # few customers, and only losses
    ],
)
def test_shops_without_a_past_say_so(shop_past, tmp_path, purchases):
    values = service(shop_past(purchases), tmp_path)
    assert isinstance(values.evaluate(END), NotEnoughData)
    assert isinstance(values.run(END), NotEnoughData)


@pytest.mark.parametrize("kind", ["everyone alike", "everyone left", "losses", "no margin", "one giant", "30 days"])
def test_odd_shops_give_finite_values(shop_past, make_shop, tmp_path, kind):
    purchases = {
        "everyone alike": [(customer, day, 500) for customer in range(1, 151) for day in range(0, 400, 40)],
        "everyone left": make_shop(150, 100, seed=1),
        "losses": [(customer, day, -500) for customer, day, _ in make_shop(150, 400, seed=1)],
        "no margin": [(customer, day, 0) for customer, day, _ in make_shop(150, 400, seed=1)],
        "one giant": [*make_shop(150, 400, seed=1), *((999, day, 10**9) for day in range(0, 400, 7))],
        "30 days": [
            (customer, 370 + day, 100) for customer in range(1, 151) for day in (customer % 14, 15 + customer % 13)
        ],
    }[kind]
    values = service(shop_past(purchases), tmp_path, min_buyers=50)
    report = values.evaluate(END, 10 if kind == "30 days" else 120)
    if kind == "30 days":  # too little to judge by, enough to say something
        assert isinstance(report, NotEnoughData) or report.choice.judged_from is None
    else:
        assert all(np.isfinite(score.rmse.value) for score in (*report.purchases, *report.margin))
        assert report.verdict_en()
        assert report.verdict_zh()
    run = values.run(END)
    assert run.rows.num_rows == len({customer for customer, _, _ in purchases})
    amounts = np.stack([np.asarray(run.rows[name], dtype=float) for name in ("low_minor", "value_minor", "high_minor")])
    assert np.isfinite(amounts).all()
    assert (amounts >= 0).all()
    assert (np.diff(amounts, axis=0) >= 0).all()  # a mean lies within what may come, however skewed that is
    if kind in {"losses", "no margin"}:
        assert not amounts.any()


def test_values_of_a_day_know_nothing_later(shop_past, make_shop, tmp_path):
    """Purchases of later days, and old ones that were recorded later, change no value, no choice and no reason."""
    purchases = make_shop(150, 400, seed=4)
    day = START + timedelta(days=300)
    known = [row for row in purchases if row[1] < 300]
    late = [(customer, when, 10**6, 400) for customer, when, _ in known[::7]]
    alone = service(shop_past(known), tmp_path / "a", min_buyers=50).run(day)
    after = service(shop_past([*purchases, *late]), tmp_path / "b", min_buyers=50).run(day)
    assert alone.rows.equals(after.rows)
    assert alone.choice == after.choice


def test_a_choice_is_kept_until_its_review(shop_past, make_shop, tmp_path):
    values = service(shop_past(make_shop(150, 400, seed=4)), tmp_path, min_buyers=50)
    first = values.run(START + timedelta(days=340)).choice
    assert first.judged_from is not None
    assert first.reason_zh
    assert first.model in first.reason_en
    assert first.total_error.n_periods >= 2
    assert values.run(START + timedelta(days=367)).choice == first
    assert values.choice(START + timedelta(days=339)) is None
    assert values.run(START + timedelta(days=368)).choice.as_of == START + timedelta(days=368)


def test_groups_add_up_and_those_without_scores_say_so(shop_past, make_shop, tmp_path):
    values = service(shop_past(make_shop(150, 400, seed=4)), tmp_path, min_buyers=50)
    run = values.run(END)
    ids = run.valued.summary.customer_id
    groups = {
        ("all", "all"): ids,
        ("level", "red"): ids[:40],
        ("level", "blue"): ids[40:],
        ("segment", "none"): ids[:0],
    }
    scores = pa.table(
        {
            "customer_id": pa.array(ids[:60]),
            "probability": pa.array(np.full(60, 0.25)),
            "horizon_days": pa.array(np.full(60, 60, dtype=np.int32)),
            "expected_margin_minor": pa.array(np.full(60, 4000)),
        }
    )
    every, red, blue, nobody = values.groups(run, groups, scores).to_pylist()
    assert every["customers"] == len(ids)
    assert abs(every["value_minor"] - red["value_minor"] - blue["value_minor"]) <= 1
    assert (every["scored"], red["scored"], blue["scored"], nobody["scored"]) == (60, 40, 20, 0)
    assert every["at_risk_minor"] == 60 * 0.25 * 4000  # not the share of a lifetime value
    assert red["at_risk_low_minor"] < red["at_risk_minor"] < red["at_risk_high_minor"]
    assert nobody["at_risk_minor"] is None
    assert {row["at_risk_minor"] for row in values.groups(run, groups).to_pylist()} == {None}


def test_rfm_means_are_those_of_like_customers():
    def of(since: list[float], bought: list[float]) -> PurchaseSummary:
        last, often = np.array(since), np.array(bought)
        return PurchaseSummary(np.arange(len(last)), often, np.zeros(len(last)), last, np.full(len(last), 100.0))

    then = of([10.0] * 50 + [300.0] * 50, [3.0] * 50 + [0.0] * 50)
    brought = np.array([80.0, 120.0] * 25 + [0.0, 10.0] * 25)
    assert rfm_means(then, brought, of([10.0, 300.0], [3.0, 0.0]), 60, 30).tolist() == [200.0, 10.0]
