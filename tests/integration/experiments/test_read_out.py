"""Treated against control as randomised, with the truth known because the purchases are made here."""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from liuke.learn.experiments import EFFECTS, ExperimentSettings, Reading, Verdict, effects_table, read_out

ENTERED = date(2026, 9, 1)
READING = Reading("second_purchase", horizon_days=30, currency="CNY")
SETTINGS = ExperimentSettings()


@dataclass
class Day:
    as_of: date
    connection: duckdb.DuckDBPyConnection


def moment(purchases: list[tuple], as_of: date = date(2026, 10, 5), merged: dict[int, int] | None = None) -> Day:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE identity_map (identity_id BIGINT, customer_id BIGINT)")
    for pair in (merged or {}).items():
        connection.execute("INSERT INTO identity_map VALUES (?, ?)", pair)
    columns = list(zip(*purchases, strict=True)) or [[], [], [], []]
    kinds = {"customer_id": pa.int64(), "order_id": pa.int64(), "occurred_on": pa.date32(), "margin_minor": pa.int64()}
    table = pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    )
    connection.register("purchases", table)
    return Day(as_of, connection)


def entries(*rows: tuple) -> pa.Table:
    """Rows are (customer_id, arm, probability, entered_on[, entry])."""
    return pa.table(
        {
            "customer_id": pa.array([row[0] for row in rows], pa.int64()),
            "entry": pa.array([row[4] if len(row) > 4 else str(row[3]) for row in rows], pa.string()),
            "arm": pa.array([row[1] for row in rows], pa.string()),
            "probability": pa.array([row[2] for row in rows], pa.float64()),
            "entered_on": pa.array([row[3] for row in rows], pa.date32()),
        }
    )


def arms(n_treated: int, n_control: int, day: date = ENTERED) -> list[tuple]:
    share = n_control / (n_treated + n_control)
    treated = [(i, "treated", 1 - share, day) for i in range(n_treated)]
    return treated + [(100_000 + i, "control", share, day) for i in range(n_control)]


def bought(buyers: range, day: date = ENTERED, margin: int = 500) -> list[tuple]:
    return [(customer, customer, day, margin) for customer in buyers]


def test_sums_are_of_the_window_after_entry_both_ends_right():
    rows = [
        (1, 1, ENTERED - timedelta(days=1), 1),  # the day before: not in
        (1, 2, ENTERED, 10),  # the day of entry: in
        (2, 3, ENTERED + timedelta(days=29), 100),  # last day: in
        (3, 4, ENTERED + timedelta(days=30), 1000),  # the day after: not in
    ]
    repurchase, margin = read_out(
        moment(rows),
        entries(
            *((i, "treated", 0.9, ENTERED) for i in (1, 2, 3)),
            (9, "control", 0.1, ENTERED),
            (8, "control", 0.1, ENTERED),
        ),
        READING,
        SETTINGS,
    )
    assert (repurchase.treated_n, repurchase.treated_mean) == (3, pytest.approx(2 / 3))
    assert (margin.treated_mean, margin.control_mean) == (pytest.approx(110 / 3), 0)


def test_incomplete_windows_are_left_out_of_both_arms_and_counted():
    late = date(2026, 9, 6)  # 30 days end on 6 October, one day after as_of
    table = entries(*arms(300, 300), (7_001, "treated", 0.5, late), (7_002, "control", 0.5, late))
    effect, _ = read_out(moment(bought(range(60))), table, READING, SETTINGS)
    assert (effect.treated_n, effect.control_n, effect.pending_n) == (300, 300, 2)
    on_time, _ = read_out(moment(bought(range(60)), date(2026, 10, 6)), table, READING, SETTINGS)
    assert (on_time.treated_n, on_time.pending_n) == (301, 0)


def test_a_customer_counts_once_with_the_first_entry_and_the_global_control_not_at_all():
    table = entries(
        (1, "treated", 0.9, ENTERED), (1, "treated", 0.9, date(2026, 9, 3)), (2, "global_control", 0.05, ENTERED)
    )
    effect, _ = read_out(moment(bought(range(3), date(2026, 9, 2))), table, READING, SETTINGS)
    assert (effect.treated_n, effect.treated_mean, effect.control_n) == (1, 1.0, 0)
    assert effect.difference is None


