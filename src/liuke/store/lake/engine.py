"""DuckDB as a query engine, never as a store: every connection is in memory and bounded."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb


def connect(scratch_dir: Path, memory_mb: int = 1024, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory engine.

    Parameters
    ----------
    scratch_dir : Path
        Where it may spill what doesn't fit into memory.
    memory_mb : int
        Memory limit in MiB (the engine's default would take 80 % of the machine).
    threads : int, optional
        Worker threads; default: one per core.

    Returns
    -------
    duckdb.DuckDBPyConnection
        Use a cursor per task: a result that was read in part blocks its connection.
    """
    scratch_dir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mb}MiB",
            "threads": threads or os.cpu_count() or 1,
            "temp_directory": str(scratch_dir),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # the engine's own bar would write into ours
    return connection
