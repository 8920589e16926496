"""Where the rows come from: a file or another room's query, with row numbers as its reader counts them.

A csv is read as text, so that a cell that is no number is found and named instead of being guessed away.
"""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import IO

import duckdb

from liuke.learn.analysis.errors import PlanError, TableError

_LINE = re.compile(r"Line: (\d+)")
_TEXT = ("VARCHAR",)
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


@dataclass(frozen=True, slots=True)
class Table:
    """Something rows can be selected from.

    Parameters
    ----------
    connection
        The engine that reads it.
    relation
        What stands behind FROM.
    label
        Its name in reports and errors.
    types
        DuckDB type of each column, by name in the table's own spelling.
    first_row
        Number of the first row as a reader counts: 2 below a csv's header, else 1.
    file
        The csv behind it, to find a row's number among blank lines; None for other tables.
    delimiter
        Of that csv.
    """

    connection: duckdb.DuckDBPyConnection
    relation: str
    label: str
    types: dict[str, str]
    first_row: int = 1
    file: Path | None = None
    delimiter: str = ","

    def column(self, name: str, asked_by: str) -> str:
        """Return the table's spelling of a column.

        Raises
        ------
        PlanError
            If there is none of that name: suggests the closest.
        """
        if name in self.types:
            return name
        by_fold = {one.casefold(): one for one in self.types}
        if name.casefold() in by_fold:
            return by_fold[name.casefold()]
        near = get_close_matches(name.casefold(), list(by_fold), n=1, cutoff=0.5)
        hint = f"did you mean '{by_fold[near[0]]}'?" if near else f"its columns are {', '.join(self.types)}"
        raise PlanError(f"{self.label} has no column '{name}' ({asked_by})", hint=hint)

    def is_text(self, name: str) -> bool:
        """Whether the column holds text, which may or may not be numbers."""
        return self.types[name] in _TEXT

    def is_date(self, name: str) -> bool:
        """Whether the column holds days or instants."""
        return self.types[name].startswith(("DATE", "TIMESTAMP"))

    def number(self, name: str) -> str:
        """Return SQL of the column as DOUBLE: an empty cell is NULL, one that is no number is NaN."""
        quoted = identifier(name)
        kind = self.types[name]
        if kind == "DOUBLE":
            return quoted
        if kind == "BOOLEAN" or kind in _NUMBERS or kind.startswith(("DECIMAL", "FLOAT")):
            return f"{quoted}::DOUBLE"
        text = f"trim({quoted}::VARCHAR)"
        return (
            f"CASE WHEN {quoted} IS NULL OR {text} = '' THEN NULL "
            f"ELSE coalesce(TRY_CAST({text} AS DOUBLE), CASE lower({text}) "
            "WHEN 'yes' THEN 1 WHEN 'y' THEN 1 WHEN 'true' THEN 1 WHEN 't' THEN 1 WHEN '是' THEN 1 "
            "WHEN 'no' THEN 0 WHEN 'n' THEN 0 WHEN 'false' THEN 0 WHEN 'f' THEN 0 WHEN '否' THEN 0 "
            "ELSE 'nan'::DOUBLE END) END"
        )

    def words(self, name: str) -> str:
        """Return SQL of the column as text without outer blanks; an empty cell is NULL."""
        if not self.is_text(name):
            return f"{identifier(name)}::VARCHAR"
        return f"nullif(trim({identifier(name)}::VARCHAR), '')"

    def key(self, name: str) -> str:
        """Return SQL of a 64-bit hash of the column; equal cells have equal hashes."""
        return f"hash({self.words(name) if self.is_text(name) else identifier(name)})"

    def day(self, name: str) -> str:
        """Return SQL of the column as DATE; NULL where it is empty or no day."""
        if self.types[name].startswith("DATE"):
            return identifier(name)
        return f"coalesce(TRY_CAST({identifier(name)} AS DATE), TRY_CAST({identifier(name)} AS TIMESTAMP)::DATE)"

    def rows(self, where: str, shown: str, limit: int = 2) -> list[tuple[int, str]]:
        """Return number and shown value of the first rows that fulfil a condition; reads the table once more."""
        query = (
            f"SELECT n, shown FROM (SELECT row_number() OVER () AS n, {shown} AS shown, ({where}) AS wanted "
            f"FROM {self.relation}) WHERE wanted ORDER BY n LIMIT {limit}"
        )
        found = self.connection.execute(query).fetchall()
        return [(self._number_in_file(int(n)), "" if value is None else str(value)) for n, value in found]

    def _number_in_file(self, ordinal: int) -> int:
        """Count blank lines too: the engine skips them, a reader of the file doesn't."""
        if self.file is None:
            return ordinal - 1 + self.first_row
        with _open_text(self.file) as lines:
            seen = 0
            for number, record in enumerate(csv.reader(lines, delimiter=self.delimiter), start=1):
                seen += bool(record)
                if seen == ordinal + self.first_row - 1:
                    return number
        return ordinal - 1 + self.first_row


