"""What a detector found, in a sentence that an agent can say, in Chinese and English."""

from __future__ import annotations

import math
from typing import Any

from liuke.predict.early_warning.drift import Behaviour

BEHAVIOUR_NAMES = {
    Behaviour.VISITS: ("来访次数", "visits"),
    Behaviour.VISIT_LENGTH: ("每次停留", "length of a visit"),
    Behaviour.BASKET: ("客单价", "basket"),
    Behaviour.BREADTH: ("品类宽度", "breadth of categories"),
}
_SAYINGS = {
    Behaviour.VISITS: (
        "近{days}天只来访 {recent} 次，按以往习惯和全店同期变化应约 {usual} 次",
        "came {recent} times in {days} days, where own habit and the shop's season make about {usual} likely",
    ),
    Behaviour.VISIT_LENGTH: (
        "近{days}天每次来访的操作比以往少 {drop}（已扣除全店同期变化）",
        "visits in the last {days} days were {drop} shorter than before (after the shop's own movement)",
    ),
    Behaviour.BASKET: (
        "近{days}天的客单价比以往低 {drop}（已扣除全店同期变化）",
        "baskets in the last {days} days were {drop} smaller than before (after the shop's own movement)",
    ),
    Behaviour.BREADTH: (
        "近{days}天只看过或买过 {recent} 个品类，以往约 {usual} 个",
        "looked at or bought {recent} categories in {days} days, where about {usual} are usual",
    ),
}


def finding(behaviour: Behaviour, recent: float, usual: float, days: int) -> dict[str, Any]:
    """Return one finding as it stands in the column ``drift``."""
    change = recent / usual - 1
    slots = {"days": days, "recent": f"{recent:.0f}", "usual": f"{usual:.0f}", "drop": f"{-change:.0%}"}
    zh, en = (text.format(**slots) for text in _SAYINGS[behaviour])
    shown = math.floor(change * 1000 + 0.5) / 1000
    return {
        "behaviour": behaviour.value,
        "recent": round(recent, 2),
        "usual": round(usual, 2),
        "change": shown,
        "zh": zh,
        "en": en,
    }
