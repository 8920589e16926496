"""From published rows to payloads: tags by family, risk, words beside keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from liuke.app.http.models import CustomerTag, Risk, TagFamily, Value, Words

ORDER_WORDS = {
    "order_paid": Words(zh="付款下单", en="Order paid"),
    "cancelled": Words(zh="取消订单", en="Order cancelled"),
    "refunded": Words(zh="退款", en="Refund"),
    "returned": Words(zh="退货", en="Return"),
}
"""What happens to orders, as a timeline calls it; behaviours have their words in the catalogue."""


def tag_families(definitions: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> list[TagFamily]:
    """Group a customer's tags by family, in the order of the definitions; tags without a value are left out."""
    families: dict[str, TagFamily] = {}
    for tag in definitions:
        value = _plain(values.get(tag["key"]))
        if value is None or value == []:
            continue
        family = families.setdefault(
            tag["family"], TagFamily(family=tag["family"], zh=tag["family_zh"], en=tag["family_en"], tags=[])
        )
        zh, en = _value_words(tag, value)
        family.tags.append(CustomerTag.model_validate({**tag, "value": value, "value_zh": zh, "value_en": en}))
    return list(families.values())


def risk(row: Mapping[str, Any]) -> Risk:
    """Pick the risk out of a customer's row; its reasons come ranked: causes with evidence, symptoms, circumstances."""
    return Risk.model_validate(row)


def strategy_words(strategies: Sequence[Mapping[str, Any]]) -> dict[str, Words]:
    """Map each strategy's key to its name."""
    return {strategy["strategy"]: Words(zh=strategy["zh"], en=strategy["en"]) for strategy in strategies}


def _plain(value: Any) -> Value:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list):
        return [str(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return float(value)  # DECIMAL


def _value_words(tag: Mapping[str, Any], value: Value) -> tuple[str | None, str | None]:
    words = {item["value"]: (item["zh"], item["en"]) for item in tag["values"]}
    if isinstance(value, list):
        pairs = [words.get(item, (item, item)) for item in value]
        return "、".join(zh for zh, _ in pairs), ", ".join(en for _, en in pairs)
    key = str(value).lower() if isinstance(value, bool) else str(value)
    return words.get(key, (None, None))
