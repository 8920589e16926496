"""A shop that does nothing but enter a strategy and buy, with the effect known: for tests and proofs of trials.

Every week some customers enter; arms are drawn by the real allocator, entries stand in the operational store, purchases
in an in-memory engine with the views of the contract, and the real desk reads and decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from liuke.decide.strategies import entries
from liuke.learn.experiments import Act, ExperimentSettings, HashAllocator, Trial, TrialDesk, TrialRecord
from liuke.store.operations import Operations

START = date(2026, 1, 5)
SALT_STEP = 1_000_003  # customers of different seeds are other customers, so that each seed is another draw
VIEWS = """
CREATE TABLE identity_map (identity_id BIGINT, customer_id BIGINT);
CREATE TABLE customers (customer_id BIGINT, province VARCHAR, channel VARCHAR);
CREATE TABLE children (customer_id BIGINT, birth_month DATE, due_month DATE);
CREATE TABLE purchases (customer_id BIGINT, order_id BIGINT, occurred_on DATE, net_minor BIGINT, margin_minor BIGINT);
CREATE TABLE events (customer_id BIGINT, event VARCHAR, occurred_on DATE);
CREATE TABLE order_facts (customer_id BIGINT, fact VARCHAR, occurred_on DATE);
"""


@dataclass
class Day:
    as_of: date
    connection: duckdb.DuckDBPyConnection


@dataclass
class TrialShop:
    """One trial lived week by week.

    Parameters
    ----------
    base, effect
        Chance to buy in the window without contact; what contact adds.
    per_week
        Customers who enter each week.
    """

    operations: Operations
    trial: Trial
    seed: int
    base: float = 0.30
    effect: float = 0.0
    per_week: int = 1_000
    margin_minor: int = 3_000
    settings: ExperimentSettings = field(default_factory=lambda: ExperimentSettings(global_control_share=0.0))
    base_drift: float = 0.0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.desk = TrialDesk(self.operations, self.settings, currency="CNY")
        self.connection = duckdb.connect()
        self.connection.execute(VIEWS)
        self.entered = self.contacted = self.week = 0
        act = self.act(START)
        with self.operations.begin() as connection:
            self.desk.book.draft(connection, self.trial, act)
            self.desk.book.start(connection, self.trial.id, act, "v1")

    @staticmethod
    def act(day: date) -> Act:
        return Act("loop", datetime(day.year, day.month, day.day, 1), day)

    @property
    def record(self) -> TrialRecord:
        return self.desk.record(self.trial.id)[0]

    @property
    def day(self) -> date:
        return START + timedelta(weeks=self.week)

    def live(self, weeks: int) -> TrialRecord:
        """Let weeks pass; stop when the trial has ended."""
        for _ in range(weeks):
            self.enter()
            self.week += 1
            self.desk.read_out(self.moment(), self.contacts(), self.act(self.day))
            if self.record.state == "ended":
                break
        return self.record

    def moment(self) -> Day:
        return Day(self.day, self.connection)

    def contacts(self) -> pa.Table:
        kinds = {"customer_id": pa.int64(), "planned_on": pa.date32(), "sent_at": pa.timestamp("us")}
        texts = dict.fromkeys(("strategy", "channel", "state"), pa.string())
        query = sa.select(entries.c.customer_id, entries.c.entered_on).where(entries.c.arm == "treated")
        with self.operations.read() as connection:
            rows = [
                {
                    "strategy": self.trial.strategy,
                    "channel": "sms",
                    "state": "sent",
                    "customer_id": customer,
                    "planned_on": day,
                    "sent_at": datetime(day.year, day.month, day.day, 2),
                }
                for customer, day in connection.execute(query)
            ]
        return pa.Table.from_pylist(rows, schema=pa.schema([*texts.items(), *kinds.items()]))

    def enter(self, *, again: bool = False) -> None:
        """Let a week's customers enter, be drawn, and buy or not; again: all those of the weeks before."""
        n, day = (self.entered if again else self.per_week), self.day
        ids = self.seed * SALT_STEP + (0 if again else self.entered) + np.arange(n, dtype=np.int64)
        with self.operations.begin() as connection:
            allocator = HashAllocator(self.settings)
            drawn = allocator.allocate(connection, self.trial.strategy, ids, self.trial.control_share, day)
            rows = [
                {
                    "strategy": self.trial.strategy,
                    "customer_id": i,
                    "entry": day.isoformat(),
                    "version": "v1",
                    "arm": arm,
                    "probability": chance,
                    "entered_on": day,
                }
                for i, arm, chance in zip(ids.tolist(), drawn.arms.tolist(), drawn.probabilities.tolist(), strict=True)
                if arm != "elsewhere"
            ]
            if rows:
                connection.execute(sa.insert(entries), rows)
        treated = drawn.arms == "treated"
        self.entered += 0 if again else n
        self.contacted += int(treated.sum())
        loyal = self.rng.random(n) < 0.5  # loyal customers bought before and buy twice as often: what CUPED sees
        base = self.base + self.base_drift * self.week
        chance = base * np.where(loyal, 4 / 3, 2 / 3) + self.effect * treated
        buys = self.rng.random(n) < chance
        after = self.rng.integers(0, self.trial.horizon_days, n)
        margin = self.rng.integers(self.margin_minor // 2, self.margin_minor * 3 // 2, n)
        rows_before = [(int(i), day - timedelta(days=30)) for i in ids[loyal]]
        rows_after = [(int(i), day + timedelta(days=int(a))) for i, a in zip(ids[buys], after[buys], strict=True)]
        margins = [*margin[loyal].tolist(), *margin[buys].tolist()]
        bought = rows_before + rows_after
        table = pa.table(
            {
                "customer_id": pa.array([one for one, _ in bought], pa.int64()),
                "order_id": pa.array([self.week * 10_000_000 + i for i in range(len(bought))], pa.int64()),
                "occurred_on": pa.array([on for _, on in bought], pa.date32()),
                "net_minor": pa.array([m * 3 for m in margins], pa.int64()),
                "margin_minor": pa.array(margins, pa.int64()),
            }
        )
        self.connection.register("new_rows", table)
        self.connection.execute("INSERT INTO purchases SELECT * FROM new_rows")
        self.connection.unregister("new_rows")
        people = pa.table(
            {
                "customer_id": ids,
                "province": self.rng.choice(np.array(["浙江省", "广东省", "四川省"]), n),
                "channel": ["app"] * n,
            }
        )
        self.connection.register("new_rows", people)
        self.connection.execute("INSERT INTO customers SELECT * FROM new_rows")
        self.connection.unregister("new_rows")
