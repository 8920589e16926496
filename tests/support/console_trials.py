"""Trials for tests of the console, lived week by week in the shop's own store and read by the real desk.

One runs and cannot tell yet, one has worked and is rolled out, one has lost a part of its control group's records, one
is a draft.
"""

from __future__ import annotations

import json
from datetime import datetime

import console_shop
import pyarrow as pa
import sqlalchemy as sa
from trial_shop import TrialShop

from liuke.decide.strategies import entries
from liuke.learn.experiments import Baseline, PlanningFacts, TrialDesk, trial_from
from liuke.learn.experiments.tables import trial_facts

WEEKS = 5
STAGES = [0.2, 0.5, 1.0]
TRIALS = (
    # id, strategy, words, share of control, stages, true effect, customers per week
    ("spring", "second_purchase", ("春季问候", "Spring greeting"), 0.10, STAGES, 0.03, 400),
    ("wake_up", "sleeping_customer", ("老友回访", "Old friends"), 0.40, [1.0], 0.15, 700),
    ("birthday", "birthday", ("生日祝福", "Birthday wishes"), 0.50, [0.5], 0.02, 300),
)
BASELINES = (
    Baseline("repurchase", 0.3, 0.21, 0.5),
    Baseline("margin", 900.0, 4e6, 0.4),
    Baseline("orders", 0.35, 0.3, 0.4),
    Baseline("unsubscribed", 0.004, 0.004, 0.0),
)


def live_trials(shop: console_shop.ConsoleShop) -> None:
    """Fill a shop with three trials of five weeks, a draft, and what plans start from."""
    keep_planning_facts(shop)
    lives = [_life(shop, seed, *row) for seed, row in enumerate(TRIALS, 1)]
    connection = lives[0].connection
    for life in lives:
        life.connection = connection
    for week in range(WEEKS):
        for life in lives:
            if life.record.state == "running":
                life.enter()
            life.week += 1
        if week == WEEKS - 1:
            _lose_records(shop, "birthday")
        day = lives[0]
        day.desk.read_out(day.moment(), _contacts(shop), day.act(day.day))
    document = _document("summer", "second_purchase", ("夏季问候", "Summer greeting"), 0.10, STAGES)
    with shop.operations.begin() as writing:
        TrialDesk(shop.operations, lives[0].settings, currency="CNY").book.draft(
            writing, document, lives[0].act(lives[0].day)
        )


def keep_planning_facts(shop: console_shop.ConsoleShop) -> None:
    """Keep what plans of the two ready strategies start from, as the nightly run does."""
    with shop.operations.begin() as connection:
        for strategy in ("second_purchase", "sleeping_customer"):
            found = PlanningFacts(strategy, console_shop.AS_OF, 28, "control", 500, 60.0, BASELINES)
            row = {"kind": "planning", "key": strategy, "as_of": console_shop.AS_OF}
            connection.execute(trial_facts.insert().values(**row, facts=json.dumps(found.tree())))


def _document(name, strategy, words, control, stages):  # type: ignore[no-untyped-def]
    tree = {"language": 1, "id": name, "strategy": strategy, "name": {"zh": words[0], "en": words[1]},
            "control_share": control, "horizon_days": 14, "rule": {"worthwhile": 0.03},
            "rollout": {"stages": stages}}  # fmt: skip
    return trial_from(tree, name)


def _life(shop, seed, name, strategy, words, control, stages, effect, per_week) -> TrialShop:  # type: ignore[no-untyped-def]
    document = _document(name, strategy, words, control, stages)
    return TrialShop(shop.operations, document, seed=seed, effect=effect, per_week=per_week)


def _lose_records(shop: console_shop.ConsoleShop, strategy: str) -> None:
    """Lose two of three control entries: what a broken import does to a trial."""
    lost = sa.delete(entries).where(
        entries.c.strategy == strategy, entries.c.arm == "control", entries.c.customer_id % 3 > 0
    )
    with shop.operations.begin() as connection:
        connection.execute(lost)


def _contacts(shop: console_shop.ConsoleShop) -> pa.Table:
    query = sa.select(entries.c.strategy, entries.c.customer_id, entries.c.entered_on).where(entries.c.arm == "treated")
    with shop.operations.read() as connection:
        rows = connection.execute(query).all()
    sent = [datetime(row.entered_on.year, row.entered_on.month, row.entered_on.day, 2) for row in rows]
    return pa.table(
        {
            "strategy": [row.strategy for row in rows],
            "channel": ["sms"] * len(rows),
            "state": ["sent"] * len(rows),
            "customer_id": pa.array([row.customer_id for row in rows], pa.int64()),
            "planned_on": pa.array([row.entered_on for row in rows], pa.date32()),
            "sent_at": pa.array(sent, pa.timestamp("us")),
        }
    )
