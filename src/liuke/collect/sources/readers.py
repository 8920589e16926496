"""From a file to numbered rows: every data row of the file gets its number, whether it can be read or not.

A reader only says how to scan a file; the verdict scans it once. Workbooks and texts in other encodings are first
rewritten beside the engine's scratch files.
"""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.func import PythonUDFType

from liuke.collect.quality import because
from liuke.collect.sources.errors import RefusedFileError
from liuke.collect.sources.lines import TextFile
from liuke.collect.sources.mapping import FormatSpec
from liuke.collect.sources.sql import literal

ROW = "__row"  # the row's number in the file, from 1
UNREADABLE = "unreadable"  # temp table: __row, reason, line
UNDECODABLE = "�"
MAX_LINES_OF_A_ROW = 1_000  # more than that in one row means that a quote was never closed
_CHUNK = 1 << 20  # characters decoded at a time
_BATCH_ROWS = 20_000  # rows of a sheet written at a time
_READABLE_AS_IS = frozenset({"utf-8", "ascii"})

_REASONS = {
    "MISSING COLUMNS": because("row_too_short"),
    "TOO MANY COLUMNS": because("row_too_long"),
    "UNQUOTED VALUE": because("row_open_quote"),
    "INVALID ENCODING": because("row_wrong_encoding"),
    "LINE SIZE OVER MAXIMUM": because("row_too_big"),
}
_UNREADABLE = because("row_unreadable")


@dataclass(frozen=True)
class Source:
    """A file that can be scanned, more than once.

    Parameters
    ----------
    relation : str
        SQL of a relation with the file's columns, in the order of the rows; rows that can't be split into columns are
        missing from it.
    types : dict of str to str
        Column → engine type; ``VARCHAR`` for text formats.
    name : str
        Of the file, for errors.
    header_lines : int or None
        Lines of a text before its first row; None where every row can be read.
    numbered : bool
        Whether the relation has the rows' numbers in ``__row``; else they are counted.
    text : TextFile or None
        The file as lines, where single ones can be fetched.
    """

    relation: str
    types: dict[str, str]
    name: str
    header_lines: int | None = None
    numbered: bool = False
    text: TextFile | None = None


def open_source(connection: duckdb.DuckDBPyConnection, path: Path, spec: FormatSpec, folder: Path) -> Source:
    """Make a file scannable.

    Parameters
    ----------
    connection : DuckDBPyConnection
        A fresh one per file.
    path : Path
    spec : FormatSpec
    folder : Path
        An existing scratch folder; its files must outlive the scans.

    Raises
    ------
    RefusedFileError
        If the file has no columns, or isn't what its mapping says.
    """
    with explained(path.name, spec.kind):
        if spec.kind == "parquet":
            return parquet_source(connection, path)
        if spec.kind == "xlsx":
            return parquet_source(connection, _sheet_as_parquet(path, spec, folder / "rows.parquet"))
        return _csv(path, spec, folder)


