"""The lake: Iceberg tables on disk, and the DuckDB engine that reads their files."""

from liuke.store.lake.contracts import Commit, Snapshot, TableInfo
from liuke.store.lake.engine import connect, lock
from liuke.store.lake.lake import Lake

__all__ = ["Commit", "Lake", "Snapshot", "TableInfo", "connect", "lock"]
