"""Two tables of tags, one from each engine: what differs, column by column."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

TOLERANCE = 1e-6  # of a double, relative


@dataclass(frozen=True)
class Column:
    """One column beside the other engine's."""

    name: str
    rows: int
    values: int
    differing: int
    example: str = ""


def compared(duckdb: pa.Table, spark: pa.Table) -> list[Column]:
    """Compare tables row by row; both are ordered by `customer_id`."""
    assert spark.schema.equals(duckdb.schema), f"{spark.schema}\ninstead of\n{duckdb.schema}"
    assert spark["customer_id"].to_pylist() == duckdb["customer_id"].to_pylist()
    return [_column(name, duckdb[name].to_pylist(), spark[name].to_pylist()) for name in duckdb.column_names]


def told(title: str, columns: Sequence[Column], write: Callable[[str], None]) -> None:
    """Print a table: how many columns, rows and values, and each column that differs."""
    bad = [one for one in columns if one.differing]
    several = sum(1 for one in columns if one.values > 1)
    write(f"\n{title}")
    write(f"  columns {len(columns)}  rows {columns[0].rows:,}  columns with several values {several}  "
          f"differing columns {len(bad)}  differing values {sum(one.differing for one in bad)}")  # fmt: skip
    for one in bad:
        write(f"  {one.name:<40} {one.differing:>8} of {one.rows:,}  {one.example}")


def _column(name: str, duckdb: list[Any], spark: list[Any]) -> Column:
    bad = [(a, b) for a, b in zip(duckdb, spark, strict=True) if not _same(a, b)]
    example = f"DuckDB {bad[0][0]!r}, Spark {bad[0][1]!r}" if bad else ""
    return Column(name, len(duckdb), len({str(value) for value in duckdb}), len(bad), example)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=0.0)
    return type(one) is type(other) and bool(one == other)
