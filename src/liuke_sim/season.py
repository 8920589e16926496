"""When a Chinese shop is busy: promotions, member days, holidays, and the hours of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from liuke_sim.columns import Floats


@dataclass(frozen=True)
class Promotion:
    """A campaign that comes back every year."""

    name: str
    first: tuple[int, int]
    days: int
    discount: float
    """Share taken off the list price."""
    lift: float
    """Traffic on a campaign day relative to a usual one."""
    stockpile: bool
    """Whether families fill the cupboard."""


PROMOTIONS = (
    Promotion("3.8", (3, 5), 4, 0.10, 1.35, False),
    Promotion("61", (5, 28), 5, 0.08, 1.30, False),
    Promotion("618", (6, 10), 11, 0.20, 1.80, True),
    Promotion("11.11", (11, 1), 11, 0.24, 2.00, True),
    Promotion("12.12", (12, 10), 3, 0.12, 1.35, False),
)
MEMBER_DAY = 8
"""Day of the month with a small discount for everybody."""

HOUR_WEIGHTS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 6, 7, 9, 10, 9, 9, 10, 8, 8, 8, 8, 8, 10, 14, 16, 13, 6], dtype=np.float64
)
"""Mothers shop when the child sleeps: at noon and after 20:00."""


def promotion_on(day: date) -> Promotion | None:
    """Return the campaign running on `day`, if any."""
    for promotion in PROMOTIONS:
        first = date(day.year, *promotion.first)
        if first <= day < first + timedelta(days=promotion.days):
            return promotion
    return None


@dataclass(frozen=True)
class Week:
    """A week's calendar: seven values per quantity, Monday-or-whatever the shop's first day is first."""

    number: int
    first: date
    lift: Floats
    discount: Floats
    stockpile: Floats
    is_presale: bool
    """Whether orders of the week may have been held by a deposit: before 618 and 11.11."""

    @property
    def first_day(self) -> int:
        """Day number of the first day, counted from the shop's start."""
        return self.number * 7

    @property
    def day_weights(self) -> Floats:
        """Where in the week visits and orders fall, shape ``(7,)``."""
        return np.asarray(self.lift / self.lift.sum())


def week_of(number: int, start: date) -> Week:
    """Describe week `number` of a shop that begins on `start`."""
    days = [start + timedelta(days=7 * number + offset) for offset in range(7)]
    running = [promotion_on(day) for day in days]
    weekend = np.array([1.15 if day.weekday() >= 5 else 1.0 for day in days])
    campaign = np.array([promotion.lift if promotion else 1.0 for promotion in running])
    discount = np.array(
        [p.discount if p else 0.05 if d.day == MEMBER_DAY else 0.0 for p, d in zip(running, days, strict=True)]
    )
    stockpile = np.array([float(promotion is not None and promotion.stockpile) for promotion in running])
    return Week(
        number=number,
        first=days[0],
        lift=weekend * campaign * np.array([_holiday(day) for day in days]),
        discount=discount,
        stockpile=stockpile,
        is_presale=any(
            (11, 1) <= (day.month, day.day) <= (11, 9) or (6, 10) <= (day.month, day.day) <= (6, 18) for day in days
        ),
    )


def _holiday(day: date) -> float:
    """Return the quiet of the Spring Festival (taken as 24 January – 6 February) and of the National Day week."""
    if (1, 24) <= (day.month, day.day) <= (2, 6):
        return 0.7
    return 0.85 if day.month == 10 and day.day <= 7 else 1.0
