from __future__ import annotations

import numpy as np
import pytest

from liuke.predict.evaluation import LeakageError, find_leaks, refuse_leaks


@pytest.fixture
def shop() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.4).astype(float)
    honest = y + rng.normal(0, 1, 600)
    constant = np.full(600, 3.0)
    return y, np.column_stack([honest, constant])


def test_honest_features_pass(shop):
    y, features = shop
    assert find_leaks(features, ["recency", "constant"], y) == ()
    refuse_leaks(features, ["recency", "constant"], y)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_leak_is_named_in_either_direction(shop, sign):
    y, features = shop
    leak = sign * (y + np.random.default_rng(1).normal(0, 0.05, 600))
    with pytest.raises(LeakageError, match=r"days_to_next_order \(AUROC 1\.000\)") as refusal:
        refuse_leaks(np.column_stack([features, leak]), ["recency", "constant", "days_to_next_order"], y)
    assert "recency (" not in str(refusal.value)
    assert "before the cutoff" in refusal.value.hint


def test_being_missing_can_be_the_leak(shop):
    y, features = shop
    leak = np.where(y == 1, np.nan, np.random.default_rng(2).normal(0, 1, 600))
    assert [found.feature for found in find_leaks(np.column_stack([features, leak]), ["a", "b", "gap"], y)] == ["gap"]


def test_in_a_shop_like_clockwork_a_perfect_feature_is_no_leak():
    y = np.repeat([0.0, 1.0], 100)
    refuse_leaks(y[:, None], ["recency"], y, honest=[y * 3])
    with pytest.raises(LeakageError):
        refuse_leaks(y[:, None], ["recency"], y, honest=[np.random.default_rng(0).normal(y)])


def test_luck_in_a_tiny_shop_is_no_leak():
    y = np.array([0.0, 0, 0, 1, 1])
    assert find_leaks(y[:, None], ["x"], y) == ()
