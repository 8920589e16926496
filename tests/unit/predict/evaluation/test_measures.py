"""Measures against scikit-learn and against cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn import metrics as sk

from liuke.predict.evaluation import (
    EvaluationDataError,
    auroc,
    average_precision,
    bootstrap_auroc_difference,
    brier_score,
    calibration_error,
    judge,
    lift_at,
    log_loss,
    precision_at_recall,
    recall_at_precision,
    reliability_table,
)

CASES = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=60).filter(
    lambda rows: len({row[0] for row in rows}) == 2
)


@settings(deadline=None)
@given(CASES)
def test_the_same_as_scikit_learn_with_many_ties(rows):
    y = np.array([row[0] for row in rows], dtype=float)
    score = np.array([row[1] / 8 for row in rows])
    assert auroc(y, score) == pytest.approx(sk.roc_auc_score(y, score))
    assert average_precision(y, score) == pytest.approx(sk.average_precision_score(y, score))
    assert brier_score(y, score) == pytest.approx(sk.brier_score_loss(y, score))
    assert log_loss(y, score) == pytest.approx(sk.log_loss(y, np.clip(score, 1e-6, 1 - 1e-6)))


@settings(deadline=None)
@given(CASES, st.data())
def test_weights_repeat_rows(rows, data):
    y = np.array([row[0] for row in rows], dtype=float)
    score = np.array([row[1] for row in rows], dtype=float)
    weight = np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(rows), max_size=len(rows))))
    repeated = auroc(np.repeat(y, weight), np.repeat(score, weight))
    assert auroc(y, score, weight) == pytest.approx(repeated)


def test_flags_and_lift_by_hand():
    y = [1, 1, 0, 1, 0, 0, 0, 0, 0, 1]
    score = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert precision_at_recall(y, score, 0.5) == 1.0
    assert precision_at_recall(y, score, 0.75) == 0.75
    assert recall_at_precision(y, score, 0.75, min_flagged=1) == 0.75
    assert recall_at_precision(y, score, 0.75, min_flagged=5) == 0.0
    assert lift_at(y, score, 0.2) == pytest.approx(2.5)
    # a tie across the edge is shared: half of three flagged people hold half of their two positives
    assert lift_at([1, 1, 0, 0], [1, 1, 1, 0], 0.375) == pytest.approx((2 / 3) / 0.5)


def test_one_class_is_undefined_and_not_perfect():
    card = judge("m", np.ones(50), np.linspace(0, 1, 50), np.random.default_rng(0))
    assert np.isnan(card.auroc.value)
    assert np.isnan(card.balanced_accuracy)
    assert card.majority_accuracy == 1.0
    assert card.to_dict()["auroc"]["value"] is None


def test_nobody_to_judge():
    card = judge("m", np.zeros(0), np.zeros(0), np.random.default_rng(0))
    assert card.n == 0
    assert card.to_dict()["base_rate"] is None
    assert card.reliability == ()


def test_outcomes_that_do_not_fit_are_refused():
    with pytest.raises(EvaluationDataError):
        auroc([0, 1], [0.5])
    with pytest.raises(EvaluationDataError):
        auroc([0, 2], [0.5, 0.1])
    with pytest.raises(EvaluationDataError):
        auroc([0, 1], [np.nan, 0.1])


def test_true_probabilities_lie_in_the_band_and_false_ones_do_not():
    rng = np.random.default_rng(1)
    p = rng.uniform(0, 1, 20_000)
    y = (rng.random(20_000) < p).astype(float)
    table = reliability_table(y, p)
    assert sum(row.n for row in table) == 20_000
    assert sum(row.inside for row in table) >= 9
    assert calibration_error(table) < 0.01
    boastful = reliability_table(y, p**3)
    assert sum(row.inside for row in boastful) <= 2
    assert calibration_error(boastful) > 0.15


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    truth = norm.cdf(1 / np.sqrt(2))  # AUROC of N(1,1) against N(0,1)
    held = 0
    for _ in range(60):
        y = (rng.random(300) < 0.4).astype(float)
        card = judge("m", y, norm.cdf(rng.normal(y)), rng, replicates=100)
        held += card.auroc.low <= truth <= card.auroc.high
    assert 51 <= held <= 60


def test_a_paired_difference_is_tighter_than_two_intervals():
    rng = np.random.default_rng(3)
    y = (rng.random(500) < 0.5).astype(float)
    one = y + rng.normal(0, 1, 500)
    other = one + rng.normal(0, 0.1, 500)
    difference = bootstrap_auroc_difference(y, one, other, rng)
    assert difference.low <= 0 <= difference.high
    assert difference.high - difference.low < 0.03
    same_seed = [bootstrap_auroc_difference(y, one, other, np.random.default_rng(9)) for _ in range(2)]
    assert same_seed[0] == same_seed[1]
