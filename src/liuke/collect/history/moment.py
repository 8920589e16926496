"""A moment: views that hold exactly what the shop knew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import TracebackType

import duckdb


class Moment:
    """What the shop knew at 00:00 of ``as_of``.

    Attributes
    ----------
    as_of : date
        Everything in the views happened before 00:00 of this shop-local day.
    known_at : datetime
        Everything in the views was recorded by this instant (naive UTC).
    connection : duckdb.DuckDBPyConnection
        Engine with the views of ``docs/explanation/architecture.md`` §5.
    inputs : mapping of str to int or None
        The snapshot of each lake table that the views read.
    """

    def __init__(
        self,
        as_of: date,
        known_at: datetime,
        connection: duckdb.DuckDBPyConnection,
        inputs: Mapping[str, int | None],
    ) -> None:
        self.as_of = as_of
        self.known_at = known_at
        self.connection = connection
        self.inputs = inputs

    def close(self) -> None:
        """Give the engine's memory and scratch files back."""
        self.connection.close()

    def __enter__(self) -> Moment:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
