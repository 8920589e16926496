"""Whom a strategy contacted doesn't count; the control group stands for them, with the weight that makes it right."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from shipped_churn import FEATURES, STRATA

from liuke.kernel import ShopProfile
from liuke.predict.churn import ChurnReport, ChurnService, ChurnSettings, Treated
from liuke.predict.churn.treatment import ASSIGNMENTS, CONTACTS
from liuke.store.lake import Lake

DAY = date(2025, 1, 1)
WEEK = timedelta(days=7)


def treated(assignments: list[tuple], contacts: list[tuple] = ()) -> Treated:
    columns = list(zip(*assignments, strict=True)) or [[]] * len(ASSIGNMENTS)
    sent = list(zip(*contacts, strict=True)) or [[]] * len(CONTACTS)
    return Treated(
        pa.table([pa.array(c, f.type) for c, f in zip(columns, ASSIGNMENTS, strict=True)], schema=ASSIGNMENTS),
        pa.table([pa.array(c, f.type) for c, f in zip(sent, CONTACTS, strict=True)], schema=CONTACTS),
    )


def test_treated_are_left_out_and_controls_stand_for_them():
    known = treated([
        ("a", 1, "treated", 0.8, DAY, DAY),
        ("a", 2, "treated", 0.8, DAY, None),  # drawn but never reached: left out too, as their controls can't be told
        ("a", 3, "control", 0.2, DAY, None),
        ("b", 4, "treated", 0.5, DAY, None),  # nothing of b was ever sent
        ("b", 5, "control", 0.5, DAY, None),
    ])  # fmt: skip
    assert known.weights(np.arange(1, 7), DAY, 30).tolist() == [0, 0, 5, 1, 1, 1]


def test_only_what_was_at_work_around_the_cutoff_counts():
    known = treated([("a", 1, "treated", 0.5, DAY, DAY), ("a", 2, "control", 0.5, DAY, None)])
    ids = np.array([1, 2])
    for cutoff, weights in (
        (DAY - timedelta(days=28), [1, 1]),  # the outcome ends on the day before
        (DAY - timedelta(days=27), [0, 2]),
        (DAY + timedelta(days=28), [0, 2]),
        (DAY + timedelta(days=29), [1, 1]),
    ):
        assert known.weights(ids, cutoff, 28).tolist() == weights


def test_a_message_outside_any_trial_leaves_its_customer_out():
    known = treated([], [(7, DAY)])
    assert known.weights(np.array([6, 7]), DAY - WEEK, 28).tolist() == [1, 0]
    assert Treated.nobody().weights(np.array([6, 7]), DAY, 28).tolist() == [1, 1]


def test_weights_make_the_controls_as_many_as_all_who_were_drawn():
    rng = np.random.default_rng(4)
    arms = np.where(rng.random(20_000) < 0.1, "control", "treated")
    known = treated([("a", i, arm, 0.1 if arm == "control" else 0.9, DAY, DAY) for i, arm in enumerate(arms.tolist())])
    assert known.weights(np.arange(20_000), DAY, 28).sum() == pytest.approx(20_000, rel=0.05)


def test_a_strategy_that_wins_everybody_back_does_not_hide_who_was_at_risk(past_class, make_shop, tmp_path):
    # of those silent for 40 days before one of two campaigns nine in ten are won back; a tenth is left alone
    start, end = date(2024, 1, 1), 400
    rows = make_shop(1500, end, seed=3)
    rng = np.random.default_rng(1)
    log, extra = [], []
    for campaign in (end - 118, end - 58):
        last: dict[int, int] = {}
        for customer, day, *_ in rows:
            if day < campaign:
                last[customer] = max(last.get(customer, 0), day)
        for customer, day in last.items():
            if campaign - day > 40:
                arm = "control" if rng.random() < 0.3 else "treated"
                on = start + timedelta(days=campaign)
                log.append((f"c{campaign}", customer, arm, 0.3 if arm == "control" else 0.7, on, on))
                if arm == "treated" and rng.random() < 0.9:
                    extra.append((customer, campaign + 5, 900))
    past = past_class([*rows, *extra])
    as_of = start + timedelta(days=end)
    settings = ChurnSettings(horizon_days=60, window_days=120, min_repeat_buyers=50, max_train_origins=2)

    def report(treatments) -> ChurnReport:
        service = ChurnService(
            past, Lake(tmp_path / "lake"), ShopProfile(), settings, tmp_path / "models", FEATURES, STRATA, treatments
        )
        found = service.train_and_evaluate(as_of, save=False)
        assert isinstance(found, ChurnReport)
        return found

    naive, honest = report(None), report(lambda _day: treated(log))
    assert honest.active.left_out.treated > 300
    assert honest.active.left_out.controls > 100
    assert naive.active.left_out.treated == 0
    # with the won-back taken at face value, silence looks harmless
    assert honest.active.learner.base_rate > naive.active.learner.base_rate + 0.1
    assert honest.active.learner.auroc.value > naive.active.learner.auroc.value + 0.05
