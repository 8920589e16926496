"""Seats are balanced and stable, shares are nested, layers exclude, time blocks switch."""

import itertools
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, pearsonr

from liuke.learn.experiments import ExperimentError, arms_at, in_stretch, seat_points, unit_interval
from liuke.learn.experiments.assignment import time_block

IDS = np.arange(20_000, dtype=np.int64) * 7919


def test_seats_are_uniform_one_by_one_and_even_together():
    points = seat_points("x", ["a"] * 20_000, np.arange(20_000), 20)
    assert kstest(points, "uniform").pvalue > 0.001
    treated = (points >= 0.95).reshape(-1, 20).sum(axis=1)
    assert (treated == 1).all()  # 5 % of each block of twenty, to the seat
    places = np.argmax((points >= 0.95).reshape(-1, 20), axis=1)
    assert np.bincount(places, minlength=20).min() > 25  # 50 expected: the treated seat is not a fixed one


def test_strata_and_salts_are_drawn_apart():
    seats = np.arange(5_000)
    a, b = seat_points("x", ["a"] * 5_000, seats, 20), seat_points("x", ["b"] * 5_000, seats, 20)
    assert abs(pearsonr(a, b).statistic) < 0.05  # 3.5 standard errors
    assert abs(pearsonr(a, seat_points("y", ["a"] * 5_000, seats, 20)).statistic) < 0.05


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 300)), min_size=1, max_size=60, unique=True))
def test_a_seat_keeps_its_point_whoever_comes_later(seats):
    strata, numbers = [s for s, _ in seats], np.array([n for _, n in seats])
    together = seat_points("x", strata, numbers, 20)
    alone = [seat_points("x", [s], np.array([n]), 20)[0] for s, n in seats]
    assert together.tolist() == alone


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_growing_shares_never_take_treatment_from_anybody(shares):
    points = unit_interval("x", IDS[:500])
    treated = [arms_at(points, share).arms == "treated" for share in sorted(shares)]
    for fewer, more in itertools.pairwise(treated):
        assert (fewer <= more).all()


def test_arms_have_their_shares_and_chances():
    draw = arms_at(unit_interval("x", IDS), 0.05)
    assert float((draw.arms == "treated").mean()) == pytest.approx(0.05, abs=0.006)
    assert set(draw.probabilities[draw.arms == "treated"]) == {0.05}
    assert set(draw.probabilities[draw.arms == "control"]) == {0.95}
    with pytest.raises(ExperimentError):
        arms_at(unit_interval("x", IDS[:3]), 1.2)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5, unique=True))
def test_disjoint_stretches_share_nobody_and_leave_nobody_out(cuts):
    edges = [0.0, *sorted(cuts), 1.0]
    inside = [in_stretch("seed", "spring", IDS[:2_000], a, b) for a, b in itertools.pairwise(edges)]
    assert (np.sum(inside, axis=0) == 1).all()


def test_a_layer_says_nothing_about_arms():
    inside = in_stretch("", "spring", IDS, 0.0, 0.5)
    assert float(inside.mean()) == pytest.approx(0.5, abs=0.013)
    treated = arms_at(unit_interval("/hello", IDS), 0.5).arms == "treated"
    assert abs(float(treated[inside].mean()) - float(treated[~inside].mean())) < 0.025


def test_time_blocks_begin_with_the_trial():
    start = date(2026, 10, 5)
    assert [time_block(start + timedelta(days=d), start, 7) for d in (0, 6, 7, 20)] == [0, 0, 1, 2]
