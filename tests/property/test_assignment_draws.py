"""A draw is uniform, independent of other draws, and the same for ever."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest, pearsonr

from liuke.learn.experiments import ExperimentError, draw_arms, unit_interval

IDS = np.arange(20_000, dtype=np.int64) * 7919


def test_known_points_never_move():
    # arms of running experiments hang on these: a change here would move customers between arms
    assert unit_interval("spring", np.array([1, 2, 2**62])).round(6).tolist() == [0.251737, 0.676357, 0.967455]


@pytest.mark.parametrize("salt", ["/global_control", "/second_purchase", "summer/x"])
def test_points_are_uniform(salt):
    assert kstest(unit_interval(salt, IDS), "uniform").pvalue > 0.001


def test_draws_of_different_names_are_independent():
    a, b = unit_interval("/second_purchase", IDS), unit_interval("/sleeping_customer", IDS)
    assert abs(pearsonr(a, b).statistic) < 0.025  # 3.5 standard errors


def test_shares_come_out_as_asked():
    arms = draw_arms("x", IDS, {"control": 0.1, "treated": 0.9}).arms
    counts = [int((arms == name).sum()) for name in ("control", "treated")]
    assert chisquare(counts, [2_000, 18_000]).pvalue > 0.001


@settings(deadline=None)  # a busy machine must not fail it
@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=50, unique=True), st.text(max_size=20), st.randoms())
def test_a_unit_keeps_its_arm_whoever_else_is_drawn(ids, salt, random):
    shares = {"control": 0.3, "treated": 0.7}
    whole = dict(zip(ids, draw_arms(salt, np.array(ids, dtype=np.int64), shares).arms.tolist(), strict=True))
    some = random.sample(ids, k=random.randint(1, len(ids)))
    part = draw_arms(salt, np.array(some, dtype=np.int64), shares)
    assert part.arms.tolist() == [whole[i] for i in some]
    assert part.probabilities.tolist() == [shares[whole[i]] for i in some]


@settings(deadline=None)  # a busy machine must not fail it
@given(st.floats(0, 1))
def test_a_growing_control_share_takes_units_only_from_the_other_arm(share):
    small, large = sorted((share, 0.5))
    before = draw_arms("x", IDS[:500], {"control": small, "treated": 1 - small}).arms == "control"
    after = draw_arms("x", IDS[:500], {"control": large, "treated": 1 - large}).arms == "control"
    assert (before <= after).all()


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.2, "b": -0.2}])
def test_shares_that_do_not_add_up_are_refused(shares):
    with pytest.raises(ExperimentError):
        draw_arms("x", IDS[:3], shares)
