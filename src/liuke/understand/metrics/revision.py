"""Has a figure that was final changed since? What is recorded late corrects it, and then it says so.

A refund long after the sale, a late or a corrected file, a merge of two customers: keeping the old number would be
wrong, and moving it in silence would break the promise of the day on which it was final.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from liuke.understand.metrics.tables import METRICS

_SAME = 1e-12  # relative; the same rows give the same doubles, sums of them in another order nearly


def with_changes(metrics: pa.Table, earlier: pa.Table) -> pa.Table:
    """Mark figures that were final at an earlier day and have changed since.

    Parameters
    ----------
    metrics : pyarrow.Table
        Rows of the table `metrics` of one day.
    earlier : pyarrow.Table
        Rows of the newest day before it; none at the first run.

    Returns
    -------
    pyarrow.Table
        The same rows; `changed_on` and `value_before` tell the last change after the figure was final, missing if there
        was none.
    """
    known = {_key(row): row for row in earlier.to_pylist()}
    told = [_change(row, known.get(_key(row))) for row in metrics.to_pylist()]
    for name, kind, place in (("changed_on", pa.date32(), 0), ("value_before", pa.float64(), 1)):
        column = pa.array([one[place] for one in told], kind)
        metrics = metrics.set_column(metrics.column_names.index(name), name, column)
    return metrics.select(METRICS.names)


def _change(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> tuple[Any, Any]:
    if before is None or row["value"] is None or before["value"] is None:
        return None, None
    was_final = before["final_on"] == row["final_on"] <= before["as_of"]
    if was_final and not math.isclose(row["value"], before["value"], rel_tol=_SAME):
        return row["as_of"], before["value"]
    return before.get("changed_on"), before.get("value_before")


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["metric"], row["period_start"], row["period_end"]
