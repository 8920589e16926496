"""DuckDB as a query engine, never as a store: every connection is in memory and bounded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb


def connect(
    scratch_dir: Path | None = None, memory_mb: int = 1024, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory engine.

    Parameters
    ----------
    scratch_dir : Path, optional
        Where it may spill what doesn't fit into memory; without one it may not spill.
    memory_mb : int
        Memory limit in MiB (the engine's default would take 80 % of the machine).
    threads : int, optional
        Worker threads; default: one per core.

    Returns
    -------
    duckdb.DuckDBPyConnection
        Use a cursor per task: a result that was read in part blocks its connection.
    """
    if scratch_dir is not None:
        scratch_dir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mb}MiB",
            "threads": threads or os.cpu_count() or 1,
            "temp_directory": str(scratch_dir) if scratch_dir is not None else "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # the engine's own bar would write into ours
    return connection


def lock(connection: duckdb.DuckDBPyConnection, folders: Sequence[Path]) -> None:
    """Wall an engine in for good: it may read files of these folders, open nothing else, and change no setting."""
    listed = ", ".join("'" + str(folder).replace("'", "''") + "/'" for folder in folders)
    connection.execute("SET python_enable_replacements = false")  # a name in a query is never a Python variable
    connection.execute(f"SET allowed_directories = [{listed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
