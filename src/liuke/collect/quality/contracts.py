"""The values that cross the door of the quality room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liuke.collect.quality.reasons import told


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row that could not be loaded.

    Parameters
    ----------
    load_id, row_number : int
        Which row of which version of a file.
    source, file_key : str
        The mapping and the file.
    reason : str
        Why, as it is kept, without any value of the row; ``told`` puts it into words.
    field : str or None
        The column at fault.
    raw : mapping of column to text
        The row as it stood in the file; personal.
    """

    load_id: int
    row_number: int
    source: str
    file_key: str
    reason: str
    field: str | None
    raw: Mapping[str, str | None]

    @property
    def message(self) -> str:
        """The reason with the value at fault; personal, because the value may be."""
        reason = told(self.reason).en
        value = None if self.field is None else self.raw.get(self.field)
        return reason if value is None else f"{self.field}: {value!r} {reason.removeprefix(f'{self.field} ')}"


@dataclass(frozen=True, slots=True)
class QuarantineCount:
    """How many rows are held for one reason."""

    source: str
    file_key: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which quarantined rows are meant; None means any."""

    source: str | None = None
    file_key: str | None = None
    reason: str | None = None
