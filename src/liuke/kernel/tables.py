"""How a room declares the tables it owns: grain, key, columns, units, personal data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

ColumnType = Literal["BIGINT", "INT", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP", "DECIMAL(18,4)", "VARCHAR[]"]


class PersonalData(StrEnum):
    """How close a column is to a person; erasure and masking go by it."""

    NONE = "none"
    PSEUDONYM = "pseudonym"  # an id that needs the operational store to name a person
    PERSONAL = "personal"
    CHILD = "child"  # about somebody under 14: needs the guardian's consent


@dataclass(frozen=True)
class ColumnSpec:
    """One column: its type, what it means and, where it has one, its unit."""

    name: str
    type: ColumnType
    doc: str
    unit: str = ""
    personal: PersonalData = PersonalData.NONE
    required: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One lake table.

    Parameters
    ----------
    name : str
        Its name in the lake.
    grain : str
        What one row is.
    key : tuple of str
        Columns that tell rows apart.
    columns : tuple of ColumnSpec
    doc : str
        What the table is for.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[ColumnSpec, ...]
    doc: str = ""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        missing = set(self.key) - set(names)
        if missing or len(set(names)) != len(names):
            raise ValueError(f"table {self.name}: key columns {sorted(missing)} missing or a column declared twice")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)
