"""Churn prediction from a shop's past to scores: honest, point in time, and calm in odd shops."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from shipped_churn import FEATURES, STRATA

from liuke.collect.behaviours import load_catalogue
from liuke.kernel import NotEnoughData, ShopProfile
from liuke.predict.churn import CHURN_SCORES, ChurnReport, ChurnService, ChurnSettings, NoModelError
from liuke.predict.churn.features import TagFeatures
from liuke.predict.evaluation import LeakageError
from liuke.store.lake import Lake

START = date(2024, 1, 1)
END = START + timedelta(days=400)
SETTINGS = ChurnSettings(min_repeat_buyers=50, max_train_origins=2, num_threads=1)


def service(past, folder: Path, settings: ChurnSettings = SETTINGS, **more) -> ChurnService:
    given = {"features": FEATURES, "strata": STRATA} | more
    return ChurnService(past, Lake(folder / "lake"), ShopProfile(), settings, folder / "models", **given)


@pytest.fixture(scope="module")
def trained(lively, tmp_path_factory, request):
    """One trained service for the tests that only look."""
    past = request.getfixturevalue("past_class")(lively)
    folder = tmp_path_factory.mktemp("churn")
    one = service(past, folder)
    return one, one.train_and_evaluate(END, rng_seed=1), past, folder


def test_the_report_says_what_was_done(trained):
    _, report, past, _ = trained
    assert isinstance(report, ChurnReport)
    assert len(report.plan.cutoffs) == 4
    assert report.plan.final + timedelta(days=report.horizon.horizon_days) <= END
    assert max(past.opened) == END
    told = json.loads(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    assert told["origins"]["count"] == 4
    assert [card["model"] for card in told["populations"][0]["scorecards"]] == [
        "lightgbm",
        "majority",
        "recency",
        "rfm",
        "bg_nbd",
    ]
    assert "always naming the commoner class" in told["verdict_en"]
    assert "全猜多数类" in told["verdict_zh"]
    assert sum(told["populations"][0]["family_weights"].values()) == pytest.approx(1)


def test_it_learns_something_and_the_majority_nothing(trained):
    _, report, _, _ = trained
    cards = {card.model: card for card in report.active.scorecards}
    assert cards["majority"].auroc.value == 0.5
    assert cards["lightgbm"].auroc.value > 0.58
    assert cards["lightgbm"].accuracy >= cards["lightgbm"].majority_accuracy - 0.05
    assert 0.5 < report.active.margin_ratio < 2


def test_scores_are_complete_calibrated_rows_with_reasons(trained):
    one, report, _, _ = trained
    scores = one.score(END)
    assert tuple(scores.column_names) == CHURN_SCORES.names
    assert scores.num_rows > 50
    probability = np.asarray(scores["probability"])
    assert ((probability > 0) & (probability < 1)).all()
    assert set(scores["model_version"].to_pylist()) == {report.model_version}
    assert scores["customer_id"].to_pylist() == sorted(scores["customer_id"].to_pylist())
    assert min(scores["expected_margin_minor"].to_pylist()) > 0
    riskiest = json.loads(scores["reasons"][int(np.argmax(probability))].as_py())
    assert riskiest[0]["direction"] == "raises"
    assert riskiest[0]["zh"]
    assert riskiest[0]["family"] == "silent_drift"  # orders alone name no cause


def test_only_active_buyers_are_scored(trained, lively):
    one, report, _, _ = trained
    last: dict[int, int] = {}
    for customer, day, *_ in lively:
        last[customer] = max(last.get(customer, 0), day)
    active = {customer for customer, day in last.items() if 400 - day <= report.window_days}
    assert set(one.score(END)["customer_id"].to_pylist()) == active


def test_the_same_data_and_seed_give_the_same_model_and_scores(trained, lively, past_class, tmp_path):
    one, report, _, _ = trained
    other = service(past_class(lively), tmp_path)
    again = other.train_and_evaluate(END, rng_seed=1)
    assert again.to_dict() == report.to_dict()
    assert other.score(END).equals(one.score(END))


def test_a_run_writes_the_day_and_uses_a_fresh_model_again(past_class, lively, tmp_path):
    past = past_class(lively)
    one = service(past, tmp_path)
    first = one.run(END - timedelta(days=6))
    assert isinstance(first.outcome, ChurnReport)
    second = one.run(END)
    assert second.outcome is None
    assert second.model_version == first.model_version
    lake = Lake(tmp_path / "lake")
    assert lake.arrow("churn_scores").num_rows == first.scores.num_rows + second.scores.num_rows
    with past.at(END) as moment:
        n_opened = len(past.opened)
        one.run(END, moment=moment)
        assert len(past.opened) == n_opened
    assert lake.arrow("churn_scores").num_rows == first.scores.num_rows + second.scores.num_rows
    third = one.run(END + timedelta(days=1))
    assert isinstance(third.outcome, ChurnReport)


def test_scoring_without_a_model_says_what_to_do(past_class, lively, tmp_path):
    with pytest.raises(NoModelError, match="no churn model") as refusal:
        service(past_class(lively), tmp_path).score(END)
    assert refusal.value.hint


def test_nothing_recorded_or_done_after_the_cutoff_changes_a_feature(past_class, lively):
    cutoff = START + timedelta(days=200)
    past = past_class(lively, [(customer, 150, "search") for customer in range(1, 50)])
    features = TagFeatures.of(load_catalogue(None))
    with past.at(cutoff) as moment:
        before = features(moment)
    past.add(
        [
            *((customer, 200 + customer % 90, 5000) for customer in range(1, 300)),  # happened later
            *((customer, 190, 5000, 30) for customer in range(1, 300)),  # happened before, recorded after
        ],
        [(customer, 201, "search") for customer in range(1, 300)],
    )
    with past.at(cutoff) as moment:
        assert features(moment).equals(before)
    with past.at(cutoff + timedelta(days=60)) as moment:
        assert not features(moment).equals(before)


def test_a_feature_computed_at_extraction_time_is_caught_and_named(past_class, lively, features_of_sql, tmp_path):
    past = past_class(lively)
    everything = past.at(END).connection  # today's tables, whatever the cutoff
    leaking = features_of_sql(
        """SELECT customer_id, count(*) AS n_orders,
                  coalesce(min(occurred_on - DATE '{as_of}') FILTER (WHERE occurred_on >= DATE '{as_of}'), 999)
                      AS days_to_next_order
           FROM purchases GROUP BY customer_id""",
        ("n_orders", "days_to_next_order"),
        everything,
    )
    with pytest.raises(LeakageError, match="days_to_next_order") as caught:
        service(past, tmp_path, features=leaking).train_and_evaluate(END)
    assert "n_orders (" not in str(caught.value)
    honest = features_of_sql("SELECT customer_id, count(*) AS n_orders FROM purchases GROUP BY 1", ("n_orders",))
    assert isinstance(service(past, tmp_path, features=honest).train_and_evaluate(END), ChurnReport)


def test_constant_and_empty_features_do_no_harm(past_class, lively, features_of_sql, tmp_path):
    dull = features_of_sql(
        "SELECT DISTINCT customer_id, 7 AS seven, NULL::DOUBLE AS nothing FROM purchases", ("seven", "nothing")
    )
    one = service(past_class(lively), tmp_path, features=dull)
    assert isinstance(one.train_and_evaluate(END), ChurnReport)
    assert one.score(END).num_rows > 0


def refused(past, tmp_path, settings: ChurnSettings = SETTINGS, as_of: date = END) -> NotEnoughData:
    run = service(past, tmp_path, settings).run(as_of)
    assert isinstance(run.outcome, NotEnoughData)
    assert run.scores.num_rows == 0
    assert run.outcome.reason_en.startswith("not enough data to predict churn")
    assert run.outcome.reason_zh.startswith("数据不足，无法预测流失")
    assert run.outcome.have < run.outcome.need
    return run.outcome


def test_no_purchase_at_all(past_class, tmp_path):
    outcome = refused(past_class([]), tmp_path)
    assert (outcome.have, outcome.need) == (0, SETTINGS.min_repeat_buyers)
    assert "only 0 of 0 buyers" in outcome.reason_en
    assert "0 位买家中只有 0 位" in outcome.reason_zh
    lake = Lake(tmp_path / "lake")
    assert lake.arrow("churn_scores").num_rows == 0
    assert lake.arrow("churn_scores").column_names == list(CHURN_SCORES.names)
    with pytest.raises(NoModelError):
        service(past_class([]), tmp_path).score(END)


def test_no_repeat_buyer(past_class, tmp_path):
    rows = [(customer, customer % 390, 100) for customer in range(2000)]
    outcome = refused(past_class(rows), tmp_path)
    assert "only 0 of 2,000 buyers" in outcome.reason_en


def test_three_customers(past_class, tmp_path):
    rows = [(customer, day, 100) for customer in (1, 2, 3) for day in range(0, 400, 20)]
    outcome = refused(past_class(rows), tmp_path)
    assert outcome.have == 3


def test_nobody_churned(past_class, tmp_path):
    rows = [(customer, day + customer % 10, 100) for customer in range(200) for day in range(0, 390, 10)]
    outcome = refused(past_class(rows), tmp_path)
    assert "0 churned" in outcome.reason_en


def test_all_churned(past_class, tmp_path):
    # everybody buys every ten days until day 330 and never again; one keeps the shop open
    rows = [(c, c % 10 + day, 100) for c in range(200) for day in range(0, 330, 10)]
    outcome = refused(past_class([*rows, *((999, day, 100) for day in range(0, 400, 10))]), tmp_path)
    assert "1 stayed" in outcome.reason_en or "0 churned" in outcome.reason_en


def test_a_shop_as_regular_as_clockwork_is_no_leak(past_class, tmp_path):
    # everybody buys twice, two weeks apart, and never again: frequency alone tells all
    rows = [(c, c % 380 + extra, 100) for c in range(1500) for extra in (0, 14)]
    run = service(past_class(rows), tmp_path).run(END)
    assert isinstance(run.outcome, ChurnReport)
    assert run.outcome.active.learner.auroc.value > 0.99
    assert run.scores.num_rows > 0


def test_everybody_left_long_ago(past_class, make_shop, tmp_path):
    past = past_class(make_shop(500, 300, seed=5))
    one = service(past, tmp_path, ChurnSettings(min_repeat_buyers=50, retrain_days=1, max_train_origins=2))
    run = one.run(START + timedelta(days=900))
    assert isinstance(run.outcome, ChurnReport)
    assert run.outcome.plan.final + timedelta(days=run.outcome.horizon.horizon_days) <= START + timedelta(days=301)
    assert run.scores.num_rows == 0


def test_one_week_of_history(past_class, tmp_path):
    rows = [(customer, day, 100) for customer in range(300) for day in (0, 3, 6)]
    outcome = refused(past_class(rows), tmp_path, as_of=START + timedelta(days=7))
    assert "7 days of history" in outcome.reason_en


def test_dates_in_the_future_and_in_1970_change_nothing(past_class, lively, tmp_path):
    rows = [*lively, (1, 9000, 100), (2, -19_700, 100)]
    one = service(past_class(rows), tmp_path)
    report = one.train_and_evaluate(END)
    assert isinstance(report, ChurnReport)
    assert report.plan.final < END
    assert np.isfinite(np.asarray(one.score(END)["probability"])).all()
