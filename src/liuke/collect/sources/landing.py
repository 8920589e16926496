"""One file on its way into the lake: staged, judged, written as one Parquet file per table.

A landing changes nothing that anybody sees: its files become part of a table by a keyed commit, and rows count only
when the load is committed in the register. What it writes is a function of the file, the mapping and the other visible
loads, so after a crash the same files come out.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from liuke.collect.consent import ConsentRecord
from liuke.collect.identity import IDENTITIES, PERSONAL_FIELDS, ProfileRecord
from liuke.collect.quality import QuarantinedRow, told
from liuke.collect.sources.emission import Emission
from liuke.collect.sources.errors import RefusedFileError
from liuke.collect.sources.held import LINE
from liuke.collect.sources.ids import IdBook
from liuke.collect.sources.lines import columns_of
from liuke.collect.sources.loads import Outcome
from liuke.collect.sources.plan import CONTENT, LIVE, QUARANTINED, Plan, raw
from liuke.collect.sources.projection import BEGINNING, Origin, emission_sql, link_sql, wanted_ids
from liuke.collect.sources.readers import ROW, UNREADABLE, Source
from liuke.collect.sources.sql import identifier, literal
from liuke.collect.sources.statements import TABLE as STATEMENTS
from liuke.collect.sources.statements import held, held_refusals, loaded_statements
from liuke.collect.sources.tables import ROW_KEYS
from liuke.collect.sources.targets import OPERATIONAL
from liuke.collect.sources.verdicts import ALL, EXCEPTIONS, Judge, Verdicts, content_sql
from liuke.store.lake import Lake

# Level 1 costs hardly more than snappy. Ids hardly repeat: a dictionary of them, or a filter over it, is built in vain.
_OPTIONS = "FORMAT parquet, COMPRESSION {}, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false"
_DENSE = _OPTIONS.format("zstd, COMPRESSION_LEVEL 1")
_PLAIN = _OPTIONS.format("snappy")  # for hashes, which nothing makes smaller
_BATCH_ROWS = 20_000


class Landing:
    """Brings one file down.

    Parameters
    ----------
    connection : DuckDBPyConnection
        The one that opened the source.
    lake : Lake
    origin : Origin
    plan : Plan
    source : Source
    file_key : str
    folder : Path
        Scratch folder of this load.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        lake: Lake,
        origin: Origin,
        plan: Plan,
        source: Source,
        file_key: str,
        folder: Path,
    ) -> None:
        self._connection = connection
        self._lake = lake
        self._origin = origin
        self._plan = plan
        self._source = source
        self._file_key = file_key
        self._folder = folder
        self._verdicts: Verdicts | None = None

    @property
    def verdicts(self) -> Verdicts:
        """The verdict; only after ``judge``."""
        assert self._verdicts is not None
        return self._verdicts

    def judge(self, known: Mapping[int, str]) -> None:
        """Decide over every row."""
        known_keys = None
        if known and self._plan.key:
            ids = ", ".join(map(str, sorted(known)))
            known_keys = f"(SELECT * FROM {self._lake.scan_sql(ROW_KEYS.name)} WHERE load_id IN ({ids}))"
        # keys may be personal (a phone number), so their ids are always peppered
        mapping = self._origin.mapping
        judge = Judge(self._connection, self._plan, self._source, f"{self._origin.pepper}row:{mapping.source}")
        self._verdicts = judge.judge(mapping.format, known, known_keys, wanted_ids(self._plan, self._origin))
        self._origin = self._origin.within(self._verdicts.times)

    def admit(self, max_bad_share: float) -> None:
        """Let the file in as a whole.

        Raises
        ------
        RefusedFileError
            If too many rows would be quarantined.
        """
        bad = sum(self.verdicts.quarantined.values())
        if self.verdicts.rows and bad / self.verdicts.rows > max_bad_share:
            worst = max(self.verdicts.quarantined.items(), key=lambda item: item[1])
            raise RefusedFileError(
                f"{self._file_key}: {bad:,} of {self.verdicts.rows:,} rows can't be loaded, "
                f"most of them because: {told(worst[0]).en}",
                "the mapping is probably wrong; nothing was loaded (`max_bad_share` in the mapping sets the limit)",
            )

    def write(self) -> Iterator[tuple[str, int]]:
        """Write and register each table's rows, yielding (table, rows) after each commit."""
        parts: dict[str, list[str]] = {}
        for emission in self._plan.emissions:
            sql = emission_sql(emission, self.verdicts, self._origin)
            parts.setdefault(emission.table, []).append(sql)
        for link in self._plan.links:
            parts.setdefault(IDENTITIES.name, []).append(link_sql(link, self.verdicts, self._origin))
        if self.verdicts.keys:
            parts[ROW_KEYS.name] = [self._keys_sql()]
        for table, selects in parts.items():
            if table in OPERATIONAL:
                rows = self._copy(" UNION ALL ".join(selects), self._folder / f"{table}.parquet")
                if not rows:  # most events say nothing of consent
                    continue
            else:
                rows = self._commit(table, selects)
            yield table, rows

    def outcome(self, tables: Mapping[str, int]) -> Outcome:
        """Return the load's counts."""
        verdicts = self.verdicts
        return Outcome(verdicts.rows, verdicts.loaded, verdicts.filtered, verdicts.quarantined, tables)

    def profiles(self) -> Iterator[ProfileRecord]:
        """Yield the personal values of the loaded rows."""
        for row in self._rows_of("profiles"):
            values = {name: row[name] for name in PERSONAL_FIELDS}
            yield ProfileRecord(
                self._origin.load_id, row["row_number"], row["identity_id"], row["recorded_at"], **values
            )

    def consents(self, now: datetime) -> Iterator[ConsentRecord]:
        """Yield the statements of the loaded rows."""
        yield from loaded_statements(self._rows_of(STATEMENTS), self._origin.load_id, now)

    def refusals(self, load_id: int, now: datetime) -> Iterator[ConsentRecord]:
        """Yield the refusals of the rows that can't be loaded.

        Parameters
        ----------
        load_id : int
            The load in whose name the rows are held.
        now : datetime
            Naive UTC: when a refusal without a readable moment counts as said.
        """
        emissions = [held(emission, ROW) for emission in self._plan.emissions if emission.table == STATEMENTS]
        codes = self._refused_codes()
        if not emissions or not codes:
            return
        self._find_refused(codes)
        number = self.verdicts.numbering.format("e." + ROW)
        columns = ", ".join(f"s.{raw(name)} AS {identifier(name)}" for name in self._plan.names)
        rows = f"(SELECT {number} AS {ROW}, {columns} FROM refused AS e JOIN refused_rows AS s USING ({CONTENT}))"
        typed = self._plan.typed(rows, "" if self._source.numbered else f"{ROW}, ")
        yield from held_refusals(self._statements(emissions, typed, "{}"), load_id, now)

    def clear_refusals(self, now: datetime) -> Iterator[ConsentRecord]:
        """Yield the refusals of a file that is refused as a whole: those that are as clear as in a loaded row."""
        emissions = [emission for emission in self._plan.emissions if emission.table == STATEMENTS]
        loadable = self._statements(emissions, LIVE, self.verdicts.numbering)
        said = (*held_refusals(loadable, self._origin.load_id, now), *self.refusals(self._origin.load_id, now))
        yield from (record for record in said if record.held_row is None)

    def _statements(self, emissions: list[Emission], relation: str, numbering: str) -> Iterator[dict[str, Any]]:
        # their keys were never looked up, and their times may lie beyond those of the loaded rows
        verdicts = replace(self.verdicts, book=IdBook({}), numbering=numbering)
        origin = replace(self._origin, offsets={})
        for emission in emissions:
            found = self._connection.sql(emission_sql(emission, verdicts, origin, relation))
            yield from found.to_arrow_table().to_pylist()

    def quarantined(self) -> Iterator[QuarantinedRow]:
        """Yield the rows that can't be loaded, as they stand in the file."""
        for row_number, reason, line in _batches(
            self._connection, f"SELECT {ROW}, reason, line FROM {UNREADABLE} ORDER BY 1"
        ):
            yield self._held(row_number, reason, None, {LINE: line})
        codes = self._refused_codes()
        if not codes:
            return
        self._find_refused(codes)
        names = self._plan.names
        last = None
        for row_number, code, *values in _batches(self._connection, self._held_sql()):
            if row_number == last:  # several rows of the same content: any of them is this one
                continue
            last = row_number
            why = self.verdicts.reasons[code]
            yield self._held(row_number, why.text, why.field, dict(zip(names, values, strict=True)))

    def _refused_codes(self) -> list[int]:
        """Return the codes of the reasons for quarantine; none if no row is held."""
        codes = [code for code, reason in enumerate(self.verdicts.reasons) if reason.verdict == QUARANTINED]
        return codes if sum(self.verdicts.quarantined.values()) else []

    def _held_sql(self) -> str:
        """Return the SELECT of refused rows as they stand in the file."""
        number = self.verdicts.numbering.format("e." + ROW)
        columns = ", ".join(f"CAST(s.{raw(name)} AS VARCHAR)" for name in self._plan.names)
        return (
            f"SELECT {number} AS row_number, e.code, {columns} FROM refused AS e "
            f"JOIN refused_rows AS s ON e.{CONTENT} = s.{CONTENT} ORDER BY e.{ROW}"
        )

    def _find_refused(self, codes: list[int]) -> None:
        """Put refused rows, as they stand in the file, into ``refused`` (which) and ``refused_rows`` (what).

        Columns that the mapping doesn't use weren't kept: they are fetched from the file by line, and where that
        doesn't give the rows, by another scan. Either way rows are known by the hash of their content.
        """
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE refused AS SELECT {ROW}, code, {CONTENT} FROM {EXCEPTIONS} "
            f"JOIN {ALL} USING ({ROW}) WHERE code IN ({', '.join(map(str, codes))})"
        )
        if not self._fetch_refused(self.verdicts.numbering.format("e." + ROW)):
            self._scan_refused()

    def _fetch_refused(self, number: str) -> bool:
        """Put the refused rows' lines into ``refused_rows``; tell whether all of them are what they should be."""
        text, header_lines = self._source.text, self._source.header_lines
        if text is None or header_lines is None:
            return False
        rows = self._connection.sql(f"SELECT {number} - 1 AS line FROM refused AS e ORDER BY 1").fetchnumpy()["line"]
        names = self._plan.names
        columns = columns_of(text.values(np.asarray(rows, dtype=np.int64) + header_lines), len(names))
        fetched = pa.table({f"c{place}": pa.array(column, pa.string()) for place, column in enumerate(columns)})
        self._connection.register("fetched_lines", fetched)
        named = ", ".join(f"c{place} AS {raw(name)}" for place, name in enumerate(names))
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE refused_rows AS SELECT DISTINCT ON ({CONTENT}) * FROM "
            f"(SELECT *, {content_sql(self._plan)} AS {CONTENT} FROM (SELECT {named} FROM fetched_lines))"
        )
        self._connection.unregister("fetched_lines")
        missing = f"SELECT count(*) FROM refused AS e ANTI JOIN refused_rows AS s ON e.{CONTENT} = s.{CONTENT}"
        return not self._connection.execute(missing).fetchall()[0][0]

    def _scan_refused(self) -> None:
        """Put the refused rows into ``refused_rows`` by scanning the file again."""
        raws = ", ".join(raw(name) for name in self._plan.names)
        scanned = f"SELECT {raws}, {content_sql(self._plan)} AS {CONTENT} FROM {self._plan.scan}"
        # The engine can't know how many rows a text holds and would build its hash table over the whole file.
        self._connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE refused_rows AS SELECT s.* FROM ({scanned}) AS s "
            f"SEMI JOIN refused AS e ON s.{CONTENT} = e.{CONTENT}"
        )
        self._connection.execute("RESET disabled_optimizers")

    def filtered_rows(self) -> list[int]:
        """Return the numbers of the rows that were left out by a rule."""
        codes = [code for code, reason in enumerate(self.verdicts.reasons) if reason.verdict != QUARANTINED]
        listed = ", ".join(map(str, codes)) or "-1"
        return self._numbers(f"{EXCEPTIONS} WHERE code IN ({listed})")

    def loaded_rows(self) -> list[int]:
        """Return the numbers of the rows that are loaded (a release asks for them; a file's may be many)."""
        return self._numbers(LIVE)

    def _numbers(self, relation: str) -> list[int]:
        return [row[0] for row in self._connection.execute(f"SELECT {ROW} FROM {relation} ORDER BY 1").fetchall()]

    def _held(self, row_number: int, reason: str, field: str | None, raw: Mapping[str, str | None]) -> QuarantinedRow:
        return QuarantinedRow(
            self._origin.load_id, row_number, self._origin.mapping.source, self._file_key, reason, field, raw
        )

    def _keys_sql(self) -> str:
        row_number = self.verdicts.numbering.format(f"k.{ROW}")
        return (
            f"SELECT k.key_id, k.content_hash, {literal(duckdb.__version__)} AS hashed_by, "
            f"CAST({self._origin.load_id} AS BIGINT) AS load_id, {row_number} AS row_number, "
            f"{literal(self._origin.mapping.source)} AS source, {BEGINNING} AS recorded_at "
            f"FROM {self.verdicts.keys} AS k"
        )

    def _commit(self, table: str, selects: list[str]) -> int:
        """Write the table's files for this load and register them, unless an earlier attempt did."""
        folder = self._lake.data_dir(table) / f"load-{self._origin.load_id}"
        paths = [folder / f"part-{number}.parquet" for number in range(len(selects))]
        registered = set(self._lake.files(table)) if folder.exists() else set()
        if not registered.isdisjoint(map(str, paths)):  # one commit registers them all: they must not change any more
            return sum(pq.read_metadata(path).num_rows for path in paths if str(path) in registered)
        folder.mkdir(parents=True, exist_ok=True)
        written = {path: self._copy(select, path) for path, select in zip(paths, selects, strict=True)}
        filled = [path for path, rows in written.items() if rows]
        for path in set(paths) - set(filled):
            path.unlink()
        if not filled:
            shutil.rmtree(folder)
            return 0
        summary = {"liuke.source": self._origin.mapping.source, "liuke.file": self._file_key}
        self._lake.add_files(table, filled, f"load:{self._origin.load_id}", summary)
        return sum(written.values())

    def _copy(self, select: str, path: Path) -> int:
        partial = path.with_suffix(".partial")
        options = _PLAIN if ROW_KEYS.name in path.parts else _DENSE
        rows = self._connection.execute(f"COPY ({select}) TO {literal(str(partial))} ({options})").fetchall()[0][0]
        partial.replace(path)
        return int(rows)

    def _rows_of(self, table: str) -> Iterator[dict[str, Any]]:
        path = self._folder / f"{table}.parquet"
        if path.exists():
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_BATCH_ROWS):
                    yield from batch.to_pylist()


def _batches(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[Any, ...]]:
    """Yield a query's rows; nothing else may use the connection meanwhile."""
    result = connection.execute(sql)
    while rows := result.fetchmany(_BATCH_ROWS):
        yield from rows
