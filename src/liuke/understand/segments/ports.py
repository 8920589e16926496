"""What the segments room asks of the outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Protocol

import duckdb


class Snapshot(Protocol):
    """A moment of `collect.history`: the views as the shop knew them."""

    @property
    def as_of(self) -> dt.date:
        """The day at whose 00:00 the views stand."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine with the views."""


class Reach(Protocol):
    """Knows who may be contacted, and where: consent, suppression and addresses together."""

    @property
    def channels(self) -> Sequence[str]:
        """The channels that are asked about."""

    def reachable(self, customer_ids: Collection[int], channel: str) -> Collection[int]:
        """Return the customers who may be contacted for marketing on a channel and have an address there."""
