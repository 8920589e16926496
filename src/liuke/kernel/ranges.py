"""Can one value pass all of some tests? A range that ends before it begins selects nobody, so it is a mistake."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any


def impossible(tests: Iterable[tuple[str, Any]]) -> bool:
    """Tell whether no value passes every test.

    Parameters
    ----------
    tests : iterable of (operator, operand)
        Operators `eq`, `in` (a sequence), `gt`, `gte`, `lt`, `lte` and `between` (a pair); others say nothing.

    Examples
    --------
    >>> impossible([("between", (90, 1))]), impossible([("gt", 3), ("lte", 4)])
    (True, False)
    >>> impossible([("in", ["a"]), ("eq", "b")])
    True
    """
    lows: list[tuple[Any, bool]] = []
    highs: list[tuple[Any, bool]] = []
    choices: list[list[Any]] = []
    for operator, operand in tests:
        if operator in ("gt", "gte"):
            lows.append((operand, operator == "gte"))
        elif operator in ("lt", "lte"):
            highs.append((operand, operator == "lte"))
        elif operator == "between":
            lows.append((operand[0], True))
            highs.append((operand[1], True))
        elif operator in ("eq", "in"):
            choices.append(list(operand) if operator == "in" else [operand])
    if any(_beyond(low, high) for low in lows for high in highs):
        return True
    if not choices:
        return False
    kept = [one for one in choices[0] if all(one in other for other in choices[1:])]
    return not any(
        not any(_beyond(low, (one, True)) for low in lows) and not any(_beyond((one, True), high) for high in highs)
        for one in kept
    )


def _beyond(low: tuple[Any, bool], high: tuple[Any, bool]) -> bool:
    """Tell whether nothing lies between two ends; ends of different kinds are for others to refuse."""
    (bottom, has_bottom), (top, has_top) = low, high
    numbers = all(isinstance(end, int | float) for end in (bottom, top))
    days = all(isinstance(end, date | str) for end in (bottom, top))
    if not (numbers or days):
        return False
    if days:
        bottom, top = str(bottom), str(top)  # ISO days order as texts do
    return bool(bottom > top or (bottom == top and not (has_bottom and has_top)))
