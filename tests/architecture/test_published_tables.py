"""What the console's pages are made of is handed over: a table that is forgotten shows as "nothing is known"."""

from __future__ import annotations

from liuke.app.loop.publishing import PUBLISHED_TABLES
from liuke.app.publish.results import _EMPTY


def test_every_table_of_a_page_is_handed_over() -> None:
    assert set(_EMPTY) == set(PUBLISHED_TABLES)
    assert len(PUBLISHED_TABLES) >= 12
