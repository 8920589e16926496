"""What customers did, published for rules about behaviour: one row per happening, each customer's side by side.

Rules about events are counted while somebody edits them, in the web process, which never opens the lake. So the rows
that such rules read stand in the build, too: all purchases, and the behaviour and contacts of the last
`HAPPENING_DAYS`. A rule that asks for more is evaluated by the nightly run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from liuke.app.publish.tables import quoted

HAPPENING_DAYS = 400
"""Days of behaviour and contacts: a year, and the same season of the last one. All of it would be most of a build."""

HAPPENINGS: Mapping[str, int | None] = {
    "events": HAPPENING_DAYS, "touches": HAPPENING_DAYS, "purchases": None, "purchase_items": None,
}  # fmt: skip
"""Each published source, and how many days back it reaches (None: all history)."""

PRODUCTS = "products"
_TIMES = ("occurred_at", "occurred_on")
_LEFT_OUT = frozenset({"session_id", "message_id", "properties", "source"})
"""Wide or nearly unique columns that no rule may ask."""

ROW_GROUP = 122_880


def write_happenings(connection: duckdb.DuckDBPyConnection, folder: Path, as_of: str) -> None:
    """Write one Parquet file per source into a build's folder, and the products that they name.

    Parameters
    ----------
    as_of : str
        Day of the build, ISO.
    """
    for source, days in HAPPENINGS.items():
        present = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        columns = [name for name in present if name not in _LEFT_OUT]
        since = f"WHERE occurred_on >= DATE '{as_of}' - {days}" if days else ""
        first = ["customer_id", *(name for name in _TIMES if name in columns)]
        order = _listed([*first, *(name for name in columns if name not in first)])  # rows of one moment: the same way
        _write(
            connection,
            f"SELECT {_listed(columns)} FROM {source} {since} ORDER BY {order}",
            folder / f"{source}.parquet",
        )
    _write(connection, f"SELECT * FROM {PRODUCTS} ORDER BY product_id", folder / f"{PRODUCTS}.parquet")


def _listed(columns: list[str]) -> str:
    return ", ".join(quoted(name) for name in columns)


def _write(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
