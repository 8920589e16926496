"""The step that says what customers are worth, and what groups of them may take with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.app.loop.context import RunContext, missing
from liuke.kernel import NotEnoughData, from_minor
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.clv import CUSTOMER_VALUES, GROUP_VALUES
from liuke.predict.early_warning import WARNINGS
from liuke.store.lineage import StepResult
from liuke.understand.segments import SEGMENT_MEMBERSHIP
from liuke.understand.tags import CUSTOMER_TAGS

ALL = "all"


def value(context: RunContext) -> StepResult:
    """Value every buyer; sum values and value at risk up for all, warning levels, lifecycle stages and segments."""
    app = context.app
    run = app.value.run(context.as_of, moment=context.moment, progress=context.progress)
    if isinstance(run, NotEnoughData):
        outputs = _write(context, None)
        return StepResult(outputs, {"valued": 0}, "not enough data", missing("value", run), "数据还不够")
    rows = app.value.groups(run, _groups(context, run.valued.summary.customer_id), _stakes(context))
    outputs = _write(context, rows)
    every = rows.slice(0, 1).to_pylist()[0]
    amounts = (
        f"{from_minor(every[name], app.shop.currency):,}"
        for name in ("value_minor", "value_low_minor", "value_high_minor")
    )
    total, low, high = amounts
    note = f"{run.rows.num_rows:,} customers worth {total} ({low} to {high}) {app.shop.currency} by {run.choice.model}"
    zh = f"{run.rows.num_rows:,} 位客户共值 {total}（{low} 至 {high}）{app.shop.currency}"
    return StepResult(outputs, {"valued": run.rows.num_rows, "groups": rows.num_rows}, note, note_zh=zh)


def _stakes(context: RunContext) -> pa.Table:
    """Return the day's scores with what is at stake as the warnings count it: nothing with whom the range has lost.

    Whoever has outgrown what the shop sells is no loss to win back. Warnings and values are read side by side, so they
    must sum up the same.
    """
    lake, day = context.app.lake, f"as_of = DATE '{context.as_of}'"
    return context.moment.connection.sql(
        f"""SELECT s.customer_id, s.probability, s.horizon_days,
                   CASE WHEN w.graduated THEN 0 ELSE s.expected_margin_minor END AS expected_margin_minor
            FROM (SELECT * FROM {lake.scan_sql(CHURN_SCORES.name)} WHERE {day}) AS s
            LEFT JOIN (SELECT * FROM {lake.scan_sql(WARNINGS.name)} WHERE {day}) AS w USING (customer_id)
            ORDER BY s.customer_id"""
    ).to_arrow_table()


def _write(context: RunContext, rows: pa.Table | None) -> dict[str, int | None]:
    lake, day = context.app.lake, {"as_of": context.as_of}
    if rows is None:
        rows = lake.arrow(GROUP_VALUES.name, day).slice(0, 0)
    else:
        rows = rows.add_column(0, "as_of", pa.array([context.as_of] * rows.num_rows, pa.date32()))
    commit = lake.overwrite(GROUP_VALUES.name, rows, day, context.commit_key("value"))
    return {CUSTOMER_VALUES.name: lake.snapshot_id(CUSTOMER_VALUES.name), GROUP_VALUES.name: commit.snapshot_id}


def _groups(context: RunContext, everybody: npt.NDArray[np.int64]) -> dict[tuple[str, str], npt.NDArray[np.int64]]:
    """Return the groups of the day: everybody first, then by level, stage and segment, each in order of its name."""
    groups = {(ALL, ALL): everybody}
    sources = (
        ("level", WARNINGS.name, "level"),
        ("stage", CUSTOMER_TAGS, "lifecycle"),
        ("segment", SEGMENT_MEMBERSHIP.name, "segment"),
    )
    for grouping, table, column in sources:
        found = context.moment.connection.execute(
            f"SELECT {column}::VARCHAR AS member_of, customer_id FROM {context.app.lake.scan_sql(table)} "
            f"WHERE as_of = DATE '{context.as_of}' AND {column} IS NOT NULL ORDER BY ALL"
        ).fetchnumpy()
        names, ids = np.asarray(found["member_of"], dtype=object), np.asarray(found["customer_id"], dtype=np.int64)
        for name in sorted(set(names.tolist())):
            groups[grouping, name] = ids[names == name]
    return groups
