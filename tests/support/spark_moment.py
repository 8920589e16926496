"""The relations of a small moment, on Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from small_moment import VIEWS, SmallMoment

from liuke.collect.history import ClusterMoment
from liuke.kernel import midnight_utc


def on_spark(moment: SmallMoment, session: Any, folder: Path) -> ClusterMoment:
    """Return a moment with the same rows in a session of Spark, handed over as files."""
    shown = ClusterMoment(moment.as_of, midnight_utc(moment.as_of, "Asia/Shanghai"), session, {})
    folder.mkdir(parents=True)
    for view in (*VIEWS, "acts"):
        shown.show(view, [write_view(moment.connection, view, folder)])
    return shown


def write_view(connection: duckdb.DuckDBPyConnection, view: str, folder: Path) -> str:
    """Write a relation to a file, and return where."""
    path = folder / f"{view}.parquet"
    pq.write_table(connection.sql(f"SELECT * FROM {view}").to_arrow_table(), path)
    return str(path)