def parquet_source(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Scan a Parquet file where it lies."""
    relation = f"read_parquet({literal(str(path))})"
    described = connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    return Source(relation, {str(row[0]): str(row[1]) for row in described}, path.name)


def collect_unreadable(connection: duckdb.DuckDBPyConnection, source: Source) -> int:
    """After the first scan, list the rows that couldn't be read in ``unreadable``; return how many there are.

    If there are any, the SQL function ``file_row`` is defined: from a row's number among the readable to its number in
    the file.
    """
    connection.execute(f"CREATE TEMP TABLE {UNREADABLE} ({ROW} BIGINT, reason VARCHAR, line VARCHAR)")
    if source.header_lines is None:
        return 0
    texts = " ".join(f"WHEN {literal(kind)} THEN {literal(text)}" for kind, text in _REASONS.items())
    connection.execute(
        f"INSERT INTO {UNREADABLE} SELECT line - {source.header_lines}, arg_min(CASE error_type {texts} "
        f"ELSE {literal(_UNREADABLE)} END, column_idx), trim(any_value(csv_line), chr(10) || chr(13)) "
        "FROM reject_errors GROUP BY line"
    )
    numbers = [row[0] for row in connection.execute(f"SELECT {ROW} FROM {UNREADABLE} ORDER BY 1").fetchall()]
    if not numbers:
        return 0
    endless = connection.execute(
        f"SELECT min({ROW}) FROM {UNREADABLE} WHERE length(line) - length(replace(line, chr(10), '')) > ?",
        [MAX_LINES_OF_A_ROW],
    ).fetchall()[0][0]
    if endless is not None:
        raise RefusedFileError(
            f"{source.name}: a quote in row {endless} is never closed, so the rows after it can't be told apart",
            "correct the row, or set `quote` in the mapping's format",
        )
    _define_file_row(connection, np.asarray(numbers, dtype=np.int64))
    return len(numbers)


@contextmanager
def explained(name: str, kind: str) -> Iterator[None]:
    """Turn what the engine says of a file into an error that says what to do."""
    try:
        yield
    except duckdb.Error as error:
        raise RefusedFileError(
            f"{name} can't be read as {kind}: {str(error).splitlines()[0]}",
            "check `format` in its mapping; nothing of the file was loaded",
        ) from error


def _define_file_row(connection: duckdb.DuckDBPyConnection, numbers: npt.NDArray[np.int64]) -> None:
    """Define the count around unreadable rows: the i-th (from 0) comes after numbers[i] - 1 - i readable ones."""
    starts = numbers - 1 - np.arange(numbers.size)

    def file_row(readable: pa.ChunkedArray) -> pa.Array:
        index = readable.to_numpy()
        return pa.array(index + np.searchsorted(starts, index - 1, side="right"))

    connection.create_function("file_row", file_row, ["BIGINT"], "BIGINT", type=PythonUDFType.ARROW)


def _csv(path: Path, spec: FormatSpec, folder: Path) -> Source:
    names = _header(path, spec)
    plain = path if codecs.lookup(spec.encoding).name in _READABLE_AS_IS else _as_utf8(path, spec, folder / "rows.csv")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    nulls = ", ".join(literal(text) for text in ("", *spec.null))
    options = (
        f"auto_detect = false, columns = {{{columns}}}, header = {str(spec.header).lower()}, "
        f"delim = {literal(spec.delimiter)}, quote = {literal(spec.quote)}, escape = {literal(spec.quote)}, "
        f"nullstr = [{nulls}], strict_mode = true, store_rejects = true, rejects_limit = 0"
    )
    text: TextFile | None = TextFile(plain, spec.delimiter, spec.quote, ("", *spec.null))
    if plain.suffix == ".gz":
        text = None
        options += ", compression = 'gzip'"
    scan = f"read_csv({literal(str(plain))}, {options})"
    types = dict.fromkeys(names, "VARCHAR")
    return Source(scan, types, path.name, int(spec.header), text=text)


def _header(path: Path, spec: FormatSpec) -> tuple[str, ...]:
    if spec.names:
        return _distinct(path, list(spec.names))
    with _open_text(path, spec.encoding) as file:
        quoting: Any = csv.QUOTE_MINIMAL if spec.quote else csv.QUOTE_NONE
        first = next(csv.reader(file, delimiter=spec.delimiter, quotechar=spec.quote or None, quoting=quoting), [])
    return _distinct(path, [name.removeprefix("﻿") for name in first])


def _distinct(path: Path, names: list[str]) -> tuple[str, ...]:
    lowered = [name.casefold() for name in names]
    if not names or not all(name.strip() for name in names) or len(set(lowered)) != len(names):
        raise RefusedFileError(
            f"{path.name}: the first row doesn't name columns that differ: {names}",
            "if the file has no header, write `header: false` and `names: [...]` in the mapping's format",
        )
    return tuple(names)


def _open_text(path: Path, encoding: str) -> IO[str]:
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding=encoding, errors="replace", newline="")
        return open(path, encoding=encoding, errors="replace", newline="")
    except LookupError:
        raise RefusedFileError(f"{encoding!r} is no encoding", "use a name such as utf-8 or gb18030") from None


def _as_utf8(path: Path, spec: FormatSpec, target: Path) -> Path:
    """Rewrite a text in UTF-8; what can't be decoded becomes U+FFFD, which the verdict finds."""
    with _open_text(path, spec.encoding) as file, open(target, "w", encoding="utf-8", newline="") as out:
        while chunk := file.read(_CHUNK):
            out.write(chunk)
    return target


def _sheet_as_parquet(path: Path, spec: FormatSpec, target: Path) -> Path:
    """Copy a sheet row by row, values as text; empty rows at the end are none."""
    from openpyxl import load_workbook  # here: it costs 0.2 s, and few sources are workbooks
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book[spec.sheet] if spec.sheet else book.worksheets[0]
    except (InvalidFileException, KeyError, OSError) as error:
        raise RefusedFileError(f"{path.name}: {error}", "check `format` in its mapping") from None
    rows = sheet.iter_rows(values_only=True)
    names = spec.names or tuple("" if cell is None else str(cell) for cell in next(rows, ()))
    schema = pa.schema([(name, pa.string()) for name in _distinct(path, list(names))])
    texts = ([_text(cell, spec.null) for cell in row[: len(names)]] for row in rows)
    filled = (row + [None] * (len(names) - len(row)) for row in texts if any(cell is not None for cell in row))
    with pq.ParquetWriter(target, schema) as writer:
        for batch in _batches(filled):
            columns = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
            writer.write_table(pa.table(columns, schema=schema))
    book.close()
    return target


def _batches(rows: Iterator[list[str | None]]) -> Iterator[list[list[str | None]]]:
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield batch


def _text(cell: object, null: tuple[str, ...]) -> str | None:
    """Return a cell as the text that a CSV export of it would hold."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        text = "true" if cell else "false"
    elif isinstance(cell, float) and cell.is_integer():
        text = str(int(cell))
    elif isinstance(cell, datetime):
        text = cell.isoformat(sep=" ", timespec="seconds")
    elif isinstance(cell, date):
        text = cell.isoformat()
    else:
        text = str(cell)
    return None if text == "" or text in null else text
