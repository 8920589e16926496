"""Chance belongs to a customer and a week: it does not know who else is asked for, and has the right distributions."""

from __future__ import annotations

import numpy as np
import pytest

from liuke_sim.streams import Chance

CHANCE = Chance(seed=3, week=12)
MANY = np.arange(200_000, dtype=np.int64)


def test_a_draw_depends_on_its_address_only() -> None:
    some = MANY[1000:9000:7]
    assert np.array_equal(CHANCE.uniform("x", MANY)[some], CHANCE.uniform("x", some))
    assert np.array_equal(CHANCE.uniforms("x", MANY[:50], 4)[:, 2], CHANCE.uniform("x", MANY[:50], 2))
    assert np.array_equal(CHANCE.erlang("x", MANY, 4)[some], CHANCE.erlang("x", some, 4))
    assert np.array_equal(CHANCE.normal("x", MANY)[some], CHANCE.normal("x", some))


@pytest.mark.parametrize("other", [Chance(4, 12), Chance(3, 13), CHANCE])
def test_other_addresses_are_independent(other: Chance) -> None:
    purpose, ordinal = ("y", 1) if other is CHANCE else ("x", 0)
    a, b = CHANCE.uniform("x", MANY), other.uniform(purpose, MANY, ordinal)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.01
    assert abs(np.corrcoef(a[1:], b[:-1])[0, 1]) < 0.01


def test_uniforms_fill_the_interval_evenly() -> None:
    counts = np.bincount((CHANCE.uniform("x", MANY) * 100).astype(int), minlength=100)
    chi_square = ((counts - 2_000) ** 2 / 2_000).sum()
    assert 50 < chi_square < 160  # 99 degrees of freedom


def test_distributions_have_their_moments() -> None:
    count = CHANCE.poisson("x", MANY, np.full(len(MANY), 0.7), 9)
    assert count.mean() == pytest.approx(0.7, abs=0.01)
    assert count.var() == pytest.approx(0.7, abs=0.02)
    wait = CHANCE.erlang("x", MANY, 4, mean=2.0)
    assert wait.mean() == pytest.approx(2.0, abs=0.02)
    assert wait.var() == pytest.approx(1.0, abs=0.03)
    normal = CHANCE.normal("x", MANY)
    assert (normal.mean(), normal.std()) == pytest.approx((0, 1), abs=0.01)
    position = CHANCE.choose("x", MANY, np.array([1.0, 3.0]))
    assert position.mean() == pytest.approx(0.75, abs=0.01)
    whole = CHANCE.between("x", MANY, 2, 5)
    assert np.bincount(whole)[2:] == pytest.approx(len(MANY) / 3, rel=0.02)


def test_a_higher_rate_adds_to_the_same_luck() -> None:
    low, high = (CHANCE.poisson("x", MANY, np.full(len(MANY), rate), 9) for rate in (0.5, 0.6))
    assert (high >= low).all()
    assert high.sum() > low.sum()
