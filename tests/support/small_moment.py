"""A small real moment: the views of the contract in an in-memory engine, from rows written as Python dictionaries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from liuke.collect.history import views

VIEWS = {
    "customers": "customer_id BIGINT, registered_on DATE, gender VARCHAR, birth_month DATE, province VARCHAR,"
    " city VARCHAR, channel VARCHAR, member_tier VARCHAR, member_since_on DATE, first_seen_on DATE",
    "children": "customer_id BIGINT, child_no INT, birth_month DATE, due_month DATE, gender VARCHAR,"
    " guardian_consent BOOLEAN",
    "purchases": "customer_id BIGINT, order_id BIGINT, occurred_at TIMESTAMP, occurred_on DATE, channel VARCHAR,"
    " net_minor BIGINT, discount_minor BIGINT, margin_minor BIGINT, quantity DOUBLE, n_items BIGINT",
    "purchase_items": "customer_id BIGINT, order_id BIGINT, occurred_at TIMESTAMP, occurred_on DATE, product_id BIGINT,"
    " category VARCHAR,"
    " subcategory VARCHAR, brand VARCHAR, stage VARCHAR, quantity DOUBLE, net_minor BIGINT, discount_minor BIGINT,"
    " margin_minor BIGINT",
    "products": "product_id BIGINT, product_key VARCHAR, name VARCHAR, brand VARCHAR, category VARCHAR,"
    " subcategory VARCHAR, stage VARCHAR, unit_cost DECIMAL(18,4), currency VARCHAR, units_per_pack DOUBLE,"
    " daily_use DOUBLE, min_age_months INT, max_age_months INT",
    "order_facts": "customer_id BIGINT, order_id BIGINT, fact VARCHAR, amount_minor BIGINT, occurred_at TIMESTAMP,"
    " occurred_on DATE",
    "events": "customer_id BIGINT, event VARCHAR, source VARCHAR, occurred_at TIMESTAMP, occurred_on DATE,"
    " channel VARCHAR, session_id BIGINT, product_id BIGINT, category VARCHAR, value DOUBLE,"
    " properties VARCHAR, message_id BIGINT",
    "scores_churn": "as_of DATE, customer_id BIGINT, probability DOUBLE, expected_margin_minor BIGINT",
    "touches": "customer_id BIGINT, channel VARCHAR, campaign VARCHAR, status VARCHAR, occurred_at TIMESTAMP,"
    " occurred_on DATE",
}


@dataclass
class SmallMoment:
    """What a moment offers to this room."""

    as_of: dt.date
    connection: duckdb.DuckDBPyConnection


Rows = Sequence[Mapping[str, Any]]


def moment_from(tables: Mapping[str, Rows], as_of: dt.date) -> SmallMoment:
    """Return a moment with these rows; every customer of any table is a customer, columns left out are missing.

    A row with `occurred_at` and no `occurred_on` gets the day of the instant, and the other way round midnight.
    """
    connection = duckdb.connect()
    everyone = {row["customer_id"] for rows in tables.values() for row in rows if "customer_id" in row}
    named = {row["customer_id"] for row in tables.get("customers", ())}
    customers = [*tables.get("customers", ()), *({"customer_id": c} for c in sorted(everyone - named))]
    for view, columns in VIEWS.items():
        connection.execute(f"CREATE TABLE {view} ({columns})")
        names = [column.split()[0] for column in columns.split(", ")]
        rows = [_dated(row) for row in (customers if view == "customers" else tables.get(view, ()))]
        strange = {key for row in rows for key in row} - {*names, "occurred_at", "occurred_on"}
        assert not strange, f"{view} has no {strange}"
        if rows:
            columns_of = {name: [row.get(name) for row in rows] for name in names}
            connection.register("written", pa.table(columns_of))
            connection.execute(f"INSERT INTO {view} SELECT {', '.join(names)} FROM written")
            connection.unregister("written")
    connection.execute("""
        UPDATE customers SET registered_on = e.day FROM (
            SELECT customer_id, min(occurred_on) AS day FROM events WHERE event = 'register' GROUP BY customer_id
        ) e WHERE registered_on IS NULL AND e.customer_id = customers.customer_id""")
    paid = "SELECT customer_id, 'order_paid' AS event, occurred_at, occurred_on FROM purchases"  # each was paid once
    connection.execute(f"CREATE TABLE acts AS {views.acts()} UNION {paid}")
    return SmallMoment(as_of, connection)


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    at, on = row.get("occurred_at"), row.get("occurred_on")
    if at is not None and on is None:
        on = at.date()
    if on is not None and at is None:
        at = dt.datetime.combine(on, dt.time())
    return {**row, "occurred_at": at, "occurred_on": on}
