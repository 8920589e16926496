"""A name that names nothing: which known one was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from liuke.kernel.text import folded

NEAR = 0.6
"""Likeness from which a name is offered; a letter missing or two exchanged in a short word are above it."""

SHOWN = 20
"""Known names that a hint lists when none is near."""


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Return the known names that are most like another, the likest first; none if nothing is near.

    Capitals, full-width letters and the order of words do not count: `add_to_cart` is near `cart_add`.
    """
    wanted, scored = folded(name).casefold(), []
    for one in dict.fromkeys(known):
        there = folded(one).casefold()
        likeness = max(_ratio(wanted, there), _ratio(_by_word(wanted), _by_word(there)))
        if likeness >= NEAR:
            scored.append((-likeness, one))
    return tuple(one for _, one in sorted(scored)[:most])


def hints(name: str, known: Iterable[str]) -> tuple[str, str]:
    """Return what to say after an unknown name, in Chinese and English: the near ones, or those there are."""
    names = sorted(set(known))
    if near := nearest(name, names):
        return f"是不是 {' 或 '.join(near)}？", f"did you mean {' or '.join(near)}?"
    listed = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
    return f"可用的有：{listed or '（没有）'}", f"known: {listed or 'none'}"


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _by_word(name: str) -> str:
    return "_".join(sorted(name.split("_")))
