"""Families: several children, due dates that are estimates, clothes and gear that are handed down."""

from __future__ import annotations

import numpy as np

from liuke_sim.assortment import OCCASIONALS
from liuke_sim.families import (
    EXPECTING,
    GIFT_GIVER,
    GRANDPARENT,
    MONTH_DAYS,
    NO_CHILD,
    OUTWORN_MONTHS,
    PARENT,
    Families,
    draw_families,
)
from liuke_sim.needs import needs_on

from .conftest import LivedShop


def family(*ages_months: float, girls: tuple[bool, ...] = (), thrift: float = 0.6) -> Families:
    """Return one family whose children have these ages on day 0."""
    born = np.full((1, 3), NO_CHILD, dtype=np.int64)
    born[0, : len(ages_months)] = [-round(age * MONTH_DAYS) for age in ages_months]
    is_girl = np.zeros((1, 3), dtype=bool)
    is_girl[0, : len(girls)] = girls
    return Families(
        kind=np.array([PARENT]),
        birth_day=born,
        is_girl=is_girl,
        weight_factor=np.ones((1, 3)),
        dry_day=np.where(born < NO_CHILD, born + 800, -NO_CHILD),
        formula_day=born,
        is_known=born < NO_CHILD,
        due_day=born,
        thrift=np.array([thrift]),
    )


ONE = np.array([0])


def test_only_children_inherit_nothing() -> None:
    assert family(5).inherited(0, ONE)[0] == 0


def test_a_second_child_inherits_from_a_sibling_a_bit_less_from_the_other_sex() -> None:
    same = family(5, 30, girls=(True, True)).inherited(0, ONE)[0]
    other = family(5, 30, girls=(True, False)).inherited(0, ONE)[0]
    assert np.isclose(same, 0.6)
    assert np.isclose(other, 0.6 * 0.7)


def test_nothing_is_left_to_inherit_after_years() -> None:
    assert family(5, 5 + OUTWORN_MONTHS + 1).inherited(0, ONE)[0] == 0
    assert family(5, 6).inherited(0, ONE)[0] == 0, "twins wear the same size at the same time"


def test_hand_me_downs_lower_the_rates_of_what_lasts_only() -> None:
    bought = needs_on(0, family(5, 70), ONE, 42).occasional[0]
    inherited = needs_on(0, family(5, 30), ONE, 42).occasional[0]
    for position, category in enumerate(OCCASIONALS):
        factor = {"gear": 1 - 0.6, "clothes": 1 - 0.6 * 0.6}.get(category)
        if factor:
            assert np.isclose(inherited[position], factor * bought[position]), category
        assert (inherited[position] < bought[position]) == (
            category in ("clothes", "gear", "feeding", "toys", "books") and bought[position] > 0
        )


def test_drawn_families_hold_all_kinds_and_due_dates_near_the_births() -> None:
    families = draw_families(np.random.default_rng(2), np.zeros(5_000, dtype=np.int64))
    exists = families.birth_day < NO_CHILD
    assert exists[families.kind <= PARENT, 0].all()
    assert not exists[np.isin(families.kind, (GIFT_GIVER, GRANDPARENT))].any()
    assert (families.birth_day[families.kind == EXPECTING, 0] > 0).all()
    several = (exists.sum(axis=1) >= 2)[families.kind <= PARENT].mean()
    assert 0.25 < several < 0.35
    away = (families.birth_day - families.due_day)[exists]
    assert 8 < away.std() < 10
    assert abs(away.mean()) < 0.5


def test_some_births_come_in_another_month_than_was_told(lived: LivedShop) -> None:
    share = lived.value(
        "select avg((b.birth_month != d.due_month)::int) from (select * from children where due_month is not null) d "
        "join (select * from children where birth_month is not null) b using (member_no, child_no)"
    )
    assert 0.1 < share < 0.4
