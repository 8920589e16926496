from __future__ import annotations

import json
from datetime import date

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from liuke.predict.early_warning import Behaviour, Capacity, Level, WarningSettings, Watched, totals
from liuke.predict.early_warning import grade as grade_day
from liuke.predict.early_warning.service import with_drift

DAY = date(2026, 3, 1)
RANK = {level.value: i for i, level in enumerate(Level)}
FREE = WarningSettings(red_cost_minor=0, orange_cost_minor=0)  # contacts that cost nothing always pay


def grade(scores, previous, lifecycle, capacity=None, settings=FREE, declines=None) -> pa.Table:
    return grade_day(scores, previous, lifecycle, settings, capacity, declines).warnings


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


@settings(deadline=None)  # the first call compiles what arrow needs
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


def test_capacity_goes_to_the_highest_expected_profit_whatever_the_stage():
    probability = [0.9] * 20 + [0.3] * 20
    margin = ([300] * 10 + [100] * 10) * 2
    names = ["mature"] * 20 + ["new"] * 20
    table = grade(scores(probability, margin), None, stages(names), Capacity(12, 0))
    red = [(names[i], margin[i]) for i, level in enumerate(level_list(table)) if level == "red"]
    # 270, 90 (twice ten) and 90, 30: all ten of 270 come first, then the first two of 90
    assert red == [("mature", 300)] * 10 + [("mature", 100)] * 2


def test_a_contact_that_costs_more_than_it_brings_is_not_made():
    settings = WarningSettings(red_cost_minor=400, red_save_share=0.1, orange_cost_minor=100, orange_save_share=0.05)
    # value at risk 8000: a call brings 800 - 400; 3000: a call loses, an offer brings 150 - 100; 1000: neither pays
    table = grade(scores([0.8, 0.8, 0.8, 0.1], [10_000, 3_750, 1_250, 10]), None, None, Capacity(9, 9), settings)
    assert level_list(table) == ["red", "orange", "yellow", "blue"]
    assert table["expected_profit_minor"].to_pylist()[:3] == [400, 50, -50]


def test_thresholds_say_why_per_stage():
    settings = WarningSettings(red_cost_minor=400, red_save_share=0.1, orange_cost_minor=100, orange_save_share=0.05)
    names = ["mature", "mature", "mature", "new", "new"]
    graded = grade_day(
        scores([0.9, 0.8, 0.1, 0.9, 0.1], [10_000, 10_000, 10_000, 1_000, 1_000]),
        None,
        stages(names),
        settings,
        Capacity(1, 5),
    )
    assert level_list(graded.warnings) == ["red", "orange", "blue", "yellow", "blue"]
    rows = {(row["stage"], row["level"]): row for row in graded.thresholds.to_pylist()}
    mature, new = rows["mature", "red"], rows["new", "red"]
    assert mature["pays_from"] == 0.4  # 400 ÷ (10,000 × 0.1)
    assert new["pays_from"] == 4.0  # never: even certainty would not pay
    assert (mature["customers"], mature["at_capacity"], mature["profit_from_minor"]) == (1, True, 500.0)
    assert (new["customers"], new["lowest_probability"]) == (0, None)
    assert not rows["mature", "orange"]["at_capacity"]


def test_a_silent_decline_lifts_blue_to_yellow_and_is_told():
    table = scores([0.1, 0.1, 0.9], [100, 100, 100]).append_column("reasons", pa.array(["[]", "[]", "[]"]))
    two = np.array([True, True, False])
    fading = Watched(np.array([1.0, 9.0, np.nan]), np.array([8.0, 8.0, np.nan]), two, np.array([True, False, False]))
    after = grade(table, None, None, Capacity(0, 0), declines={Behaviour.VISITS: fading})
    assert level_list(after) == ["yellow", "blue", "yellow"]
    assert after["lifted"].to_pylist() == [True, False, False]
    first, second, third = (json.loads(text) for text in after["drift"].to_pylist())
    assert first["found"][0]["en"].startswith("came 1 times in 28 days, where own habit")
    assert second == {"checked": ["visits"], "found": []}
    assert third == {"checked": [], "found": []}  # not enough data
    assert [one["family"] for one in json.loads(after["reasons"][0].as_py())] == ["silent_drift"]


def test_a_cause_with_evidence_is_told_before_the_silent_drift():
    def reason(family, evidence, direction="raises"):
        return {"family": family, "direction": direction, "weight": 1.0, "evidence": evidence}

    own = [reason("delivery", 2.0), reason("silent_drift", 0.0), reason("price", 0.4), reason("need", 0.0, "lowers")]
    told = with_drift(own, [{"behaviour": "visits", "change": -0.6, "zh": "少", "en": "fewer"}])
    assert [one["family"] for one in told] == ["delivery", "silent_drift", "price", "need"]
    assert told[1]["en"] == "fewer"
    assert with_drift(own, []) == own


def test_who_has_outgrown_the_shop_is_never_called():
    told = json.dumps([{"family": "graduated", "direction": "raises", "weight": 4.0, "evidence": 4.0}])
    table = scores([0.9, 0.9], [1_000, 1_000]).append_column("reasons", pa.array([told, "[]"]))
    after = grade(table, None, None, Capacity(2, 0))
    assert level_list(after) == ["yellow", "red"]
    assert after["graduated"].to_pylist() == [True, False]
    assert after["value_at_risk_minor"].to_pylist() == [0, 900]


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
