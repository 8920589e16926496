"""Small shops in memory: the views of a moment over rows that a test writes down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from liuke.collect.history import Moment

START = date(2024, 1, 1)

SCHEMAS = {
    "purchases": "customer_id BIGINT, order_id BIGINT, occurred_at TIMESTAMP, occurred_on DATE, channel VARCHAR, "
    "net_minor BIGINT, discount_minor BIGINT, margin_minor BIGINT, quantity DOUBLE, n_items BIGINT, "
    "recorded_at TIMESTAMP",
    "purchase_items": "customer_id BIGINT, order_id BIGINT, occurred_on DATE, product_id BIGINT, category VARCHAR, "
    "subcategory VARCHAR, brand VARCHAR, stage VARCHAR, quantity DOUBLE, net_minor BIGINT, discount_minor BIGINT, "
    "margin_minor BIGINT, recorded_at TIMESTAMP",
    "order_facts": "customer_id BIGINT, order_id BIGINT, fact VARCHAR, amount_minor BIGINT, occurred_on DATE, "
    "recorded_at TIMESTAMP",
    "events": "customer_id BIGINT, event VARCHAR, occurred_at TIMESTAMP, occurred_on DATE, channel VARCHAR, "
    "session_id VARCHAR, product_id BIGINT, category VARCHAR, value DOUBLE, properties VARCHAR, "
    "recorded_at TIMESTAMP",
    "touches": "customer_id BIGINT, channel VARCHAR, campaign VARCHAR, status VARCHAR, occurred_on DATE, "
    "recorded_at TIMESTAMP",
}
PLAIN = {
    "children": "customer_id BIGINT, child_no INTEGER, birth_month DATE, due_month DATE, gender VARCHAR",
    "products": "product_id BIGINT, product_key VARCHAR, category VARCHAR, subcategory VARCHAR, stage VARCHAR, "
    "units_per_pack DOUBLE, daily_use DOUBLE, min_age_months INTEGER, max_age_months INTEGER",
    "identity_map": "identity_id BIGINT, customer_id BIGINT",
}


class ShopPast:
    """A shop's past made of purchases and events; opens real moments of it.

    Parameters
    ----------
    purchases : list of (customer, day number from START, margin in minor units, optional lag of recording in days)
    events : list of (customer, day number, event)
    """

    def __init__(self, purchases: list[tuple], events: list[tuple] = ()) -> None:
        self.opened: list[date] = []
        self._base = duckdb.connect()
        for name, columns in SCHEMAS.items():
            self._base.execute(f"CREATE TABLE {name} ({columns})")
        self.add(purchases, events)

    def add(self, purchases: list[tuple], events: list[tuple] = ()) -> None:
        """Add rows; a lag of recording delays when they can be seen."""
        first = self._base.execute("SELECT count(*) FROM purchases").fetchall()[0][0]
        rows = [(r[0], int(r[1]), int(r[2]), r[3] if len(r) > 3 else 0) for r in purchases]
        self._base.register("new", _columns(rows, ("customer", "day", "margin", "lag")))
        self._base.execute(f"""
            INSERT INTO purchases
            SELECT customer, {first} + row_number() OVER (), DATE '{START}' + day::INT + INTERVAL 12 HOUR,
                   DATE '{START}' + day::INT, 'app', 3 * margin, 0, margin, 1, 1,
                   DATE '{START}' + (day + lag)::INT + INTERVAL 12 HOUR FROM new""")
        self._base.execute(f"""
            INSERT INTO purchase_items
            SELECT customer_id, order_id, occurred_on, 1, 'nappies', NULL, NULL, NULL, 1, net_minor, 0, margin_minor,
                   recorded_at FROM purchases WHERE order_id > {first}""")
        seen = [(customer, int(day), event) for customer, day, event in events]
        self._base.register("new", _columns(seen, ("customer", "day", "event")))
        self._base.execute(f"""
            INSERT INTO events
            SELECT customer, event, DATE '{START}' + day::INT + INTERVAL 9 HOUR, DATE '{START}' + day::INT, 'app',
                   NULL, NULL, NULL, NULL, NULL, DATE '{START}' + day::INT + INTERVAL 9 HOUR FROM new""")

    def days(self) -> tuple[date, date] | None:
        """Return the first and the last day with a purchase."""
        first, last = self._base.execute("SELECT min(occurred_on), max(occurred_on) FROM purchases").fetchall()[0]
        return (first, last) if first else None

    def at(self, as_of: date, known_at: datetime | None = None) -> Moment:
        """Open a moment."""
        self.opened.append(as_of)
        known_at = known_at or datetime.combine(as_of, datetime.min.time())
        engine = duckdb.connect()
        for name in SCHEMAS:
            rows = self._base.sql(
                f"SELECT * EXCLUDE (recorded_at) FROM {name} "
                f"WHERE occurred_on < DATE '{as_of}' AND recorded_at <= TIMESTAMP '{known_at}' ORDER BY ALL"
            ).to_arrow_table()
            engine.register("rows", rows)
            engine.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM rows")
        for name, columns in PLAIN.items():
            engine.execute(f"CREATE TEMP TABLE {name} ({columns})")
        engine.execute(
            "CREATE TEMP TABLE customers AS SELECT customer_id, NULL::DATE AS registered_on, NULL::VARCHAR AS gender, "
            "NULL::DATE AS birth_month, NULL::VARCHAR AS province, NULL::VARCHAR AS city, NULL::VARCHAR AS channel, "
            "NULL::VARCHAR AS member_tier, NULL::DATE AS member_since_on, min(occurred_on) AS first_seen_on FROM "
            "(SELECT customer_id, occurred_on FROM purchases UNION ALL SELECT customer_id, occurred_on FROM events) "
            "GROUP BY customer_id"
        )
        return Moment(as_of, known_at, engine, {"orders": 1})


def _columns(rows: list[tuple], names: tuple[str, ...]) -> pa.Table:
    types = {"event": pa.string()}
    return pa.table({n: pa.array([row[i] for row in rows], types.get(n, pa.int64())) for i, n in enumerate(names)})


@pytest.fixture(scope="session")
def past_class() -> type[ShopPast]:
    return ShopPast


@pytest.fixture
def shop_past(past_class) -> type[ShopPast]:
    return past_class


def simulate(n: int, days: int, seed: int, leave: float = 0.15, every: float = 20.0) -> list[tuple]:
    """Customers with own rhythms who leave for good after a purchase now and then."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(1, n + 1):
        rate, margin = every * rng.gamma(4, 0.25), rng.integers(200, 2000)
        day = rng.uniform(0, days * 0.8)
        while day < days:
            rows.append((customer, int(day), int(margin * rng.uniform(0.5, 1.5))))
            if rng.random() < leave:
                break
            day += max(rng.gamma(3, rate / 3), 1)
    return rows


@pytest.fixture(scope="session")
def lively() -> list[tuple]:
    """Purchases of a shop with 900 customers and 400 days in which churn can be told from rhythm."""
    return simulate(900, 400, seed=1)


@pytest.fixture(scope="session")
def make_shop() -> Callable[..., list[tuple]]:
    return simulate


@pytest.fixture
def features_of_sql() -> Callable[..., SqlFeatures]:
    return SqlFeatures


class SqlFeatures:
    """Features written as one SELECT: for tests that need a wrong one."""

    definition_hash = "sql"
    money: frozenset[str] = frozenset()

    def __init__(self, sql: str, names: tuple[str, ...], engine: duckdb.DuckDBPyConnection | None = None) -> None:
        self._sql, self._engine = sql, engine
        self.families = dict.fromkeys(names, "activity")
        self.hashes = dict.fromkeys(names, "sql")
        self.titles = {name: (name, name) for name in names}

    def __call__(self, moment: Moment) -> pa.Table:
        engine = self._engine or moment.connection
        return engine.sql(self._sql.format(as_of=moment.as_of)).to_arrow_table()
