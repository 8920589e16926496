"""The data page: tables, loads, rows held back."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from liuke.app.http.models.common import Id, Model


class LakeTable(Model):
    """One table of the lake when the build was made."""

    name: str
    rows: int
    bytes: int | None = None
    snapshot_id: Id | None = None
    committed_at: datetime | None = None


class Load(Model):
    """One version of one file."""

    load_id: Id
    source: str
    file: str
    state: str
    rows: int | None
    loaded: int | None
    filtered: dict[str, int] = Field(description="Rows left out on purpose, by reason.")
    quarantined: dict[str, int] = Field(description="Rows that could not be read, by reason.")
    loaded_at: datetime | None


class QuarantineCount(Model):
    """Rows held back for one reason."""

    source: str
    file: str
    reason: str
    rows: int


class Data(Model):
    """The data page."""

    as_of: date | None
    tables: list[LakeTable]
    loads: list[Load]
    quarantine: list[QuarantineCount]
