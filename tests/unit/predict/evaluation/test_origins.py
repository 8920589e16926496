from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.kernel.results import NotEnoughData
from liuke.predict.evaluation import OriginPlan, plan_origins

FIRST = date(2024, 1, 1)


@given(history=st.integers(0, 1500), horizon=st.integers(1, 120), warm_up=st.integers(0, 200), most=st.integers(1, 8))
def test_no_outcome_reaches_into_the_next_stage(history, horizon, warm_up, most):
    end = FIRST + timedelta(days=history)
    plan = plan_origins(FIRST, end, horizon, warm_up, most)
    if isinstance(plan, NotEnoughData):
        assert history < warm_up + 3 * horizon
        assert plan.need == warm_up + 3 * horizon
        return
    length = timedelta(days=horizon)
    assert all(cutoff + length <= plan.calibration for cutoff in plan.train)
    assert plan.calibration + length <= plan.final
    assert plan.final + length <= end
    assert plan.cutoffs[0] - timedelta(days=warm_up) >= FIRST
    assert len(plan.cutoffs) == min((history - warm_up) // horizon, most + 2)


def test_it_says_how_many_in_both_languages():
    plan = plan_origins(FIRST, date(2025, 1, 1), 60, 60)
    assert isinstance(plan, OriginPlan)
    assert "5 rolling origins of 60 days" in plan.note_en()
    assert "5 个滚动时点" in plan.note_zh()


def test_a_week_of_history_is_not_enough():
    refusal = plan_origins(FIRST, FIRST + timedelta(days=7), 30, 30)
    assert isinstance(refusal, NotEnoughData)
    assert (refusal.have, refusal.need) == (7, 120)
    assert "only 7 days" in refusal.reason_en
    assert "只有 7 天" in refusal.reason_zh


def test_an_end_before_the_start_is_not_enough():
    assert isinstance(plan_origins(FIRST, FIRST - timedelta(days=3), 30, 0), NotEnoughData)


def test_a_horizon_of_no_days_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="at least 1"):
        plan_origins(FIRST, date(2025, 1, 1), 0, 0)
