"""What groups of customers are worth and what they may take with them, as a small document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from liuke.app.publish.overview import rows

GROUPINGS = ("all", "level", "stage", "segment")


def value_document(
    connection: duckdb.DuckDBPyConnection, table: str, choice: Mapping[str, Any] | None, margin_rate: float
) -> dict[str, Any]:
    """Collect the groups in the order of ``GROUPINGS``, the model with its reason, and the margin assumed.

    Parameters
    ----------
    table
        ``group_values`` of the build's day.
    margin_rate
        Share of net revenue that counts as margin where a product's cost is unknown.
    """
    found = rows(connection, f"SELECT * FROM {table} ORDER BY list_position({list(GROUPINGS)}, grouping), member_of")
    kept = {"model", "purchases", "judged_from", "period_days", "reason_zh", "reason_en"}
    told = {name: item for name, item in (choice or {}).items() if name in kept} if found else {}
    error = choice["total_error"]["sd"] if choice and found else None
    return {"groups": found, "model": told or None, "total_error": error, "margin_rate": margin_rate}
