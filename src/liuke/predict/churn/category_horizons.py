"""For whom is the shop's one horizon too short or too long, by what they mainly buy?

Nappies come back every three weeks, toys every four months. A churned customer buys *nothing* for a horizon, so what
counts is how soon those who mainly buy toys come back for anything; how soon the same customer buys toys again stands
beside it. Shown only: training, scores and warnings keep the shop's horizon; the check of the label says what would
change.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate
from liuke.predict.churn.category_report import MOST_CATEGORIES, CategoryHorizon, CategoryHorizons, LabelCheck
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.group_rhythm import (
    ALIKE,
    LEVEL,
    LONGER,
    SHORTER,
    IntArray,
    Intervals,
    ShopRhythm,
)
from liuke.predict.churn.horizon import HorizonProposal
from liuke.predict.churn.population import read_outcomes
from liuke.predict.churn.ports import Moment, Past
from liuke.predict.clv import summarise

# A customer's main category is the one of most of their spend in so many days; families outgrow older ones.
MAIN_DAYS = 365

Z_95 = 1.959964

# Ties go to what was bought last: by name alone, the first names would collect the customers who buy most kinds.
MAIN_SQL = """
WITH spend AS (
    SELECT customer_id, category, sum(coalesce(net_minor, 0)) AS spent, max(occurred_on) AS last_on
    FROM purchase_items
    WHERE occurred_on >= $start AND occurred_on < $as_of AND category IS NOT NULL GROUP BY customer_id, category
)
SELECT customer_id, first(category ORDER BY spent DESC, last_on DESC, category) AS category
FROM spend GROUP BY customer_id ORDER BY customer_id
"""

SHOP_SQL = """
WITH days AS (
    SELECT DISTINCT customer_id, occurred_on FROM purchases WHERE occurred_on < $as_of
), gaps AS (
    SELECT customer_id,
           occurred_on - lag(occurred_on) OVER (PARTITION BY customer_id ORDER BY occurred_on) AS days
    FROM days
)
SELECT customer_id, days FROM gaps WHERE days IS NOT NULL
"""

AGAIN_SQL = """
WITH days AS (
    SELECT DISTINCT category, customer_id, occurred_on FROM purchase_items
    WHERE occurred_on < $as_of AND list_contains($categories, category)
), gaps AS (
    SELECT category, customer_id,
           occurred_on - lag(occurred_on) OVER (PARTITION BY category, customer_id ORDER BY occurred_on) AS days
    FROM days
)
SELECT list_position($categories, category) - 1 AS place, customer_id, days FROM gaps WHERE days IS NOT NULL
"""


@dataclass(frozen=True)
class _Read:
    """What a moment says: main categories (``place`` among ``names``, -1 for others) and horizons."""

    customer_id: IntArray
    place: IntArray
    found: tuple[CategoryHorizon, ...]


def category_horizons(
    past: Past, moment: Moment, proposal: HorizonProposal, settings: ChurnSettings, rng: np.random.Generator
) -> CategoryHorizons | None:
    """Compare the shop's horizon with those of its main categories, as known at a moment.

    Returns
    -------
    CategoryHorizons or None
        None where the lines of the last year name no category.
    """
    fixed = proposal.horizon_days if proposal.bound in ("set by the shop", "history") else None
    read = _read(moment, fixed, settings, rng)
    if not read.found:
        return None

    def customers(*answers: str) -> int:
        return sum(one.n_main for one in read.found if one.back.against_shop in answers)

    short, long, alike = customers(LONGER), customers(SHORTER), customers(ALIKE)
    recent = moment.connection.execute(
        "SELECT count(DISTINCT customer_id) FROM purchases WHERE occurred_on >= $start AND occurred_on < $as_of",
        _last_year(moment),
    ).fetchall()[0][0]
    longest = max((int(one.back.horizon.value) for one in read.found if one.differs and one.back.horizon), default=0)
    label = None
    cutoff = moment.as_of - timedelta(days=max(longest, proposal.horizon_days))
    if longest and cutoff - timedelta(days=proposal.horizon_days) >= proposal.rhythm.first_day:
        with closing(past.at(cutoff)) as then:
            label = _check_label(then, moment, _read(then, fixed, settings, rng), proposal.horizon_days, settings)
    return CategoryHorizons(
        shop_days=proposal.horizon_days,
        categories=read.found,
        too_short=short,
        too_long=long,
        alike=alike,
        unknown=recent - short - long - alike,
        label=label,
    )


def _last_year(moment: Moment) -> dict[str, date]:
    return {"start": moment.as_of - timedelta(days=MAIN_DAYS), "as_of": moment.as_of}


def _read(moment: Moment, fixed: int | None, settings: ChurnSettings, rng: np.random.Generator) -> _Read:
    main = moment.connection.execute(MAIN_SQL, _last_year(moment)).fetchnumpy()
    customer_id = np.asarray(main["customer_id"], dtype=np.int64)
    every, code, size = np.unique(np.asarray(main["category"], dtype=str), return_inverse=True, return_counts=True)
    order = np.argsort(-size, kind="stable")[:MOST_CATEGORIES]
    place_of = np.full(every.size, -1, dtype=np.int64)
    place_of[order] = np.arange(order.size)
    place, names = place_of[code], [str(name) for name in every[order]]
    if not names:
        return _Read(customer_id, place, ())
    shop_rows = moment.connection.execute(SHOP_SQL, {"as_of": moment.as_of}).fetchnumpy()
    again_rows = moment.connection.execute(AGAIN_SQL, {"as_of": moment.as_of, "categories": names}).fetchnumpy()
    intervals, again = _intervals(shop_rows), _intervals(again_rows)
    shop = ShopRhythm(intervals, settings, rng, fixed)
    mainly = _places(intervals.customer_id, customer_id, place)
    bought = np.asarray(again_rows["place"], dtype=np.int64)
    found = zip(
        names,
        size[order],
        shop.compare([intervals.part(mainly == which) for which in range(len(names))]),
        shop.compare([again.part(bought == which) for which in range(len(names))]),
        strict=True,
    )
    return _Read(customer_id, place, tuple(CategoryHorizon(name, int(n), back, same) for name, n, back, same in found))


def _intervals(rows: dict[str, npt.NDArray[Any]]) -> Intervals:
    return Intervals(np.asarray(rows["customer_id"], dtype=np.int64), np.asarray(rows["days"], dtype=np.int64))


def _places(wanted: IntArray, customer_id: IntArray, place: IntArray) -> IntArray:
    """Return the main category of each wanted customer; -1 without one."""
    if not customer_id.size:
        return np.full(wanted.size, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(customer_id, wanted), customer_id.size - 1)
    return np.where(customer_id[at] == wanted, place[at], -1)


def _check_label(then: Moment, later: Moment, read: _Read, shop_days: int, settings: ChurnSettings) -> LabelCheck:
    """Count all buyers of the earlier moment, contacted or not: labels are compared, no model is judged."""
    seen = summarise(then)
    room = (later.as_of - then.as_of).days
    outcome = read_outcomes(later, seen.customer_id, then.as_of, room)
    days_of = np.full(len(read.found) + 1, shop_days)  # the last entry serves place -1
    for place, one in enumerate(read.found):
        if one.differs and one.back.horizon:
            days_of[place] = min(int(one.back.horizon.value), room)
    own = days_of[_places(seen.customer_id, read.customer_id, read.place)]
    waited = np.where(np.isnan(outcome.days), np.inf, outcome.days)
    kept = ~outcome.graduated
    window = settings.window_days
    active = kept & (seen.since_last_days <= (window or shop_days))
    own_active = kept & (seen.since_last_days <= (np.full(own.size, window) if window else own))
    gone, own_gone = waited >= shop_days, waited >= own
    lost, early = active & (own > shop_days) & gone, active & (own < shop_days) & own_gone
    return LabelCheck(
        cutoff=then.as_of,
        n_other=int((own != shop_days).sum()),
        active=int(active.sum()),
        active_by_category=int(own_active.sum()),
        churned=_rate(active, gone),
        churned_by_category=_rate(own_active, own_gone),
        change=_change(active, gone, own_active, own_gone),
        called_lost=int(lost.sum()),
        came_back=int((lost & ~own_gone).sum()),
        silent_early=int(early.sum()),
        stayed_away=int((early & gone).sum()),
    )


def _rate(among: npt.NDArray[np.bool_], marked: npt.NDArray[np.bool_]) -> float:
    return float(marked[among].mean()) if among.any() else float("nan")


def _change(
    among: npt.NDArray[np.bool_],
    marked: npt.NDArray[np.bool_],
    other_among: npt.NDArray[np.bool_],
    other_marked: npt.NDArray[np.bool_],
) -> Estimate:
    """Return the difference of two rates on overlapping customers, by the delta method."""
    before, after = _rate(among, marked), _rate(other_among, other_marked)
    if not (among.any() and other_among.any()):
        return Estimate(float("nan"), float("nan"), float("nan"), LEVEL, among.size)
    pull = other_among * (other_marked - after) / other_among.sum() - among * (marked - before) / among.sum()
    wide = Z_95 * float(np.sqrt((pull**2).sum()))
    return Estimate(after - before, after - before - wide, after - before + wide, LEVEL, among.size)
