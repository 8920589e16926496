"""Quarantined rows on their way back: the same landing as a file's, fed from the sealed rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from liuke.collect.quality import QuarantinedRow
from liuke.collect.sources.readers import ROW, Source
from liuke.collect.sources.sql import identifier, literal

LINE = "(line)"  # the only raw value of a row that couldn't be split into columns


@dataclass(frozen=True)
class Group:
    """The held rows of one load."""

    source: str
    file_key: str
    load_id: int
    rows: tuple[QuarantinedRow, ...]


def grouped(rows: Iterable[QuarantinedRow]) -> list[Group]:
    """Return the rows by load, in the order given; rows that couldn't be split into columns need a corrected file."""
    readable = (row for row in rows if set(row.raw) != {LINE})
    by_load = groupby(readable, key=lambda row: (row.source, row.file_key, row.load_id))
    return [Group(*key, tuple(members)) for key, members in by_load]


def digest(group: Group, behaviours: Sequence[str]) -> str:
    """Return what makes this attempt the same as another: the rows tried and the catalogue they are held against."""
    numbers = ",".join(str(row.row_number) for row in group.rows)
    text = f"{group.load_id}|{numbers}|{','.join(behaviours)}"
    return hashlib.sha256(text.encode()).hexdigest()


def held_source(connection: duckdb.DuckDBPyConnection, group: Group, folder: Path) -> Source:
    """Make held rows scannable as the file's rows were, with the numbers they had there."""
    names = list(dict.fromkeys(name for row in group.rows for name in row.raw))
    columns = {name: pa.array([row.raw.get(name) for row in group.rows], pa.string()) for name in names}
    path = folder / "rows.parquet"
    pq.write_table(pa.table({ROW: pa.array([row.row_number for row in group.rows], pa.int64()), **columns}), path)
    listed = ", ".join(identifier(name) for name in (ROW, *names))
    relation = f"(SELECT {listed} FROM read_parquet({literal(str(path))}))"
    return Source(relation, dict.fromkeys(names, "VARCHAR"), group.file_key, numbered=True)
