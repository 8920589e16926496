"""What value models ask of the rooms around them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

import duckdb
import numpy as np
import numpy.typing as npt


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

    def days(self) -> tuple[date, date] | None:
        """Return the first and the last day with a paid order."""


class Covariates(Protocol):
    """What else is known of customers at a moment, as numbers; NaN where a value is missing."""

    def __call__(
        self, moment: Moment, customer_id: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
        """Return an array of shape (n_customers, n_features), in the order of the ids, and the features' names."""
