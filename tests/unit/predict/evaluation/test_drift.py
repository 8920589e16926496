from __future__ import annotations

import numpy as np

from liuke.predict.evaluation import bootstrap_loss_gain, drifts, judge, population_stability


def test_a_shift_is_told_from_chance():
    rng = np.random.default_rng(0)
    same = population_stability(rng.normal(size=3000), rng.normal(size=3000))
    moved = population_stability(rng.normal(size=3000), rng.normal(1, 1, 3000))
    assert same < 0.02
    assert moved > 0.5


def test_missing_values_are_a_bin_and_nothing_is_nothing():
    known = np.arange(100.0)
    assert population_stability(known, np.where(known < 50, np.nan, known)) > 0.25
    assert np.isnan(population_stability(known, []))
    assert population_stability(np.full(50, np.nan), np.full(50, np.nan)) == 0


def test_what_moved_most_comes_first():
    rng = np.random.default_rng(1)
    before, after = rng.normal(size=(500, 2)), rng.normal([0, 3], size=(500, 2))
    found = drifts(before, after, ["still", "moved"])
    assert [one.name for one in found] == ["moved", "still"]
    assert found[0].level == "alarm"


def test_a_weighted_customer_counts_like_so_many():
    rng = np.random.default_rng(2)
    p = rng.uniform(0.05, 0.95, 400)
    y = (rng.random(400) < p).astype(float)
    weight = rng.integers(1, 4, 400)
    many = np.repeat(np.arange(400), weight)
    one = judge("m", y, p, np.random.default_rng(0), replicates=5, weight=weight)
    other = judge("m", y[many], p[many], np.random.default_rng(0), replicates=5)
    for name in ("base_rate", "accuracy", "balanced_accuracy", "brier", "log_loss", "lift_at_10pct", "pr_auc_stay"):
        assert np.isclose(getattr(one, name), getattr(other, name)), name
    for name in ("auroc", "pr_auc", "precision_at_recall"):
        assert np.isclose(getattr(one, name).value, getattr(other, name).value), name


def test_a_better_probability_saves_loss():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.95, 1000)
    y = (rng.random(1000) < p).astype(float)
    assert bootstrap_loss_gain(y, p, np.full(1000, y.mean()), rng).low > 0
    same = bootstrap_loss_gain(y, p, p, rng)
    assert same.low == same.high == 0
    assert np.isnan(bootstrap_loss_gain([], [], [], rng).value)
