"""What ingestion tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class FileState(StrEnum):
    """What the next ingestion would do with a file, or did."""

    NEW = "new"
    CHANGED = "changed"  # other content or another mapping than the load that is visible
    INTERRUPTED = "interrupted"  # a load of exactly this was begun and not committed
    LOADED = "loaded"
    RELEASED = "released"  # rows of it that came out of quarantine


@dataclass(frozen=True)
class FoundFile:
    """One file that a mapping claims.

    Parameters
    ----------
    source : str
    mapping : str
        File name of the mapping.
    file_key : str
        Its path below the part of the pattern that has no wildcard.
    path : Path
    stamp : (int, int)
        Its size and time of change when it was found.
    content_sha256 : str
    load_id : int
        Of the load that brings, or brought, this version.
    state : FileState
    """

    source: str
    mapping: str
    file_key: str
    path: Path
    stamp: tuple[int, int]
    content_sha256: str
    load_id: int
    state: FileState


@dataclass(frozen=True)
class LoadReport:
    """What became of one file: ``rows`` = ``loaded`` + filtered + quarantined, the latter two by reason.

    ``corrects`` tells that an older version of the file is no longer visible.
    """

    source: str
    file_key: str
    state: FileState
    load_id: int
    rows: int
    loaded: int
    filtered: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)
    corrects: bool = False


@dataclass(frozen=True)
class RefusedFile:
    """A file that was refused as a whole; nothing of it was loaded."""

    source: str
    file_key: str
    message: str
    hint: str


@dataclass(frozen=True)
class IngestReport:
    """What one ingestion (or release) did. ``unchanged`` counts the files that were loaded before."""

    loads: tuple[LoadReport, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    unchanged: int = 0

    @property
    def loaded(self) -> int:
        """Rows loaded, over all files."""
        return sum(report.loaded for report in self.loads)

    @property
    def filtered(self) -> int:
        """Rows left out by a named rule, over all files."""
        return sum(sum(report.filtered.values()) for report in self.loads)

    @property
    def quarantined(self) -> int:
        """Rows held in quarantine, over all files."""
        return sum(sum(report.quarantined.values()) for report in self.loads)


@dataclass(frozen=True)
class Load:
    """One load as the register has it."""

    load_id: int
    source: str
    file_key: str
    kind: str
    state: str
    visible: bool
    committed_at: datetime | None
    rows_total: int
    rows_loaded: int
    filtered: Mapping[str, int]
    quarantined: Mapping[str, int]
    tables: Mapping[str, int]
