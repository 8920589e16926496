"""Measures of predicted amounts against numbers worked out by hand, and the traps of counts that are mostly zero."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.predict.evaluation import EvaluationDataError, judge_amounts, normalised_gini, rmse_gain


def test_errors_and_bias_by_hand():
    score = judge_amounts("by hand", [0, 0, 2, 6], [1, 0, 2, 3], np.random.default_rng(0))
    assert score.mae.value == 1.0
    assert score.rmse.value == pytest.approx(np.sqrt(10 / 4))
    assert score.bias.value == pytest.approx(-2 / 8)
    assert [(one.predicted, one.actual) for one in score.tenths] == [(0, 0), (1, 0), (2, 2), (3, 6)]


def test_predicting_nothing_is_seen_through():
    rng = np.random.default_rng(1)
    actual = rng.poisson(rng.gamma(0.2, 4.0, 2000)).astype(float)
    nothing = judge_amounts("nothing", actual, np.zeros(2000), rng)
    mean = judge_amounts("mean", actual, np.full(2000, actual.mean()), rng)
    assert nothing.mae.value < mean.mae.value  # the trap
    assert nothing.rmse.value > mean.rmse.value
    assert nothing.bias.value == -1
    assert np.isnan(nothing.spearman)
    assert nothing.gini == pytest.approx(0.0)


def test_gini_sees_only_the_order_and_shares_ties():
    actual = np.array([0.0, 1.0, 2.0, 10.0])
    assert normalised_gini(actual, [1, 2, 3, 4]) == pytest.approx(1.0)
    assert normalised_gini(actual, [4, 3, 2, 1]) == pytest.approx(-1.0)
    assert normalised_gini(actual, [7, 7, 7, 7]) == pytest.approx(0.0)
    assert np.isnan(normalised_gini([0, 0], [1, 2]))


def test_the_interval_of_an_error_holds_the_true_one():
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(80):
        actual = rng.normal(0, 1, 300)
        estimate = judge_amounts("zero", actual, np.zeros(300), rng, replicates=100).rmse
        inside.append(estimate.low <= 1.0 <= estimate.high)
    assert 0.86 <= np.mean(inside) <= 1.0


def test_a_paired_gain_is_surer_than_two_intervals():
    rng = np.random.default_rng(5)
    actual = rng.normal(0, 5, 500)
    worse, better = np.zeros(500), 0.2 * actual
    gain = rmse_gain(actual, better, worse, rng)
    assert gain.low > 0
    assert rmse_gain(actual, worse, worse, rng).value == 0


def test_missing_predictions_are_refused():
    with pytest.raises(EvaluationDataError, match="can't be compared"):
        judge_amounts("gap", [1.0, 2.0], [1.0, np.nan], np.random.default_rng(0))
