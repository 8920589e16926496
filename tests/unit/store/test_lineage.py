from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from liuke.store.lineage import Step, StepLog, StepResult, StepState
from liuke.store.operations import Operations

DAY = date(2026, 11, 16)


def ticking() -> Iterator[datetime]:
    now = datetime(2026, 11, 16, 3)
    while True:
        yield now
        now += timedelta(seconds=2)


@pytest.fixture
def log(tmp_path: Path) -> StepLog:
    operations = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
    operations.create_all()
    clock = ticking()
    return StepLog(operations, lambda: next(clock))


def test_a_completed_step_is_not_taken_again(log: StepLog) -> None:
    taken = []

    def body() -> StepResult:
        taken.append(1)
        return StepResult(outputs={"customer_tags": 7}, counts={"rows": 3})

    step = Step("tag", DAY, {"orders": 1})
    first, second = log.take(step, body), log.take(step, body)
    assert (first.repeated, second.repeated) == (False, True)
    assert second.counts == {"rows": 3}
    assert first.seconds == 2.0
    assert len(taken) == 1


@pytest.mark.parametrize(
    "other",
    [
        Step("tag", DAY, {"orders": 2}),
        Step("tag", DAY + timedelta(1), {"orders": 1}),
        Step("tag", DAY, {"orders": 1}, "d"),
    ],
)
def test_another_input_day_or_definition_is_another_step(log: StepLog, other: Step) -> None:
    log.take(Step("tag", DAY, {"orders": 1}), StepResult)
    assert not log.take(other, StepResult).repeated


def test_a_failed_step_is_remembered_and_taken_again(log: StepLog) -> None:
    def broken() -> StepResult:
        raise ValueError("no disk")

    step = Step("tag", DAY)
    with pytest.raises(ValueError, match="no disk"):
        log.take(step, broken)
    assert log.recent()[0].state is StepState.FAILED
    assert "no disk" in log.recent()[0].note
    assert not log.take(step, StepResult).repeated


def test_a_table_is_traced_to_its_sources(log: StepLog) -> None:
    log.take(Step("tag", DAY, {"orders": 1, "events": 2}), lambda: StepResult({"customer_tags": 3}))
    log.take(Step("predict", DAY, {"customer_tags": 3}), lambda: StepResult({"churn_scores": 4}))
    upstream = log.upstream("churn_scores")
    assert sorted(upstream) == ["churn_scores", "customer_tags"]
    assert upstream["customer_tags"].inputs == {"orders": 1, "events": 2}
