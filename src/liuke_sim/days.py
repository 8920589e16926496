"""Single days of a week: which of the rows that a week leaves behind came about on which of its days.

A shop lives in weeks. To live day by day it lives the running week again each day, from the morning on which the week
began and with the contacts that have come by then, and keeps what the new day adds. That tells one story, because a
contact acts from its moment on: what happened before it comes out the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from liuke_sim.columns import SECONDS_A_DAY, Columns, Ints, length, take
from liuke_sim.config import WEEK_DAYS
from liuke_sim.life import WeekRows

_ORDERS_A_DAY = 10**8
"""An order's number is its date (20250901) times this, plus the customer's."""


def of_day(left: WeekRows, day: int, start: date) -> WeekRows:
    """Return what one day adds to the days of its week before it.

    Parameters
    ----------
    left : WeekRows
        Of the whole week.
    day : int
        Counted from the shop's start. What lies after the week belongs to its last day.
    start : date
        The shop's first day.
    """
    facts = left.facts
    if length(facts):  # a deposit is older than its order, but nobody knows of it before
        facts = _on(facts, np.maximum(_day(facts), _ordered_on(facts["order_no"], day, start)), day)
    return replace(
        left,
        events=_on(left.events, _day(left.events), day),
        lines=_on(left.lines, _day(left.lines), day),
        facts=facts,
        changes=_on(left.changes, _day(left.changes), day),
    )


def _day(rows: Columns) -> Ints:
    return np.asarray(rows["at"] // SECONDS_A_DAY) if length(rows) else np.zeros(0, dtype=np.int64)


def _on(rows: Columns, on: Ints, day: int) -> Columns:
    """Return the rows of `day`, where `on` says each row's day."""
    if not length(rows):
        return {}
    first = day - day % WEEK_DAYS
    return take(rows, np.clip(on, first, first + WEEK_DAYS - 1) == day)


def _ordered_on(order_no: Ints, day: int, start: date) -> Ints:
    """Return the days on which orders of the week of `day` were placed."""
    first = day - day % WEEK_DAYS
    dates = [start + timedelta(days=first + offset) for offset in range(WEEK_DAYS)]
    numbers = np.array([one.year * 10_000 + one.month * 100 + one.day for one in dates])
    return np.asarray(first + np.searchsorted(numbers, order_no // _ORDERS_A_DAY))
