"""What can be measured of a customer in a trial: each outcome's name, words, unit and good direction.

Outcomes are of the window of one customer: the day of entry and the days after it, up to the horizon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that is measured of every customer of a trial.

    Parameters
    ----------
    name
        Column of the table of units.
    kind
        ``share``: 0 or 1 of a customer. ``money``: minor units. ``count``: a number of things.
    higher_is_better
        False for unsubscribes, complaints and refunds.
    """

    name: str
    zh: str
    en: str
    kind: Literal["share", "money", "count"]
    higher_is_better: bool = True


OUTCOMES: Mapping[str, Outcome] = MappingProxyType(
    {
        one.name: one
        for one in (
            Outcome("repurchase", "复购", "bought again", "share"),
            Outcome("margin", "毛利", "margin", "money"),
            Outcome("revenue", "净销售额", "net revenue", "money"),
            Outcome("orders", "订单数", "orders", "count"),
            Outcome("unsubscribed", "退订", "unsubscribed", "share", higher_is_better=False),
            Outcome("complained", "投诉", "complained", "share", higher_is_better=False),
            Outcome("refunded", "退款", "asked money back", "share", higher_is_better=False),
        )
    }
)
"""Outcomes by name, in the order in which a report shows them."""