def test_after_a_merge_the_older_entry_stands_and_purchases_count_under_the_new_id():
    table = entries((9, "treated", 0.9, ENTERED), (3, "control", 0.1, date(2026, 9, 2)))
    effect, _ = read_out(moment(bought(range(3, 4), date(2026, 9, 3)), merged={9: 3, 3: 3}), table, READING, SETTINGS)
    assert (effect.treated_n, effect.treated_mean, effect.control_n) == (1, 1.0, 0)


@pytest.mark.parametrize(
    ("treated_buyers", "control_buyers", "verdict"),
    [(400, 250, Verdict.WORKS), (250, 400, Verdict.DOES_NOT_WORK), (300, 295, Verdict.TOO_EARLY)],
)
def test_verdicts_by_the_interval(treated_buyers, control_buyers, verdict):
    purchases = bought(range(treated_buyers)) + bought(range(100_000, 100_000 + control_buyers))
    effect, margin = read_out(moment(purchases), entries(*arms(1_000, 1_000)), READING, SETTINGS)
    assert effect.verdict is verdict
    assert effect.low < effect.difference < effect.high
    assert effect.difference == pytest.approx((treated_buyers - control_buyers) / 1_000)
    assert margin.difference == pytest.approx(500 * (treated_buyers - control_buyers) / 1_000)


def test_a_precise_zero_does_not_work_and_is_not_called_too_early():
    purchases = bought(range(2_000)) + bought(range(100_000, 102_000))
    effect, _ = read_out(moment(purchases), entries(*arms(20_000, 20_000)), READING, SETTINGS)
    assert effect.verdict is Verdict.DOES_NOT_WORK
    assert 0 < effect.high <= SETTINGS.worthwhile_repurchase


@pytest.mark.parametrize(("n", "buyers", "word"), [(99, 60, "100"), (500, 10, "20")])
def test_too_few_units_or_buyers_is_too_early_however_big_the_difference(n, buyers, word):
    effect, _ = read_out(moment(bought(range(buyers))), entries(*arms(n, n)), READING, SETTINGS)
    assert effect.verdict is Verdict.TOO_EARLY
    assert word in effect.reason_en
    assert word in effect.reason_zh


def test_a_split_that_does_not_fit_the_draw_forbids_a_verdict():
    crooked = [(i, "treated", 0.5, ENTERED) for i in range(1_000)]
    crooked += [(100_000 + i, "control", 0.5, ENTERED) for i in range(700)]
    effect, _ = read_out(moment(bought(range(500))), entries(*crooked), READING, SETTINGS)
    assert effect.srm_p < 0.001
    assert effect.verdict is Verdict.TOO_EARLY
    fair, _ = read_out(moment(bought(range(500))), entries(*arms(1_000, 700)), READING, SETTINGS)
    assert fair.srm_p == pytest.approx(1)


def test_nothing_yet_is_too_early_and_has_no_numbers():
    effects = read_out(moment([]), entries(), READING, SETTINGS)
    assert [effect.metric for effect in effects] == ["repurchase", "margin"]
    for effect in effects:
        assert effect.verdict is Verdict.TOO_EARLY
        assert effect.treated_mean is None
        assert effect.difference is None


def test_without_any_effect_works_is_said_as_rarely_as_the_level_allows():
    rng = np.random.default_rng(20261005)
    said = 0
    for _ in range(60):
        draws = rng.random(1_000) < 0.3
        purchases = [(i if i < 500 else 100_000 + i - 500, i, ENTERED, 100) for i in np.flatnonzero(draws).tolist()]
        effect, _ = read_out(moment(purchases), entries(*arms(500, 500)), READING, SETTINGS)
        said += effect.verdict is Verdict.WORKS
    assert said <= 5  # expected 1.5; more than 5 of 60 has a chance below 1 %


def test_the_table_has_the_columns_that_the_lake_expects():
    table = effects_table(read_out(moment(bought(range(60))), entries(*arms(300, 300)), READING, SETTINGS))
    assert tuple(table.column_names) == EFFECTS.names
    assert table.num_rows == 2
    assert effects_table([]).schema == table.schema
