"""Where an interval is told, is the value in it? Walks any document or row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

POINTS = ("value", "difference", "median", "estimate", "slope", "")


def told(node: Any) -> Iterator[tuple[str, float, float, float]]:
    """Yield name, low end, value and high end of every interval in a tree; unbounded and unknown ones are left out."""
    if isinstance(node, Mapping):
        for low, value, high in names(node):
            if None not in (node[low], node[value], node[high]):
                yield value, node[low], node[value], node[high]
        for inner in node.values():
            yield from told(inner)
    elif isinstance(node, list | tuple):
        for inner in node:
            yield from told(inner)


def names(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the names of low end, value and high end: ``low``, ``value_low_minor``, ``gain_low`` …"""
    for low in row:
        found = re.search(r"(^|_)low(_|$)", low)
        if not found:
            continue
        before, after = low[: found.start()], low[found.end() :]
        high = f"{before}{found.group(0).replace('low', 'high')}{after}"
        points = ("_".join(part for part in (before, point, after) if part) for point in POINTS)
        value = next((name for name in points if name in row), None)
        if value is not None and high in row:
            yield low, value, high
