"""What the shop sells: products with prices and costs, and which of them fits a need.

A *line* is one shelf: a category in one stage (nappies size L, formula stage 2). Every line is sold by the same number
of brands, cheapest first, so that the product for (line, brand) is found by arithmetic. All brands are invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke_sim.columns import Floats, Ints

CONSUMABLES = ("nappies", "formula", "wipes", "weaning", "care")
"""Categories that run out: what is used each day sets when the next purchase is due."""
OCCASIONALS = ("maternity", "feeding", "toys", "clothes", "books", "gear", "gifts")
"""Categories that are bought when something comes up."""
CATEGORIES = CONSUMABLES + OCCASIONALS

BRANDS = 4
BRAND_NAMES = {
    "nappies": ("棉小柚", "云朵熊", "暖屿", "拾光宝贝"),
    "formula": ("初芽", "牧禾", "星源", "启萌优护"),
    "wipes": ("棉小柚", "云朵熊", "晨露", "拾光宝贝"),
    "weaning": ("禾小米", "豆丁厨房", "初芽", "果然星"),
    "care": ("晨露", "暖屿", "海盐树", "拾光宝贝"),
    "maternity": ("知夏", "十月初", "暖屿", "和煦"),
    "feeding": ("豆丁厨房", "小鲸", "云朵熊", "启萌"),
    "toys": ("木头人", "彩虹积", "小鲸", "奇想屋"),
    "clothes": ("小棉袄", "知夏", "云朵熊", "和煦"),
    "books": ("纸飞机", "奇想屋", "月亮船", "小书虫"),
    "gear": ("轻舟", "小鲸", "远行家", "和煦"),
    "gifts": ("拾光宝贝", "月亮船", "和煦", "启萌"),
}


@dataclass(frozen=True)
class Line:
    """One shelf."""

    category: str
    stage: str
    noun: str
    subcategory: str
    price: float
    """List price of the second-cheapest brand, yuan."""
    units: float
    """Units in a pack: pieces, grams, sheets, portions, millilitres."""
    daily_use: float
    """Units that one child uses in a day; 0 where nothing runs out."""
    ages: tuple[int, int]
    """Months of age from and to which it fits; negative before birth."""


def _nappies(size: str, pieces: int, use: float, ages: tuple[int, int]) -> Line:
    return Line(
        "nappies", size, "拉拉裤" if size == "XXL" else "纸尿裤", "nappies_" + size.lower(), 89, pieces, use, ages
    )


LINES = (
    _nappies("NB", 80, 9, (0, 2)),
    _nappies("S", 76, 8, (1, 5)),
    _nappies("M", 64, 7, (3, 10)),
    _nappies("L", 54, 6, (7, 20)),
    _nappies("XL", 44, 5, (15, 30)),
    _nappies("XXL", 38, 4, (22, 42)),
    Line("formula", "1段", "婴儿配方奶粉", "formula_1", 258, 800, 75, (0, 6)),
    Line("formula", "2段", "较大婴儿配方奶粉", "formula_2", 248, 800, 85, (6, 12)),
    Line("formula", "3段", "幼儿配方奶粉", "formula_3", 228, 800, 60, (12, 36)),
    Line("formula", "4段", "儿童配方奶粉", "formula_4", 198, 800, 35, (36, 72)),
    Line("wipes", "", "婴儿湿巾", "wipes", 49, 480, 14, (0, 36)),
    Line("weaning", "6月+", "米粉果泥", "weaning_6", 59, 24, 1.1, (6, 12)),
    Line("weaning", "12月+", "面条零食", "weaning_12", 69, 30, 1.4, (12, 30)),
    Line("care", "", "洗沐面霜", "care", 79, 300, 5, (0, 42)),
    Line("maternity", "孕期", "孕妇营养", "maternity_nutrition", 138, 60, 0, (-9, 0)),
    Line("maternity", "待产", "待产包", "maternity_bag", 228, 1, 0, (-4, 1)),
    Line("feeding", "0-1岁", "奶瓶奶嘴", "feeding_bottle", 89, 1, 0, (-2, 12)),
    Line("feeding", "1-3岁", "水杯餐具", "feeding_cup", 59, 1, 0, (10, 36)),
    Line("toys", "0-1岁", "安抚玩具", "toys_0", 69, 1, 0, (0, 12)),
    Line("toys", "1-3岁", "早教玩具", "toys_1", 99, 1, 0, (12, 36)),
    Line("toys", "3岁+", "积木拼图", "toys_3", 129, 1, 0, (36, 84)),
    Line("clothes", "0-1岁", "连体衣", "clothes_0", 79, 1, 0, (-2, 12)),
    Line("clothes", "1-3岁", "童装", "clothes_1", 99, 1, 0, (12, 36)),
    Line("clothes", "3岁+", "童装", "clothes_3", 119, 1, 0, (36, 84)),
    Line("books", "0-1岁", "布书", "books_0", 39, 1, 0, (3, 12)),
    Line("books", "1-3岁", "绘本", "books_1", 49, 1, 0, (12, 36)),
    Line("books", "3岁+", "绘本", "books_3", 59, 1, 0, (36, 84)),
    Line("gear", "0-1岁", "婴儿推车", "gear_0", 899, 1, 0, (-3, 12)),
    Line("gear", "1岁+", "安全座椅", "gear_1", 1099, 1, 0, (9, 48)),
    Line("gifts", "", "新生儿礼盒", "gifts", 268, 1, 0, (-2, 24)),
)

FIRST_LINE = {category: next(i for i, line in enumerate(LINES) if line.category == category) for category in CATEGORIES}
"""Position of the first line of each category; the stages follow in order."""
N_STAGES = {category: sum(line.category == category for line in LINES) for category in CATEGORIES}
LINE_CATEGORY = np.array([CATEGORIES.index(line.category) for line in LINES], dtype=np.int64)
PACK_UNITS = np.array([line.units for line in LINES])
DAILY_USE = np.array([line.daily_use for line in LINES])

_BRAND_FACTOR = (0.78, 1.0, 1.22, 1.55)
_COST_SHARE = {"nappies": 0.74, "formula": 0.80, "wipes": 0.66, "weaning": 0.62, "care": 0.55, "gear": 0.70}
_USUAL_COST_SHARE = 0.56

N_PRODUCTS = len(LINES) * BRANDS
LIST_PRICE_MINOR: Ints = np.array(
    [round(line.price * factor) * 100 for line in LINES for factor in _BRAND_FACTOR], dtype=np.int64
)
"""List price in fen (分), shape ``(N_PRODUCTS,)``."""
UNIT_COST_MINOR: Ints = np.array(
    [
        round(LIST_PRICE_MINOR[i * BRANDS + brand] * (_COST_SHARE.get(line.category, _USUAL_COST_SHARE) - 0.02 * brand))
        for i, line in enumerate(LINES)
        for brand in range(BRANDS)
    ],
    dtype=np.int64,
)
"""Cost in fen, shape ``(N_PRODUCTS,)``: dearer brands leave a little more."""
PRODUCT_CATEGORY: Ints = np.repeat(LINE_CATEGORY, BRANDS)
UNKNOWN_PRODUCT = N_PRODUCTS
"""Stands for a product that the product master does not know."""


def product_of(line: Ints, brand: Ints) -> Ints:
    """Return the product that `brand` (0 … 3, cheapest first) sells on `line`."""
    return line * BRANDS + brand


def product_keys() -> list[str]:
    """Return the keys by product number; the last belongs to `UNKNOWN_PRODUCT`."""
    return [f"SKU{100_000 + product * 7}" for product in range(N_PRODUCTS)] + ["SKU999999"]


def product_rows() -> list[dict[str, object]]:
    """Return the product master with cost, one dict per product."""
    keys = product_keys()
    rows: list[dict[str, object]] = []
    for product in range(N_PRODUCTS):
        line = LINES[product // BRANDS]
        brand = BRAND_NAMES[line.category][product % BRANDS]
        rows.append(
            {
                "product_key": keys[product],
                "name": f"{brand} {line.noun} {line.stage}".strip(),
                "brand": brand,
                "category": line.category,
                "subcategory": line.subcategory,
                "stage": line.stage,
                "list_price": float(LIST_PRICE_MINOR[product]) / 100,
                "unit_cost": float(UNIT_COST_MINOR[product]) / 100,
                "units_per_pack": line.units,
                "daily_use": line.daily_use,
                "min_age_months": line.ages[0],
                "max_age_months": line.ages[1],
            }
        )
    return rows


def pack_days(line: Ints, use: Floats) -> Floats:
    """Return how many days a pack lasts at `use` units a day."""
    return np.asarray(PACK_UNITS[line] / np.maximum(use, 1e-9))
