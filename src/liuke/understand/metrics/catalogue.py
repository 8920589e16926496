"""The one place where key figures are defined: words, formula, period."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from liuke.kernel import read_yaml
from liuke.kernel.shop import ShopProfile
from liuke.understand.metrics.config import MetricSettings
from liuke.understand.metrics.contracts import MetricDefinition

_FILE = Path(__file__).with_name("catalogue.yaml")


def metric_definitions(shop: ShopProfile, settings: MetricSettings) -> tuple[MetricDefinition, ...]:
    """Return every key figure in the order of the page, its formula filled with the shop's settings.

    Examples
    --------
    >>> metric_definitions(ShopProfile(), MetricSettings(active_window_days=60))[0].formula_zh
    '期初前60天内买过、期内未再购买的客户 ÷ 期初前60天内买过的客户'
    """
    names = {
        "{window}": str(settings.active_window_days),
        "{second}": str(settings.second_purchase_days),
        "{margin}": f"{shop.margin_rate:.0%}",
    }
    entries: list[dict[str, Any]] = read_yaml(_FILE.read_text(encoding="utf-8"))
    return tuple(MetricDefinition(**_filled(entry, names, settings)) for entry in entries)


def _filled(entry: dict[str, Any], names: dict[str, str], settings: MetricSettings) -> dict[str, Any]:
    formulas = {}
    for key in ("formula_zh", "formula_en"):
        text = entry[key]
        for name, value in names.items():
            text = text.replace(name, value)
        formulas[key] = text
    lag = {"lag_days": settings.second_purchase_days} if entry["key"] == "second_purchase_rate" else {}
    settle = {"settle_days": settings.settle_days if entry.pop("settles", False) else 0}
    return entry | formulas | lag | settle
