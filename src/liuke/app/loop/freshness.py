"""Old files: what a run says, and what it leaves open, where nothing has arrived for a long time.

A shop that sold nothing for weeks and a shop whose files were not delivered look alike in the data. Beyond the limit
the second is taken for granted: figures of the days since are unknown, never zero.
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel import NotEnoughData

PART = "data"
"""Under which part of a run the reason stands."""
_UNKNOWN = ("value", "numerator", "denominator")


def data_end(connection: duckdb.DuckDBPyConnection) -> date | None:
    """Return the day after the newest order or behaviour in the views of a moment; None without either."""
    newest: date | None = connection.execute(
        """SELECT max(day) FROM (SELECT max(occurred_on) AS day FROM order_facts
                                 UNION ALL SELECT max(occurred_on) FROM events)"""
    ).fetchall()[0][0]
    return newest + timedelta(days=1) if newest else None


def staleness(as_of: date, end: date | None, limit_days: int) -> NotEnoughData | None:
    """Return why figures of the last days are unknown; None while the data are young enough, or there are none."""
    if end is None or (as_of - end).days <= limit_days:
        return None
    newest, age = end - timedelta(days=1), (as_of - end).days
    return NotEnoughData(
        f"最新的数据停在 {newest}，此后的 {age} 天没有数据，这些天的指标按“无数据”显示；"
        f"请补充更新的文件，或用 `liuke run --as-of {end}` 查看数据截止时的情况",
        f"the newest data are of {newest}; nothing has arrived for the {age} days since, whose figures are unknown; "
        f"add newer files, or see the shop as it stood then: `liuke run --as-of {end}`",
        age,
        limit_days,
    )


def without_unknown_figures(metrics: pa.Table, end: date, why: NotEnoughData) -> pa.Table:
    """Empty the figures of periods that reach beyond the end of the data, and say why."""
    known = pc.less_equal(metrics["period_end"], pa.scalar(end, pa.date32()))
    for name in _UNKNOWN:
        column = metrics[name]
        place = metrics.schema.get_field_index(name)
        metrics = metrics.set_column(place, name, pc.if_else(known, column, pa.scalar(None, column.type)))
    note = f"{why.reason_zh} / {why.reason_en}"
    place = metrics.schema.get_field_index("note")
    return metrics.set_column(place, "note", pc.if_else(known, metrics["note"], pa.scalar(note, pa.string())))


def without_unknown_months(cohorts: pa.Table, end: date) -> pa.Table:
    """Leave out the months of cohorts that were not over when the data ended."""
    months = zip(cohorts["cohort"].to_pylist(), cohorts["month_index"].to_pylist(), strict=True)
    return cohorts.filter(pa.array([_month_end(cohort, index) <= end for cohort, index in months], pa.bool_()))


def _month_end(cohort: date, index: int) -> date:
    month = cohort.year * 12 + cohort.month - 1 + index + 1
    return date(month // 12, month % 12 + 1, 1)
