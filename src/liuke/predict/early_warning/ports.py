"""What the early warning asks of the rooms around it."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import duckdb


class Moment(Protocol):
    """What the shop knew at a moment; ``liuke.collect.history.Moment`` is one."""

    @property
    def as_of(self) -> date:
        """The day at whose midnight history ends."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with the views of the moment."""
