"""What a family uses today: nappy size by weight, formula stage by age, and how fast the cupboard empties.

Rates are per family: several children use the same shelf together, the youngest one who needs it sets the stage.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from liuke_sim.assortment import CONSUMABLES, DAILY_USE, FIRST_LINE, N_STAGES, OCCASIONALS
from liuke_sim.columns import Bools, Floats, Ints
from liuke_sim.families import EXPECTING, GIFT_GIVER, GRANDPARENT, PARENT, Families

NAPPY_SIZE_KG = np.array([4.5, 7.0, 9.5, 12.5, 15.5])
"""Weight at which the next size begins."""
FORMULA_STAGE_MONTHS = np.array([6.0, 12.0, 36.0])
FORMULA_ENDS_MONTHS = 46.0

NO_LINE = -1
_HANDED_DOWN = {"clothes": 0.6, "feeding": 0.5, "toys": 0.4, "books": 0.5, "gear": 1.0}
"""Share of such things that does not wear out: what a fully thrifty family need not buy again."""


@dataclass(frozen=True)
class Needs:
    """The needs of some customers in one week."""

    line: Ints
    """``(m, 5)``: the shelf per consumable, `NO_LINE` where nothing is needed."""
    use: Floats
    """``(m, 5)``: units per day."""
    occasional: Floats
    """``(m, 7)``: purchases per week of a fully attached family."""
    youngest: Floats
    """``(m,)``: age of the youngest born child in months; ``inf`` where there is none."""
    has_future: Bools
    """``(m,)``: a birth within nine months is ahead."""

    def take(self, index: Ints) -> Needs:
        """Return the needs of some of the customers."""
        return Needs(*(getattr(self, one.name)[index] for one in fields(self)))


def weight_kg(age_months: Floats, factor: Floats) -> Floats:
    """Return a child's weight: the mean growth curve times the child's own factor."""
    age = np.maximum(age_months, 0)
    return np.asarray((3.4 + 6.0 * (1 - np.exp(-age / 5.5)) + 0.19 * age) * factor)


def needs_on(day: float, families: Families, rows: Ints, range_months: int) -> Needs:
    """Work out the needs of the customers `rows` around `day`.

    Parameters
    ----------
    day : float
        Days since the shop's start; the middle of a week serves for the whole of it.
    families : Families
    rows : array of int, shape (m,)
    range_months : int
        Age at which children have outgrown the shop.
    """
    ages = families.ages(day, rows)
    born = (ages >= 0) & (ages < range_months)
    line = np.full((len(rows), len(CONSUMABLES)), NO_LINE, dtype=np.int64)
    use = np.zeros(line.shape)
    for child in range(ages.shape[1]):
        for column, stage in enumerate(_stages(day, families, rows, child, ages[:, child], born[:, child])):
            here = stage >= 0
            shelf = FIRST_LINE[CONSUMABLES[column]] + stage
            use[:, column] += np.where(here, DAILY_USE[shelf], 0)
            younger = here & ((line[:, column] == NO_LINE) | (shelf < line[:, column]))
            line[:, column] = np.where(younger, shelf, line[:, column])
    youngest = np.where(born, ages, np.inf).min(axis=1)
    has_future = np.asarray(((ages > -9) & (ages < 0)).any(axis=1))
    occasional = _occasional(families.kind[rows], ages, youngest, has_future)
    inherited = families.inherited(day, rows)
    for category, share in _HANDED_DOWN.items():
        occasional[:, OCCASIONALS.index(category)] *= 1 - share * inherited
    return Needs(line, use, occasional, youngest, has_future)


def occasional_line(category: str, youngest: Floats) -> Ints:
    """Return the shelf of `category` that fits the age of the youngest child."""
    age = np.where(np.isfinite(youngest), youngest, 6.0)
    edges = {"maternity": [np.inf], "feeding": [11.0], "gear": [11.0], "gifts": []}.get(category, [12.0, 36.0])
    stage = np.searchsorted(np.array(edges), age, side="right") if edges else np.zeros(len(age), dtype=np.int64)
    return np.asarray(FIRST_LINE[category] + np.minimum(stage, N_STAGES[category] - 1), dtype=np.int64)


def _stages(
    day: float, families: Families, rows: Ints, child: int, age: Floats, born: Bools
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return one child's stage on each consumable shelf, shape ``(m,)``, -1 where it is not needed."""
    in_nappies = born & (day < families.dry_day[rows, child])
    size = np.searchsorted(NAPPY_SIZE_KG, weight_kg(age, families.weight_factor[rows, child]), side="right")
    on_formula = born & (day >= families.formula_day[rows, child]) & (age < FORMULA_ENDS_MONTHS)
    stage = np.searchsorted(FORMULA_STAGE_MONTHS, age, side="right")
    first_years = born & (age < 36)
    weaning = born & (age >= 5.5) & (age < 30)
    return (
        np.where(in_nappies, size, -1),
        np.where(on_formula, stage, -1),
        np.where(first_years, 0, -1),
        np.where(weaning, (age >= 12).astype(np.int64), -1),
        np.where(born, 0, -1),
    )


def _occasional(kind: Ints, ages: Floats, youngest: Floats, has_future: Bools) -> Floats:
    """Return weekly purchase rates of things bought now and then, shape ``(m, 7)``."""
    parent = (kind == PARENT) | (kind == EXPECTING)
    at_home = parent & np.isfinite(youngest)
    close = has_future & (ages.max(axis=1, initial=-99, where=ages < 0) > -4)
    giver, grand = kind == GIFT_GIVER, kind == GRANDPARENT
    baby = at_home & (youngest < 12)
    rate = {
        "maternity": np.where(has_future, 0.11, 0),
        "feeding": np.where(close | baby, 0.05, np.where(at_home, 0.012, 0)),
        "toys": np.where(at_home, 0.040, 0) + 0.03 * giver + 0.05 * grand,
        "clothes": np.where(at_home, 0.050, 0) + 0.03 * close + 0.02 * giver + 0.05 * grand,
        "books": np.where(at_home & (youngest > 6), 0.030, 0) + 0.01 * grand,
        "gear": np.where(close | baby, 0.012, np.where(at_home, 0.003, 0)),
        "gifts": np.where(at_home, 0.002, 0) + 0.07 * giver + 0.02 * grand,
    }
    return np.stack([rate[category] for category in OCCASIONALS], axis=1)
