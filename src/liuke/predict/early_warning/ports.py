"""What the early warning asks of the rooms around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

import duckdb
import pyarrow as pa


class Moment(Protocol):
    """What the shop knew at a moment; ``liuke.collect.history.Moment`` is one."""

    @property
    def as_of(self) -> date:
        """The day at whose midnight history ends."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with the views of the moment."""

    @property
    def inputs(self) -> Mapping[str, int | None]:
        """Snapshots of the lake tables that the views read."""

    def close(self) -> None:
        """Free what the moment holds."""


class Past(Protocol):
    """Opens moments; ``liuke.collect.history.History`` is one."""

    def at(self, as_of: date, known_at: datetime | None = None) -> Moment:
        """Open the moment of a day."""


class Scorer(Protocol):
    """Scores a past day with what was known then; ``liuke.predict.churn.ChurnService`` is one."""

    def train_and_evaluate(self, as_of: date, rng_seed: int = 0) -> object:
        """Train a model that knows nothing of ``as_of`` or later; ``NotEnoughData`` if it can't."""

    def score(self, as_of: date) -> pa.Table:
        """Return rows of ``churn_scores``."""
