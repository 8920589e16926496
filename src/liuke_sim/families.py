"""Who shops here: parents and parents-to-be with up to three children, people who buy gifts, grandparents.

A child is a birth day, counted in days from the shop's start (negative before it); a family's later children are drawn
at once with the first, so that a second birth brings a "graduate" back without anybody deciding it on the day. The due
date that parents tell the shop is an estimate. A younger child inherits from an elder one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke_sim.columns import Bools, Floats, Ints, pick

EXPECTING, PARENT, GIFT_GIVER, GRANDPARENT = range(4)
KINDS = ("expecting", "parent", "gift_giver", "grandparent")
_KIND_WEIGHTS = np.array([0.27, 0.60, 0.07, 0.06])

MAX_CHILDREN = 3
NO_CHILD = 10**7
"""Birth day of a child that does not exist: never reached."""
MONTH_DAYS = 30.44
"""Mean length of a month: ages are told in months, days are counted."""
DUE_DATE_DAYS = 9.0
"""Standard deviation of births around the due date, days."""
OUTWORN_MONTHS = 60.0
"""Age difference beyond which nothing is left to inherit."""


@dataclass(frozen=True)
class Families:
    """The families of a chunk; the arrays have shape ``(n,)`` or ``(n, 3)``."""

    kind: Ints
    birth_day: Ints
    """``(n, 3)``; the order in which the children are told, not their age."""
    is_girl: Bools
    weight_factor: Floats
    """Weight relative to the mean child of that age."""
    dry_day: Ints
    """``(n, 3)``: the day on which nappies end."""
    formula_day: Ints
    """``(n, 3)``: the day on which formula begins; `NO_CHILD` for a child that is only ever breastfed."""
    is_known: Bools
    """``(n, 3)``: whether the parents told the shop about this child."""
    due_day: Ints
    """``(n, 3)``: the day on which the birth was expected."""
    thrift: Floats
    """``(n,)``: share of what an elder child has outgrown that a younger one gets to use, 0 to 1."""

    def ages(self, day: float, rows: Ints) -> Floats:
        """Return the ages in months on `day`, shape ``(m, 3)``; very negative where there is no child."""
        return np.asarray((day - self.birth_day[rows]) / MONTH_DAYS)

    def inherited(self, day: float, rows: Ints) -> Floats:
        """Return the share of an elder child's lasting things that the youngest uses on `day`, shape ``(m,)``, 0 to 1.

        0 where there is no elder child, or one so much older that nothing is left; boys and girls share a little less.
        """
        ages = self.ages(day, rows)
        here = (ages > -9) & (ages < 18 * 12)
        youngest = np.where(here, ages, np.inf).argmin(axis=1)
        one = np.arange(len(rows))
        gap = ages - ages[one, youngest][:, None]
        elder = here & (gap > 6) & (gap < OUTWORN_MONTHS)
        same = self.is_girl[rows] == self.is_girl[rows][one, youngest][:, None]
        return np.asarray(self.thrift[rows] * np.where(elder, np.where(same, 1.0, 0.7), 0.0).max(axis=1))


def draw_families(rng: np.random.Generator, registered_day: Ints) -> Families:
    """Draw the families of customers who registered on `registered_day`, shape ``(n,)``."""
    n = len(registered_day)
    kind = pick(rng, _KIND_WEIGHTS, n)
    has_child = kind <= PARENT
    age = np.minimum(rng.exponential(10.0, n) + np.where(rng.random(n) < 0.15, rng.uniform(18, 36, n), 0), 60)
    first = np.where(kind == EXPECTING, registered_day + rng.integers(5, 220, n), registered_day - age * MONTH_DAYS)
    birth_day = np.full((n, MAX_CHILDREN), NO_CHILD, dtype=np.int64)
    birth_day[:, 0] = np.where(has_child, first, NO_CHILD)
    elder = has_child & (rng.random(n) < 0.22)
    birth_day[elder, 1] = (first - rng.uniform(16, 60, n) * MONTH_DAYS)[elder]
    younger = has_child & (rng.random(n) < 0.10)
    birth_day[younger, 2] = (first + rng.uniform(16, 36, n) * MONTH_DAYS)[younger]
    shape = birth_day.shape
    breastfed_until = np.array([0.0, 0.4, 5.0, 11.0])[pick(rng, np.array([0.30, 0.15, 0.33, 0.22]), n * 3)].reshape(
        shape
    )
    never = rng.random(shape) < 0.12
    exists = birth_day < NO_CHILD
    return Families(
        kind=kind,
        birth_day=birth_day,
        is_girl=rng.random(shape) < 0.48,
        weight_factor=np.exp(rng.normal(0, 0.10, shape)),
        dry_day=np.where(exists, birth_day + rng.normal(27, 4, shape) * MONTH_DAYS, -NO_CHILD).astype(np.int64),
        formula_day=np.where(exists & ~never, birth_day + breastfed_until * MONTH_DAYS, NO_CHILD).astype(np.int64),
        is_known=exists & (rng.random((n, 1)) < 0.72),
        due_day=np.where(exists, birth_day - np.round(rng.normal(0, DUE_DATE_DAYS, shape)), NO_CHILD).astype(np.int64),
        thrift=rng.beta(2.5, 2.5, n),
    )
