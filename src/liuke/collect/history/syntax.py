"""What the two engines write differently in the views of a moment; everything else is plain SQL that both read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Syntax:
    """One engine's way of writing.

    Parameters
    ----------
    name : str
        ``duckdb`` or ``spark``.
    instant_type : str
        Type of an instant without a zone.
    text_type : str
    latest : callable
        Column → aggregate of its last known value; equal times are told apart by load and row.
    """

    name: str
    instant_type: str
    text_type: str
    latest: Callable[[str], str]

    def instant(self, value: datetime) -> str:
        """Write an instant as a literal."""
        return f"{self.instant_type} '{value}'"


DUCKDB = Syntax(
    name="duckdb",
    instant_type="TIMESTAMP",
    text_type="VARCHAR",
    latest=lambda column: (
        f"last({column} ORDER BY recorded_at, load_id, row_number) FILTER (WHERE {column} IS NOT NULL) AS {column}"
    ),
)

SPARK = Syntax(
    name="spark",
    instant_type="TIMESTAMP_NTZ",
    text_type="STRING",
    latest=lambda column: (
        f"max_by({column}, struct(recorded_at, load_id, row_number)) FILTER (WHERE {column} IS NOT NULL) AS {column}"
    ),
)
