"""The example tables of the shipped tags, ready for an engine: rows of the views of a moment, and the expected values.

`apart` keeps every example a shop of its own; `together` puts them side by side in one, so that one plan answers them
all. Ranks depend on who else is there, so tags that read one stand in `apart` only.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from liuke.understand.tags import TagSet, load_examples

Rows = list[dict[str, Any]]
_STRIDE = 100
_OWN = ("customer_id", "order_id")


@dataclass(frozen=True)
class ExampleShop:
    """Relations by view, each a list of rows (columns left out are missing), and what the tags have to say of them."""

    place: str
    as_of: dt.date
    relations: dict[str, Rows]
    expect: dict[str, dict[int, Any]]


def apart() -> list[ExampleShop]:
    """Return one shop per example."""
    return [
        ExampleShop(one.place, one.as_of, one.relations(), {tag: dict(values) for tag, values in one.expect.items()})
        for one in load_examples()
    ]


def together(tags: TagSet) -> ExampleShop:
    """Return one shop with the customers of all examples, renumbered; without the tags that read a rank."""
    relations: dict[str, Rows] = {}
    expect: dict[str, dict[int, Any]] = {}
    shops = apart()
    assert len({shop.as_of for shop in shops}) == 1
    for number, shop in enumerate(shops):
        for view, rows in shop.relations.items():
            for row in rows:
                own = row | {key: row[key] + number * _STRIDE for key in _OWN if key in row}
                if view != "products" or own not in relations.get(view, []):
                    relations.setdefault(view, []).append(own)
        for tag, values in shop.expect.items():
            if not reads_a_rank(tags, tag):
                renamed = {customer + number * _STRIDE: value for customer, value in values.items()}
                expect.setdefault(tag, {}).update(renamed)
    return ExampleShop("all examples", shops[0].as_of, relations, expect)


def reads_a_rank(tags: TagSet, key: str) -> bool:
    """Whether a tag reads a rank, directly or through others."""
    return bool(tags[key].ranks) or any(reads_a_rank(tags, needed) for needed in tags[key].needs)
