from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from liuke.predict.early_warning import Capacity, Level, WarningSettings, grade, totals
from liuke.predict.early_warning.grading import shared_out

DAY = date(2026, 3, 1)
RANK = {level.value: i for i, level in enumerate(Level)}


def scores(probability: list[float], margin: list[float]) -> pa.Table:
    n = len(probability)
    return pa.table(
        {
            "as_of": pa.array([DAY] * n, pa.date32()),
            "customer_id": pa.array(range(n), pa.int64()),
            "probability": pa.array(probability, pa.float64()),
            "expected_margin_minor": pa.array([int(m) for m in margin], pa.int64()),
        }
    )


def level_list(table: pa.Table) -> list[str]:
    return table["level"].to_pylist()


def stages(names: list[str]) -> pa.Table:
    return pa.table({"customer_id": pa.array(range(len(names)), pa.int64()), "stage": names})


def test_levels_follow_money_within_capacity():
    table = grade(scores([0.9, 0.8, 0.7, 0.6, 0.1, 0.1], [100, 500, 50, 0, 9000, 10]), None, None, Capacity(1, 1))
    # customer 4 has most to lose but isn't leaving; 3 is leaving but takes nothing along
    assert level_list(table) == ["orange", "red", "yellow", "yellow", "blue", "blue"]
    assert table["value_at_risk_minor"].to_pylist() == [90, 400, 35, 0, 900, 1]


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(-100, 10**6), st.sampled_from("abc"), st.sampled_from([*RANK, ""]))
    ),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_capacity_is_never_exceeded_and_blue_is_never_urgent(rows, red, orange):
    probability, margin = [row[0] for row in rows], [row[1] for row in rows]
    previous = [(i, row[3]) for i, row in enumerate(rows) if row[3]]
    before = pa.table(
        {
            "customer_id": pa.array([i for i, _ in previous], pa.int64()),
            "level": pa.array([n for _, n in previous], pa.string()),
        }
    )
    table = grade(scores(probability, margin), before, stages([row[2] for row in rows]), Capacity(red, orange))
    levels = level_list(table)
    assert levels.count("red") <= red
    assert levels.count("orange") <= orange
    assert sum(total.customers for total in totals(table)) == len(rows)
    assert sum(total.value_at_risk_minor for total in totals(table)) == sum(table["value_at_risk_minor"].to_pylist())
    worthless = [level for level, m in zip(levels, margin, strict=True) if m <= 0]
    assert not {"red", "orange"} & set(worthless)


def test_each_stage_gets_capacity_by_its_stake():
    probability = [0.9] * 20 + [0.1] * 20
    margin = ([300] * 10 + [100] * 10) * 2
    names = (["mature"] * 10 + ["new"] * 10) * 2
    table = grade(scores(probability, margin), None, stages(names), Capacity(8, 0))
    red = [names[i] for i, level in enumerate(level_list(table)) if level == "red"]
    assert (red.count("mature"), red.count("new")) == (6, 2)


def test_usual_means_usual_in_the_own_stage():
    # 40 % is calm for a dormant customer and alarming for a mature one
    table = grade(
        scores([0.4, 0.8, 0.4, 0.1], [10, 10, 10, 10]),
        None,
        stages(["dormant", "dormant", "mature", "mature"]),
        Capacity(0, 0),
    )
    assert level_list(table) == ["blue", "yellow", "yellow", "blue"]


def test_levels_do_not_flap():
    first = grade(scores([0.8, 0.8, 0.1, 0.1], [105, 100, 1, 1]), None, None, Capacity(1, 0))
    assert level_list(first)[:2] == ["red", "yellow"]
    swapped = scores([0.8, 0.8, 0.1, 0.1], [100, 105, 1, 1])
    assert level_list(grade(swapped, first, None, Capacity(1, 0)))[:2] == ["red", "yellow"]
    assert level_list(grade(swapped, None, None, Capacity(1, 0)))[:2] == ["yellow", "red"]
    fallen = scores([0.8, 0.8, 0.1, 0.1], [70, 105, 1, 1])
    assert level_list(grade(fallen, first, None, Capacity(1, 0)))[:2] == ["yellow", "red"]


def test_the_same_scores_again_change_nothing():
    rng = np.random.default_rng(0)
    table = scores(rng.uniform(0, 1, 500).tolist(), rng.integers(1, 999, 500).tolist())
    once = grade(table, None, None)
    assert grade(table, once, None)["level"].slice(0, 500).to_pylist().count("red") == 10
    settled = grade(table, once, None)
    assert level_list(grade(table, settled, None)) == level_list(settled)


def test_nobody_scored():
    assert grade(scores([], []), None, None).num_rows == 0
    assert [total.customers for total in totals(grade(scores([], []), None, None))] == [0, 0, 0, 0]


def test_capacity_comes_from_the_settings():
    assert Capacity.of(WarningSettings(), 1000) == Capacity(20, 80)
    assert Capacity.of(WarningSettings(red_capacity=5, orange_capacity=0), 1000) == Capacity(5, 0)


def test_seats_that_a_small_stage_cannot_fill_go_to_the_others():
    assert shared_out(10, np.array([1.0, 99.0]), np.array([50, 3])).tolist() == [7, 3]
    assert shared_out(10, np.array([0.0, 0.0]), np.array([5, 5])).tolist() == [0, 0]
