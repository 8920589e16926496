"""Old files are said, and leave figures unknown; young ones change nothing."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa
import pytest

from liuke.app.loop.freshness import data_end, staleness, without_unknown_figures, without_unknown_months

END = date(2025, 3, 5)
LIMIT = 14


@pytest.mark.parametrize(
    ("as_of", "is_stale"),
    [(END, False), (date(2025, 3, 19), False), (date(2025, 3, 20), True), (date(2026, 11, 29), True)],
)
def test_only_beyond_the_limit_files_are_old(as_of: date, is_stale: bool) -> None:
    why = staleness(as_of, END, LIMIT)
    assert (why is not None) == is_stale
    if why is not None:
        assert "2025-03-04" in why.reason_zh
        assert "--as-of 2025-03-05" in why.reason_en
        assert (why.have, why.need) == ((as_of - END).days, LIMIT)
    assert staleness(as_of, None, LIMIT) is None


@pytest.mark.parametrize(
    ("orders", "events", "expected"),
    [(["2025-03-04"], [], END), ([], ["2025-03-04"], END), (["2025-03-01"], ["2025-03-04"], END), ([], [], None)],
)
def test_the_data_end_with_the_newest_order_or_behaviour(orders: list[str], events: list[str], expected: date) -> None:
    connection = duckdb.connect()
    for name, days in (("order_facts", orders), ("events", events)):
        connection.execute(f"CREATE TABLE {name} (occurred_on DATE)")
        connection.executemany(f"INSERT INTO {name} VALUES (?::DATE)", [[day] for day in days] or [[None]])
    assert data_end(connection) == expected


def test_figures_after_the_end_are_unknown_not_zero() -> None:
    why = staleness(date(2025, 5, 1), END, LIMIT)
    assert why is not None
    ends = [date(2025, 3, 1), END, date(2025, 3, 6), date(2025, 4, 1)]
    metrics = pa.table(
        {
            "metric": ["revenue"] * 4,
            "period_end": pa.array(ends, pa.date32()),
            "value": [5.0, 6.0, 1.0, 0.0],
            "numerator": [5.0, 6.0, 1.0, 0.0],
            "denominator": pa.array([None] * 4, pa.float64()),
            "note": pa.array([None, "kept", None, None], pa.string()),
        }
    )
    left = without_unknown_figures(metrics, END, why)
    assert left.schema == metrics.schema
    assert left["value"].to_pylist() == left["numerator"].to_pylist() == [5.0, 6.0, None, None]
    assert left["note"].to_pylist()[:2] == [None, "kept"]
    assert all("2025-03-04" in note for note in left["note"].to_pylist()[2:])


def test_months_of_cohorts_after_the_end_are_left_out() -> None:
    cohorts = pa.table(
        {
            "cohort": pa.array([date(2024, 12, 1)] * 4, pa.date32()),
            "month_index": [0, 1, 2, 3],
            "active": [9, 4, 3, 0],
        }
    )
    assert without_unknown_months(cohorts, END)["active"].to_pylist() == [9, 4, 3]
    assert without_unknown_months(cohorts, date(2025, 3, 1))["active"].to_pylist() == [9, 4, 3]
    assert without_unknown_months(cohorts, date(2025, 2, 28))["active"].to_pylist() == [9, 4]
