"""Wrong tables of trials: each is refused with the row or the rule that is broken, and what to do."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import duckdb
import pytest

from liuke.learn.analysis import AnalysisReport, PlanError, TableError, analyse, analyse_file, plan_from

HEADER = "id,arm,bought,spend,before,region,cost,day"
GOOD = [
    "1,control,0,0,5,north,0,2026-03-01",
    "2,control,1,12.5,6,north,0,2026-03-01",
    "3,treated,1,20,7,south,0.5,2026-03-02",
    "4,treated,0,0,8,south,0.5,2026-03-02",
    "5,control,0,0,4,north,0,2026-03-03",
    "6,treated,1,9,3,south,0.5,2026-03-03",
]
PLAN = {"unit": "id", "arm": "arm", "metrics": [{"name": "bought"}, {"name": "spend"}]}


def write(folder: Path, rows: list[str], header: str = HEADER) -> Path:
    path = folder / "trial.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def refuse(folder: Path, rows: list[str], error: type[Exception] = TableError, **more: Any) -> TableError:
    with pytest.raises(error) as caught:
        analyse_file(write(folder, rows), plan_from(PLAN | more))
    return caught.value  # type: ignore[return-value]


def test_the_good_table_is_read(tmp_path: Path) -> None:
    report = analyse_file(write(tmp_path, GOOD), plan_from(PLAN))
    assert [(arm.arm, arm.units) for arm in report.arms] == [("control", 3), ("treated", 3)]
    bought, spend = report.metrics
    assert (bought.kind, spend.kind) == ("proportion", "mean")
    assert [value.total for value in spend.arms] == [12.5, 29.0]


def test_an_empty_arm_cell_names_its_row(tmp_path: Path) -> None:
    error = refuse(tmp_path, [*GOOD, "7,,1,1,1,north,0,2026-03-01"])
    assert error.rows == (8,)
    assert "row 8" in error.message
    assert "no arm" in error.message


def test_an_unknown_arm_names_its_row(tmp_path: Path) -> None:
    rows = [*GOOD, "7,treatd,1,1,1,north,0,2026-03-01"]
    error = refuse(tmp_path, rows, shares={"control": 0.5, "treated": 0.5})
    assert error.rows == (8,)
    assert "'treatd' is not in the plan" in error.message


def test_a_unit_in_two_arms_names_both_rows(tmp_path: Path) -> None:
    error = refuse(tmp_path, [*GOOD, "2,treated,1,1,1,north,0,2026-03-01"])
    assert error.rows == (3, 8)
    assert error.message == "unit '2' is in two arms: row 3 says 'control', row 8 says 'treated'"


def test_a_unit_in_two_arms_is_refused_when_rows_are_added_up_too(tmp_path: Path) -> None:
    assert refuse(tmp_path, [*GOOD, "2,treated,1,1,1,north,0,2026-03-01"], repeats="sum").rows == (3, 8)


def test_a_unit_twice_names_both_rows_or_is_added_up(tmp_path: Path) -> None:
    rows = [*GOOD, "2,control,1,7.5,6,north,0,2026-03-09"]
    error = refuse(tmp_path, rows)
    assert error.rows == (3, 8)
    assert "repeats: sum" in error.hint
    report = analyse_file(write(tmp_path, rows), plan_from(PLAN | {"repeats": "sum"}))
    assert (report.table_rows, report.units) == (7, 6)
    assert [value.total for value in report.metrics[1].arms] == [20.0, 29.0]
    assert report.metrics[0].arms[0].total == 2  # bought twice: added up, it is a count
    assert report.metrics[0].kind == "mean"


def test_a_share_that_is_added_up_is_whether_it_happened(tmp_path: Path) -> None:
    plan = PLAN | {"repeats": "sum", "metrics": [{"name": "bought", "kind": "proportion"}]}
    report = analyse_file(write(tmp_path, [*GOOD, "2,control,1,7.5,6,north,0,2026-03-09"]), plan_from(plan))
    assert report.metrics[0].arms[0].total == 1


def test_a_covariate_that_changes_within_a_unit_is_refused(tmp_path: Path) -> None:
    metrics = [{"name": "spend", "covariates": ["before"]}]
    error = refuse(tmp_path, [*GOOD, "2,control,1,7,99,north,0,2026-03-09"], repeats="sum", metrics=metrics)
    assert error.rows == (3, 8)
    assert "'before'" in error.message


def test_a_cluster_across_arms_names_both_rows(tmp_path: Path) -> None:
    error = refuse(tmp_path, [*GOOD, "7,treated,1,1,1,north,0,2026-03-01"], cluster="region")
    assert error.rows == (2, 8)
    assert error.message.startswith("cluster 'north' is in two arms")


def test_a_negative_cost_names_its_row(tmp_path: Path) -> None:
    error = refuse(tmp_path, [*GOOD, "7,treated,1,1,1,south,-0.5,2026-03-01"], cost="cost")
    assert error.rows == (8,)
    assert "cost: below zero" in error.message


@pytest.mark.parametrize("cell", ["NaN", "inf", "-Infinity", "1e999", "12,5 元".replace(",", "."), "abc"])
def test_a_cell_that_is_no_finite_number_names_its_row(tmp_path: Path, cell: str) -> None:
    error = refuse(tmp_path, [*GOOD, f"7,treated,1,{cell},1,south,0,2026-03-01"])
    assert error.rows == (8,)
    assert f"column 'spend' ('{cell}')" in error.message


def test_an_empty_metric_is_refused_or_means_what_the_plan_says(tmp_path: Path) -> None:
    rows = [*GOOD, "7,treated,1,,1,south,0,2026-03-01"]
    assert refuse(tmp_path, rows).rows == (8,)
    for missing, n, mean in (("zero", 4, 29 / 4), ("drop", 3, 29 / 3)):
        spend = analyse_file(write(tmp_path, rows), plan_from(PLAN | {"missing": missing})).metrics[1]
        assert (spend.arms[1].n, spend.arms[1].value) == (n, pytest.approx(mean))


def test_one_arm_is_no_trial(tmp_path: Path) -> None:
    assert "only one arm, 'control'" in refuse(tmp_path, GOOD[:2]).message


def test_an_arm_of_the_plan_without_rows_is_refused(tmp_path: Path) -> None:
    error = refuse(tmp_path, GOOD, shares={"control": 1, "treated": 1, "coupon": 1})
    assert "arm 'coupon' of the plan has no rows" in error.message


def test_an_arm_without_any_value_is_refused(tmp_path: Path) -> None:
    rows = [row if ",control," in row else ",".join([*row.split(",")[:3], "", *row.split(",")[4:]]) for row in GOOD]
    assert "arm 'treated' has no value in column 'spend'" in refuse(tmp_path, rows, missing="drop").message


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    assert "has no rows" in refuse(tmp_path, []).message


def test_a_missing_column_suggests_the_closest(tmp_path: Path) -> None:
    error = refuse(tmp_path, GOOD, PlanError, metrics=[{"name": "spent"}])
    assert error.message == "trial.csv has no column 'spent' (metric spent)"
    assert error.hint == "did you mean 'spend'?"


def test_a_share_that_is_neither_0_nor_1_names_its_row(tmp_path: Path) -> None:
    metrics = [{"name": "spend", "kind": "proportion"}]
    error = refuse(tmp_path, GOOD, metrics=metrics)
    assert error.rows == (3,)
    assert "neither 0 nor 1 (and 2 more)" in error.message


def test_a_count_below_zero_or_broken_names_its_row(tmp_path: Path) -> None:
    assert refuse(tmp_path, GOOD, metrics=[{"name": "spend", "kind": "count"}]).rows == (3,)
    rows = [*GOOD, "7,treated,1,-2,1,south,0,2026-03-01"]
    assert refuse(tmp_path, rows, metrics=[{"name": "spend", "kind": "count"}]).rows == (8,)


def test_a_constant_covariate_is_refused(tmp_path: Path) -> None:
    rows = [",".join([*row.split(",")[:4], "5", *row.split(",")[5:]]) for row in GOOD]
    error = refuse(tmp_path, rows, metrics=[{"name": "spend", "covariates": ["before"]}])
    assert "'before' (covariate of spend) is 5 in every row" in error.message


def test_no_unit_no_day_no_cluster_name_their_row(tmp_path: Path) -> None:
    assert refuse(tmp_path, [*GOOD, ",treated,1,1,1,south,0,2026-03-01"]).rows == (8,)
    assert refuse(tmp_path, [*GOOD, "7,treated,1,1,1,south,0,soon"], day="day").rows == (8,)
    assert refuse(tmp_path, [*GOOD, "7,treated,1,1,1,,0,2026-03-01"], cluster="region").rows == (8,)


def test_which_arm_is_control_has_to_be_known(tmp_path: Path) -> None:
    rows = [row.replace("control", "blue").replace("treated", "red") for row in GOOD]
    assert "which arm is the control? The arms are blue, red" in refuse(tmp_path, rows, PlanError).message
    assert "no arm 'green'" in refuse(tmp_path, rows, PlanError, control="green").message
    assert analyse_file(write(tmp_path, rows), plan_from(PLAN | {"control": "Blue"})).control == "blue"


def test_a_units_id_is_no_arm(tmp_path: Path) -> None:
    rows = [f"u{i},{i % 2},1" for i in range(60)]
    with pytest.raises(TableError, match="more than 20 values"):
        analyse_file(
            write(tmp_path, rows, "who,id,bought"), plan_from({"unit": "id", "arm": "who", "metrics": "bought"})
        )


def test_a_ragged_row_is_named(tmp_path: Path) -> None:
    error = refuse(tmp_path, [*GOOD[:3], "4,treated,0", *GOOD[4:]])
    assert error.rows == (5,)
    assert "row 5" in error.message


def test_blank_lines_and_quoted_line_breaks_are_counted_as_a_reader_counts(tmp_path: Path) -> None:
    rows = [GOOD[0], "", '2,control,1,12.5,6,"nor\nth",0,2026-03-01', *GOOD[2:], "7,treated,1,x,1,south,0,2026-03-01"]
    assert refuse(tmp_path, rows).rows == (9,)  # header, row, blank, row over two lines, four rows


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="there is no file"):
        analyse_file(tmp_path / "none.csv", plan_from(PLAN))
    book = tmp_path / "trial.xlsx"
    book.write_bytes(b"PK")
    with pytest.raises(TableError, match=r"no csv, csv\.gz or parquet"):
        analyse_file(book, plan_from(PLAN))
    gbk = write(tmp_path, GOOD)
    gbk.write_bytes("\n".join([HEADER, *GOOD]).replace("north", "华北").encode("gbk"))
    with pytest.raises(TableError) as caught:
        analyse_file(gbk, plan_from(PLAN | {"segments": ["region"]}))
    assert "UTF-8" in caught.value.hint
    twice = write(tmp_path, GOOD, HEADER.replace("before", "Spend"))
    with pytest.raises(TableError, match="row 1: two columns are named"):
        analyse_file(twice, plan_from(PLAN))


def test_csv_gz_parquet_and_query_give_the_same_report(tmp_path: Path) -> None:
    path, plan = write(tmp_path, GOOD), plan_from(PLAN | {"segments": ["region"], "day": "day", "cost": "cost"})
    packed, parquet = tmp_path / "trial.csv.gz", tmp_path / "trial.parquet"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{path}') TO '{parquet}'")
        reports = [analyse_file(one, plan) for one in (path, packed, parquet)]
        reports.append(analyse(connection, f"SELECT * FROM '{parquet}'", plan, label="trial.csv"))
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    trees = [report.to_json() | {"source": ""} for report in reports]
    assert trees[1:] == trees[:1] * 3
    assert AnalysisReport.from_json(reports[0].to_json()) == reports[0]


def test_rows_of_a_parquet_file_count_from_1(tmp_path: Path) -> None:
    parquet = tmp_path / "trial.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'control' ELSE 'treated' END AS arm, 1 AS bought, "
            f"CASE WHEN i = 4 THEN 'nan'::DOUBLE ELSE i END AS spend FROM range(6) t(i)) TO '{parquet}'"
        )
    with pytest.raises(TableError) as caught:
        analyse_file(parquet, plan_from(PLAN))
    assert caught.value.rows == (5,)


def test_arms_may_be_booleans_or_numbers_in_a_query() -> None:
    with duckdb.connect() as connection:
        query = "SELECT i AS id, i % 2 = 1 AS arm, i % 3 AS bought, i AS spend FROM range(40) t(i)"
        report = analyse(connection, query, plan_from(PLAN))
    assert report.control == "false"
    assert report.source == "trial"
