from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liuke.kernel import ColumnSpec, DataError, SettingsError, TableSpec, UsageError
from liuke.store.lake import Lake, connect

SCORES = TableSpec(
    "scores",
    "one customer on one day",
    ("as_of", "customer_id"),
    (
        ColumnSpec("as_of", "DATE", "day"),
        ColumnSpec("customer_id", "BIGINT", "whose"),
        ColumnSpec("score", "DOUBLE", "how much"),
        ColumnSpec("labels", "VARCHAR[]", "what it is called"),
    ),
)
MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.ensure(SCORES)
    return lake


def rows(day: date, scores: dict[int, float]) -> pa.Table:
    return pa.table({"as_of": [day] * len(scores), "customer_id": list(scores), "score": list(scores.values())})


def read(lake: Lake, tmp_path: Path, snapshot_id: int | None = None) -> list[tuple[object, ...]]:
    with connect(tmp_path / "scratch") as engine:
        return engine.execute(
            f"SELECT as_of, customer_id, score FROM {lake.scan_sql('scores', snapshot_id)} ORDER BY ALL"
        ).fetchall()


def test_an_empty_table_has_its_columns(lake: Lake, tmp_path: Path) -> None:
    assert read(lake, tmp_path) == []
    assert lake.snapshot_id("scores") is None


def test_the_same_append_twice_is_one(lake: Lake, tmp_path: Path) -> None:
    first = lake.append("scores", rows(MONDAY, {1: 0.5}), commit_key="a")
    second = lake.append("scores", rows(MONDAY, {1: 0.5}), commit_key="a")
    assert (first.repeated, second.repeated) == (False, True)
    assert first.snapshot_id == second.snapshot_id
    assert read(lake, tmp_path) == [(MONDAY, 1, 0.5)]


def test_files_join_a_table_as_they_are(lake: Lake, tmp_path: Path) -> None:
    path = lake.data_dir("scores") / "one.parquet"
    pq.write_table(rows(MONDAY, {7: 0.25}), path)
    before = path.stat()
    assert lake.add_files("scores", [path], "load:1").rows == 1
    assert lake.add_files("scores", [path], "load:1").repeated
    assert path.stat() == before
    assert read(lake, tmp_path) == [(MONDAY, 7, 0.25)]


def test_overwrite_replaces_one_day_only(lake: Lake, tmp_path: Path) -> None:
    lake.overwrite("scores", rows(MONDAY, {1: 0.1, 2: 0.2}), {"as_of": MONDAY}, "m1")
    lake.overwrite("scores", rows(TUESDAY, {1: 0.3}), {"as_of": TUESDAY}, "t1")
    for _ in range(2):
        lake.overwrite("scores", rows(MONDAY, {1: 0.9}), {"as_of": MONDAY}, "m2")
    assert read(lake, tmp_path) == [(MONDAY, 1, 0.9), (TUESDAY, 1, 0.3)]


def test_a_snapshot_stays_readable(lake: Lake, tmp_path: Path) -> None:
    old = lake.append("scores", rows(MONDAY, {1: 0.1}), "a").snapshot_id
    lake.overwrite("scores", rows(TUESDAY, {2: 0.2}), None, "b")
    assert read(lake, tmp_path) == [(TUESDAY, 2, 0.2)]
    assert read(lake, tmp_path, old) == [(MONDAY, 1, 0.1)]
    assert lake.history("scores")[0].rows == 1


def test_a_gained_column_is_null_in_old_files(lake: Lake, tmp_path: Path) -> None:
    lake.append("scores", rows(MONDAY, {1: 0.1}), "a")
    wider = TableSpec(SCORES.name, SCORES.grain, SCORES.key, (*SCORES.columns, ColumnSpec("note", "VARCHAR", "why")))
    lake.ensure(wider)
    with connect(tmp_path / "scratch") as engine:
        assert engine.execute(f"SELECT note FROM {lake.scan_sql('scores')}").fetchall() == [(None,)]


def test_a_changed_type_is_refused(lake: Lake) -> None:
    other = TableSpec("scores", "x", ("score",), (ColumnSpec("score", "VARCHAR", "now text"),))
    with pytest.raises(SettingsError, match="score is double"):
        lake.ensure(other)


def test_unknown_columns_are_refused(lake: Lake) -> None:
    with pytest.raises(DataError, match="nonsense"):
        lake.append("scores", pa.table({"nonsense": [1]}), "a")
    assert lake.snapshot_id("scores") is None


def test_an_unknown_table_is_named(lake: Lake) -> None:
    with pytest.raises(UsageError, match="'scroes'"):
        lake.files("scroes")
