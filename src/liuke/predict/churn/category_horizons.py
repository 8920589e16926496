"""For whom is the shop's one horizon too short or too long, by what they mainly buy?

Nappies come back every three weeks, toys every four months. A churned customer buys *nothing* for a horizon, so what
counts is how soon those who mainly buy toys come back for anything; how soon the same customer buys toys again stands
beside it. Shown only: training, scores and warnings keep the shop's horizon; the check of the label says what would
change.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.group_rhythm import (
    ALIKE,
    LEVEL,
    LONGER,
    SHORTER,
    GroupRhythm,
    IntArray,
    Intervals,
    ShopRhythm,
)
from liuke.predict.churn.horizon import HorizonProposal
from liuke.predict.churn.population import read_outcomes
from liuke.predict.churn.ports import Moment, Past
from liuke.predict.clv import summarise
from liuke.predict.evaluation import jsonable

# A customer's main category is the one of most of their spend in so many days; families outgrow older ones.
MAIN_DAYS = 365

# Categories asked, by how many customers mainly buy them; the rest are counted. Each one more widens all bounds.
MOST_CATEGORIES = 12

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
class CategoryHorizon:
    """One category.

    Attributes
    ----------
    n_main : int
        Customers whose main category it is.
    back : GroupRhythm
        How soon these come back to the shop for anything: what the churn label asks.
    again : GroupRhythm
        How soon the category itself is bought again by whoever buys it again.
    """

    category: str
    n_main: int
    back: GroupRhythm
    again: GroupRhythm


@dataclass(frozen=True)
class LabelCheck:
    """What would change if each customer had the horizon of their main category, at a past day with known outcome.

    Attributes
    ----------
    cutoff : date
        Horizons and main categories are those known then.
    n_other : int
        Buyers whose main category had a horizon of its own then, beyond chance.
    active, active_by_category : int
        Buyers who count as active: bought within the window, or within their own horizon where no window is set.
    churned, churned_by_category : float
        Share of them without a purchase in the shop's, or their own, horizon.
    change : Estimate
        The second less the first, with its 95 % interval.
    called_lost, came_back : int
        Of the active with a longer horizon of their own: silent for the shop's; of these, back within their own.
    silent_early, stayed_away : int
        Of the active with a shorter one: silent for their own; of these, still silent at the end of the shop's.
    """

    cutoff: date
    n_other: int
    active: int
    active_by_category: int
    churned: float
    churned_by_category: float
    change: Estimate
    called_lost: int
    came_back: int
    silent_early: int
    stayed_away: int

    def say_en(self) -> str:
        """Say it in a sentence."""
        return (
            f"if each had their main category's horizon (known by {self.cutoff}, shown only, not used): "
            f"{self.n_other:,} buyers with another horizon; active {self.active:,} → {self.active_by_category:,}, "
            f"churned {self.churned:.1%} → {self.churned_by_category:.1%} ({self.change.value:+.1%}, "
            f"{self.change.low:+.1%} to {self.change.high:+.1%}); of {self.called_lost:,} slow ones called lost "
            f"{self.came_back:,} came back within their own horizon; of {self.silent_early:,} fast ones silent for "
            f"theirs {self.stayed_away:,} stayed away for the shop's"
        )

    def say_zh(self) -> str:
        """Say the same in Chinese."""
        return (
            f"若按各自主要品类的周期计算({self.cutoff} 时已知;仅供参考,未被使用):{self.n_other:,} 位买家的周期不同;"
            f"活跃买家 {self.active:,} → {self.active_by_category:,},流失率 {self.churned:.1%} → "
            f"{self.churned_by_category:.1%}({self.change.value:+.1%},{self.change.low:+.1%} 至 "
            f"{self.change.high:+.1%});"
            f"慢节奏顾客中被判流失的 {self.called_lost:,} 人有 {self.came_back:,} 人在自己的周期内回来;"
            f"快节奏顾客中超过自己周期未购的 {self.silent_early:,} 人有 {self.stayed_away:,} 人在店铺周期内也未回来"
        )


@dataclass(frozen=True)
class CategoryHorizons:
    """The shop's horizon against those of its main categories.

    Attributes
    ----------
    shop_days : int
        The horizon in use.
    categories : tuple of CategoryHorizon
        Most customers first.
    too_short, too_long, alike, unknown : int
        Customers who bought in the last year, by what the shop's horizon is to those of their main category. Unknown:
        too few repeat buyers, a category that was not asked, or none.
    label : LabelCheck or None
        None if no category differs, or history is too short to look back.
    """

    shop_days: int
    categories: tuple[CategoryHorizon, ...]
    too_short: int
    too_long: int
    alike: int
    unknown: int
    label: LabelCheck | None = None

    def say_en(self) -> str:
        """Say for how many the shop's horizon is wrong."""
        return (
            f"by main category, the shop's {self.shop_days} days are too short for {self.too_short:,} customers, too "
            f"long for {self.too_long:,}, without clear difference for {self.alike:,}; not judged: {self.unknown:,} "
            f"(too few repeat buyers, none of the {MOST_CATEGORIES} commonest categories, or no category)"
        )

    def say_zh(self) -> str:
        """Say the same in Chinese."""
        return (
            f"按主要品类看,店铺的 {self.shop_days} 天对 {self.too_short:,} 位顾客太短,对 {self.too_long:,} 位太长,"
            f"对 {self.alike:,} 位无明显差别;{self.unknown:,} 位未作判断"
            f"(复购买家太少、不在最常见的 {MOST_CATEGORIES} 个品类内或没有品类)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        told: dict[str, Any] = jsonable(asdict(self))
        told |= {"zh": self.say_zh(), "en": self.say_en()}
        if self.label is not None:
            told["label"] |= {
                "cutoff": self.label.cutoff.isoformat(),
                "zh": self.label.say_zh(),
                "en": self.label.say_en(),
            }
        return told


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
    longest = max((int(one.back.horizon.value) for one in _differing(read.found) if one.back.horizon), default=0)
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


def _differing(found: Sequence[CategoryHorizon]) -> list[CategoryHorizon]:
    return [one for one in found if one.back.against_shop in (LONGER, SHORTER)]


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
        if one.back.against_shop in (LONGER, SHORTER) and one.back.horizon:
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
