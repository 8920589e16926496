"""How does the web process read a build? Pooled in-memory DuckDB connections that can do nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from liuke.app.publish.errors import NothingPublishedError
from liuke.app.publish.pointer import current_build
from liuke.store.lake import connect, lock

MEMORY_MB = 512  # for all queries of one build together
THREADS = 2
CONCURRENT_QUERIES = 8  # more at once only take memory from one another
TABLES = ("customers", "timeline", "contacts", "identities")


class OpenBuild:
    """One build, opened: documents in memory, tables behind a locked-down DuckDB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.build_id = folder.name
        self._turn = threading.BoundedSemaphore(CONCURRENT_QUERIES)
        self._database = _locked_down(folder)

    @cached_property
    def overview(self) -> dict[str, Any]:
        """The first page's document."""
        return dict(self._document("overview.json"))

    @cached_property
    def early_warning(self) -> dict[str, Any]:
        """The page of the early warning."""
        return dict(self._document("early_warning.json"))

    @cached_property
    def tags(self) -> list[dict[str, Any]]:
        """Tags with their words, kinds and pickable values."""
        return list(self._document("tags.json"))

    @cached_property
    def segments(self) -> list[dict[str, Any]]:
        """Size of each segment when it was last evaluated."""
        return list(self._document("segments.json"))

    @cached_property
    def value(self) -> dict[str, Any]:
        """What groups of customers are worth and may take with them, and by which model."""
        return dict(self._document("value.json"))

    @cached_property
    def status(self) -> dict[str, Any]:
        """Build, as-of, shop, tables and notes."""
        return dict(self._document("status.json"))

    def rows(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> list[dict[str, Any]]:
        """Run one query and return all its rows as dictionaries."""
        with self._cursor() as cursor:
            cursor.execute(sql, parameters)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._turn:
            cursor = self._database.cursor()
            try:
                yield cursor
            finally:
                cursor.close()

    def _document(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


class PublishedReader:
    """Always the current build; a request that holds an older one keeps it until it is done."""

    def __init__(self, published_dir: Path) -> None:
        self._published_dir = published_dir
        self._lock = threading.Lock()
        self._open: OpenBuild | None = None

    def current(self) -> OpenBuild:
        """Return the current build.

        Raises
        ------
        NothingPublishedError
            Run the loop first.
        """
        folder = current_build(self._published_dir)
        if folder is None:
            raise NothingPublishedError
        with self._lock:
            if self._open is None or self._open.build_id != folder.name:
                self._open = OpenBuild(folder)
            return self._open


def _locked_down(folder: Path) -> duckdb.DuckDBPyConnection:
    database = connect(None, MEMORY_MB, THREADS)
    for table in TABLES:
        path = str(folder / f"{table}.parquet").replace("'", "''")
        database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{path}')")
    lock(database, [folder])
    return database
