"""Customers enter once, arms and messages follow, and doing it again changes nothing."""

from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
import sqlalchemy as sa

from liuke.decide.strategies import (
    Arm,
    StrategyDesk,
    StrategyError,
    entries,
    entries_of,
    parse_strategy,
    strategy_versions,
)
from liuke.learn.experiments import ExperimentSettings, HashAllocator, assignments

DAY = date(2026, 10, 5)
TEXT = """
language: 1
id: hello
name: {zh: 你好, en: Hello}
description: {zh: 述, en: D}
audience: {tag: recency_days, gt: 10}
message: {node: a, channel: email, template: t}
"""


class Notebook:
    """A planner that writes down what it was asked to send."""

    def __init__(self, real: bool = False) -> None:
        self.real, self.planned, self.rehearsals = real, set(), 0

    def is_real(self, channel: str) -> bool:
        return self.real

    def plan(self, connection, batch, *, rehearse=False) -> int:
        keys = set(zip(batch.customer_ids.tolist(), batch.entries.tolist(), strict=True))
        new = keys - self.planned
        if rehearse:
            self.rehearsals += 1
        else:
            self.planned |= new
        return len(new)


@pytest.fixture
def people() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE people AS SELECT i AS customer_id, (i % 40)::INTEGER AS recency_days, 'o' || i AS order_key "
        "FROM range(1, 2001) t(i)"
    )
    return connection


def desk(operations, planner) -> StrategyDesk:
    return StrategyDesk(operations, HashAllocator(ExperimentSettings()), planner)


def count(operations, table: sa.Table) -> int:
    with operations.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


def test_entering_writes_arms_and_plans_for_the_treated_only(operations, people):
    planner, strategy = Notebook(), parse_strategy(TEXT)
    report = desk(operations, planner).enter(strategy, DAY, people, "people")
    with operations.read() as connection:
        table = entries_of(connection, "hello")
    assert report.audience == table.num_rows == sum(report.entered.values()) == 1_450
    assert report.planned == report.entered["treated"] == len(planner.planned)
    arms = dict(zip(table.column("customer_id").to_pylist(), table.column("arm").to_pylist(), strict=True))
    assert {customer for customer, _ in planner.planned} == {c for c, arm in arms.items() if arm == Arm.TREATED}
    assert set(table.column("entry").to_pylist()) == {"2026-10-05"}
    assert all(0 < p <= 1 for p in table.column("probability").to_pylist())


def test_the_same_day_again_changes_nothing(operations, people):
    planner, strategy = Notebook(), parse_strategy(TEXT)
    first = desk(operations, planner).enter(strategy, DAY, people, "people")
    before = (count(operations, entries), count(operations, assignments), set(planner.planned))
    again = desk(operations, planner).enter(strategy, DAY, people, "people")
    assert again.audience == first.audience
    assert sum(again.entered.values()) == again.planned == 0
    assert (count(operations, entries), count(operations, assignments), planner.planned) == before
    assert count(operations, strategy_versions) == 1


def test_once_means_once_and_again_after_days_means_that(operations, people):
    once, again = (
        parse_strategy(TEXT),
        parse_strategy(TEXT.replace("id: hello", "id: again\nentry: {again_after_days: 30}")),
    )
    for strategy, later in ((once, 0), (again, 1_450)):
        desk(operations, Notebook()).enter(strategy, DAY, people, "people")
        too_soon = desk(operations, Notebook()).enter(strategy, DAY + timedelta(days=29), people, "people")
        report = desk(operations, Notebook()).enter(strategy, DAY + timedelta(days=30), people, "people")
        assert sum(too_soon.entered.values()) == 0
        assert sum(report.entered.values()) == later


def test_an_entry_can_be_an_order(operations, people):
    strategy = parse_strategy(TEXT.replace("id: hello", "id: hello\nentry: {key: order_key}"))
    assert sum(desk(operations, Notebook()).enter(strategy, DAY, people, "people").entered.values()) == 1_450
    people.execute("UPDATE people SET order_key = order_key || 'b' WHERE customer_id = 11")
    people.execute("UPDATE people SET order_key = NULL WHERE customer_id = 12")
    later = desk(operations, Notebook()).enter(strategy, DAY + timedelta(days=1), people, "people")
    assert sum(later.entered.values()) == 1


def test_the_daily_limit_holds_over_several_runs_of_a_day(operations, people):
    strategy = parse_strategy(TEXT.replace("id: hello", "id: hello\nlimits: {entries_per_day: 100}"))
    runs = [desk(operations, Notebook()).enter(strategy, DAY, people, "people") for _ in range(2)]
    assert [sum(run.entered.values()) for run in runs] == [100, 0]
    tomorrow = desk(operations, Notebook()).enter(strategy, DAY + timedelta(days=1), people, "people")
    assert sum(tomorrow.entered.values()) == 100
    with operations.read() as connection:
        chosen = entries_of(connection, "hello").column("customer_id").to_numpy()
    assert np.median(chosen) > 500  # not simply the lowest ids


def test_a_rehearsal_on_a_real_channel_writes_nothing_and_tells_the_same_numbers(operations, people):
    planner, strategy = Notebook(real=True), parse_strategy(TEXT)
    rehearsed = desk(operations, planner).enter(strategy, DAY, people, "people", rehearse=True)
    assert rehearsed.rehearsed
    assert planner.rehearsals == 1
    tables = (entries, assignments, strategy_versions)
    assert [count(operations, table) for table in tables] == [0, 0, 0]
    real = desk(operations, planner).enter(strategy, DAY, people, "people")
    assert (real.entered, real.planned) == (rehearsed.entered, rehearsed.planned)


def test_a_rehearsal_on_a_channel_that_reaches_nobody_is_the_real_thing(operations, people):
    report = desk(operations, Notebook()).enter(parse_strategy(TEXT), DAY, people, "people", rehearse=True)
    assert not report.rehearsed
    assert count(operations, entries) == 1_450


def test_a_failing_planner_leaves_no_entries(operations, people):
    class Broken(Notebook):
        def plan(self, connection, batch, *, rehearse=False):
            raise StrategyError("no")

    with pytest.raises(StrategyError):
        desk(operations, Broken()).enter(parse_strategy(TEXT), DAY, people, "people")
    assert count(operations, entries) == count(operations, assignments) == 0


def test_an_unknown_tag_enters_nobody(operations, people):
    strategy = parse_strategy(TEXT.replace("recency_days", "recency_day"))
    with pytest.raises(StrategyError, match="recency_days"):
        desk(operations, Notebook()).enter(strategy, DAY, people, "people")
    assert count(operations, entries) == 0


def test_a_merge_lets_nobody_in_twice(operations, people):
    class Merged:
        def of(self, customer_ids):
            return {n: (n, n - 10_000) for n in customer_ids}

    strategy = parse_strategy(TEXT)
    desk(operations, Notebook()).enter(strategy, DAY, people, "people")
    people.execute("UPDATE people SET customer_id = customer_id + 10000")
    kin_desk = StrategyDesk(operations, HashAllocator(ExperimentSettings()), Notebook(), Merged())
    assert sum(kin_desk.enter(strategy, DAY + timedelta(days=1), people, "people").entered.values()) == 0
