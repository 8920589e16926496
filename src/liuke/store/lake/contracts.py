"""What the lake tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Commit:
    """One write: the snapshot it made and whether it was needed.

    ``repeated`` is true when a snapshot with the same commit key was there already, so that nothing was written.
    """

    table: str
    snapshot_id: int | None
    rows: int
    repeated: bool = False


@dataclass(frozen=True)
class Snapshot:
    """One state of a table. ``committed_at`` is naive UTC, ``rows`` the table's total in it."""

    snapshot_id: int
    committed_at: datetime
    operation: str
    rows: int
    added_rows: int
    summary: Mapping[str, str]


@dataclass(frozen=True)
class TableInfo:
    """A table at a glance."""

    name: str
    rows: int
    files: int
    bytes: int
    snapshots: int
    snapshot_id: int | None
    committed_at: datetime | None
