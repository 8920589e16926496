"""The data page: tables, loads, rows held back."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from liuke.app.http.models.common import Id, Model, Words


class LakeTable(Model):
    """One table of the lake when the build was made."""

    name: str
    rows: int
    bytes: int | None = None
    snapshot_id: Id | None = None
    committed_at: datetime | None = None


class RowsByReason(Model):
    """How many rows of a file weren't loaded for one reason."""

    reason: Words
    rows: int


class Load(Model):
    """One version of one file."""

    load_id: Id
    source: str
    file: str
    state: str
    rows: int | None
    loaded: int | None
    filtered: list[RowsByReason] = Field(description="Rows left out on purpose.")
    quarantined: list[RowsByReason] = Field(description="Rows that could not be read.")
    loaded_at: datetime | None


class QuarantineCount(RowsByReason):
    """Rows of a file that are held back for one reason."""

    source: str
    file: str


class Data(Model):
    """The data page."""

    as_of: date | None
    tables: list[LakeTable]
    loads: list[Load]
    quarantine: list[QuarantineCount]
