"""What is told about the horizons of main categories: the figures, and the sentences around them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from liuke.kernel.results import Estimate
from liuke.predict.churn.group_rhythm import LONGER, SHORTER, GroupRhythm
from liuke.predict.evaluation import jsonable

# Categories asked, by how many customers mainly buy them; the rest are counted. Each one more widens all bounds.
MOST_CATEGORIES = 12


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

    @property
    def differs(self) -> bool:
        """Whether those who mainly buy it come back sooner or later than the shop's horizon, beyond chance."""
        return self.back.against_shop in (LONGER, SHORTER)


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
            f"若按各自主要品类的周期计算（{self.cutoff} 时已知；仅供参考，未被使用）："
            f"{self.n_other:,} 位买家的周期不同；"
            f"活跃买家 {self.active:,} → {self.active_by_category:,}，流失率 {self.churned:.1%} → "
            f"{self.churned_by_category:.1%}（{self.change.value:+.1%}，{self.change.low:+.1%} 至 "
            f"{self.change.high:+.1%}）；"
            f"慢节奏客户中被判流失的 {self.called_lost:,} 人有 {self.came_back:,} 人在自己的周期内回来；"
            f"快节奏客户中超过自己周期未购的 {self.silent_early:,} 人有 {self.stayed_away:,} 人在店铺周期内也未回来"
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
            f"按主要品类看，店铺的 {self.shop_days} 天对 {self.too_short:,} 位客户太短，对 {self.too_long:,} 位太长，"
            f"对 {self.alike:,} 位无明显差别；{self.unknown:,} 位未作判断"
            f"（复购买家太少、不在最常见的 {MOST_CATEGORIES} 个品类内或没有品类）"
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
