"""The engine that runs what users wrote: locked down, bounded in memory, and stopped when its time is over.

Nothing typed by a user reaches it as text (rules are compiled, expressions are written anew). These are the walls
behind that: no file outside the named folders, no network, no extension, no change of a setting, no spilling to disk.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from liuke.store.lake import connect, lock
from liuke.understand.segments.config import SegmentSettings
from liuke.understand.segments.errors import SegmentStoppedError

CONCURRENT_QUERIES = 4
"""Questions at one time; more only take memory from one another."""


class LockedEngine:
    """An in-memory DuckDB with some tables, which can do nothing but read them.

    Parameters
    ----------
    tables : mapping of name to relation
        A path or a SELECT text becomes a view over Parquet files, an Arrow table is copied in.
    settings : SegmentSettings
        Bounds of a question.
    folders : sequence of Path
        Folders whose files the views read; nothing else can be opened.
    """

    def __init__(
        self,
        tables: Mapping[str, Path | str | pa.Table],
        settings: SegmentSettings,
        folders: Sequence[Path] = (),
    ) -> None:
        self._settings = settings
        self._turn = threading.BoundedSemaphore(CONCURRENT_QUERIES)
        # no folder to spill into: that would be a way to fill the disk
        self._database = connect(None, self._settings.memory_mb, self._settings.threads)
        # a published file never changes; its footer (a hundred groups of 140 columns) takes a fifth of a count to read
        self._database.execute("SET parquet_metadata_cache = true")
        for name, content in tables.items():
            self._fill(name, content)
        lock(self._database, folders)

    def _fill(self, name: str, content: Path | str | pa.Table) -> None:
        if isinstance(content, pa.Table):
            self._database.register("arriving", content)
            self._database.execute(f'CREATE TABLE "{name}" AS SELECT * FROM arriving')
            self._database.unregister("arriving")
            return
        path = str(content).replace("'", "''")
        select = content if isinstance(content, str) else f"SELECT * FROM read_parquet('{path}')"
        self._database.execute(f'CREATE VIEW "{name}" AS {select}')

    def columns(self, name: str) -> dict[str, str]:
        """Return the columns of a table with their types."""
        return {row[0]: row[1] for row in self.rows(f'DESCRIBE SELECT * FROM "{name}"')}

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one query and return all its rows.

        Raises
        ------
        SegmentStoppedError
            If it takes longer or more memory than it may.
        """
        with self._cursor() as cursor:
            return cursor.execute(sql, parameters or {}).fetchall()

    def arrow(self, sql: str) -> pa.Table:
        """Run one query and return its result as an Arrow table.

        Raises
        ------
        SegmentStoppedError
            If it takes longer or more memory than it may.
        """
        with self._cursor() as cursor:
            return cursor.sql(sql).to_arrow_table()

    def close(self) -> None:
        """Give the memory back."""
        self._database.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        seconds = self._settings.timeout_s
        if not self._turn.acquire(timeout=seconds):
            raise SegmentStoppedError(
                f"{CONCURRENT_QUERIES} questions about segments are running already",
                hint="try again in a moment",
                retryable=True,
            )
        cursor = self._database.cursor()
        clock = threading.Timer(seconds, cursor.interrupt)
        clock.daemon = True
        clock.start()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield cursor
        except duckdb.InterruptException:
            raise SegmentStoppedError(
                f"the question was stopped after {seconds:g} seconds",
                hint="ask for a shorter window or fewer conditions; [segments] timeout_s sets the limit",
            ) from None
        except duckdb.OutOfMemoryException:
            raise SegmentStoppedError(
                f"the question needs more than {self._settings.memory_mb} MiB of memory",
                hint="ask for a shorter window or fewer conditions; [segments] memory_mb sets the limit",
            ) from None
        finally:
            clock.cancel()
            cursor.close()
            self._turn.release()