def open_file(path: Path, connection: duckdb.DuckDBPyConnection) -> Table:
    """Open a csv, csv.gz, tsv or parquet file.

    Raises
    ------
    TableError
        If it isn't there, is of another kind, or cannot be read: names the row where the engine stopped.
    """
    if not path.is_file():
        raise TableError(f"there is no file {path}", hint="give the path of a csv, csv.gz or parquet file")
    name = path.name.casefold()
    if name.endswith((".parquet", ".pq")):
        relation = f"read_parquet({literal(str(path))})"
        try:
            return Table(connection, relation, path.name, _types(connection, relation))
        except duckdb.Error as error:
            raise unreadable(path.name, error) from None
    if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")):
        return _open_csv(path, connection)
    raise TableError(f"{path.name} is no csv, csv.gz or parquet file", hint="export it as one of these")


def _open_csv(path: Path, connection: duckdb.DuckDBPyConnection) -> Table:
    """Nothing is guessed but the separator: the engine's own guess would skip a header that it doesn't like."""
    delimiter, names = _header(path)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    relation = (
        f"read_csv({literal(str(path))}, columns = {{{columns}}}, auto_detect = false, header = true, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"')"
    )
    return Table(connection, relation, path.name, dict.fromkeys(names, "VARCHAR"), 2, path, delimiter)


def open_query(connection: duckdb.DuckDBPyConnection, query: str, label: str) -> Table:
    """Open what another room selects.

    Raises
    ------
    TableError
        If the query does not run.
    """
    relation = f"({query})"
    try:
        return Table(connection, relation, label, _types(connection, relation))
    except duckdb.Error as error:
        raise unreadable(label, error) from None


def unreadable(label: str, error: duckdb.Error) -> TableError:
    """Turn the engine's complaint into one that names the row."""
    text = str(error)
    found = _LINE.search(text)
    first = text.splitlines()[0].removeprefix("Invalid Input Error: ")
    if "utf-8" in text.casefold() or "unicode" in text.casefold():
        hint = "save it as UTF-8; exports of Chinese office programs are often GBK"
    else:
        hint = "each row needs as many cells as the header; quote cells that hold the separator"
    rows = (int(found[1]),) if found else ()
    where = f"{label}, row {rows[0]}" if rows else label
    return TableError(f"{where} cannot be read: {first}", hint=hint, rows=rows)


def identifier(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _header(path: Path) -> tuple[str, list[str]]:
    try:
        with _open_text(path) as lines:
            first = lines.readline()
            lines.seek(0)
            delimiter = max((",", "\t", ";", "|"), key=first.count)
            names = [name.strip() for name in next(csv.reader(lines, delimiter=delimiter), [])]
    except OSError as error:
        raise TableError(f"{path.name} cannot be read: {error}", hint="is it complete?") from None
    if not any(names):
        raise TableError(f"{path.name} has no header in row 1", hint="put the columns' names there", rows=(1,))
    names = [name or f"column{i}" for i, name in enumerate(names, start=1)]
    twice = sorted({name for name in names if [one.casefold() for one in names].count(name.casefold()) > 1})
    if twice:
        raise TableError(f"{path.name}, row 1: two columns are named '{twice[0]}'", hint="rename one", rows=(1,))
    return delimiter, names


def _open_text(path: Path) -> IO[str]:
    if path.name.casefold().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")
