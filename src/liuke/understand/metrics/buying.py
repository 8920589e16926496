"""Counts and sums about purchases, per period, from the `purchases` view: counted orders, net of refunds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from liuke.collect.history import record_days
from liuke.kernel.days import Period


@dataclass(frozen=True)
class Sales:
    """What was bought in a period. Money in minor units, of orders with a known amount; None if there are none such."""

    buyers: int
    orders: int
    priced: int  # orders with a known amount
    revenue_minor: int | None
    margin_minor: int | None
    repeaters: int  # bought on at least two different days of the period
    returning: int  # had bought before the period


@dataclass(frozen=True)
class Kept:
    """Of the customers of a base window, those who bought in the period that follows it."""

    base: int
    bought: int


@dataclass(frozen=True)
class Standing:
    """Where all buyers stand at the end of a period."""

    ever: int
    one_day_only: int


def first_purchase_day(connection: duckdb.DuckDBPyConnection) -> dt.date | None:
    """Return the first day with a counted order: where the recorded history begins."""
    found = record_days(connection, "SELECT occurred_on AS day FROM purchases")
    return found[0] if found else None


def first_priced_day(connection: duckdb.DuckDBPyConnection) -> dt.date | None:
    """Return the first day with a counted order; None if no order has an amount: then revenue is unknown, not zero."""
    priced = connection.execute("SELECT bool_or(net_minor <> 0) FROM purchases").fetchall()[0][0]
    return first_purchase_day(connection) if priced else None


def sales(connection: duckdb.DuckDBPyConnection, periods: Sequence[Period]) -> Mapping[Period, Sales]:
    """Return what was bought in each period."""
    rows = connection.execute(f"""
        WITH periods(start, stop) AS ({_values(periods)}),
        firsts AS (SELECT customer_id, min(occurred_on) AS first_on FROM purchases GROUP BY customer_id),
        bought AS (
            SELECT start, customer_id, count(DISTINCT order_id) AS orders, count(DISTINCT occurred_on) AS days,
                   count(DISTINCT order_id) FILTER (net_minor IS NOT NULL) AS priced,
                   sum(net_minor) AS revenue, sum(margin_minor) AS margin
            FROM purchases JOIN periods ON occurred_on >= start AND occurred_on < stop GROUP BY start, customer_id
        )
        SELECT p.start, p.stop, count(b.customer_id), coalesce(sum(orders), 0)::BIGINT,
               coalesce(sum(priced), 0)::BIGINT,
               CASE WHEN count(b.customer_id) = 0 THEN 0 ELSE sum(revenue)::BIGINT END,
               CASE WHEN count(b.customer_id) = 0 THEN 0 ELSE sum(margin)::BIGINT END,
               count(*) FILTER (WHERE days >= 2), count(*) FILTER (WHERE first_on < p.start)
        FROM periods p LEFT JOIN bought b ON b.start = p.start LEFT JOIN firsts f ON f.customer_id = b.customer_id
        GROUP BY p.start, p.stop ORDER BY p.start""").fetchall()
    return {Period(row[0], row[1]): Sales(*row[2:]) for row in rows}


def kept(connection: duckdb.DuckDBPyConnection, base_starts: Mapping[Period, dt.date]) -> Mapping[Period, Kept]:
    """Return, per period, who bought from its base's start up to the period, and how many of them bought in it."""
    bases = ", ".join(f"(DATE '{base}', DATE '{p.start}', DATE '{p.end}')" for p, base in base_starts.items())
    rows = connection.execute(f"""
        WITH periods(base, start, stop) AS (VALUES {bases}),
        days AS (SELECT DISTINCT customer_id, occurred_on AS day FROM purchases),
        seen AS (
            SELECT start, stop, customer_id, bool_or(day < start) AS in_base, bool_or(day >= start) AS in_period
            FROM days JOIN periods ON day >= base AND day < stop GROUP BY start, stop, customer_id
        )
        SELECT p.start, p.stop, count(*) FILTER (WHERE in_base), count(*) FILTER (WHERE in_base AND in_period)
        FROM periods p LEFT JOIN seen s ON s.start = p.start GROUP BY p.start, p.stop ORDER BY p.start""").fetchall()
    return {Period(row[0], row[1]): Kept(*row[2:]) for row in rows}


def standing(connection: duckdb.DuckDBPyConnection, periods: Sequence[Period]) -> Mapping[Period, Standing]:
    """Return how many have ever bought by the end of each period, and how many of them on one day only."""
    rows = connection.execute(f"""
        WITH periods(start, stop) AS ({_values(periods)}),
        days AS (SELECT DISTINCT customer_id, occurred_on AS day FROM purchases),
        numbered AS (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY day) AS n FROM days),
        steps AS (
            SELECT min(day) FILTER (WHERE n = 1) AS first_on, min(day) FILTER (WHERE n = 2) AS second_on
            FROM numbered WHERE n <= 2 GROUP BY customer_id
        )
        SELECT start, stop, count(first_on), count(*) FILTER (
            WHERE first_on IS NOT NULL AND (second_on IS NULL OR second_on >= stop))
        FROM periods LEFT JOIN steps ON first_on < stop GROUP BY start, stop ORDER BY start""").fetchall()
    return {Period(row[0], row[1]): Standing(*row[2:]) for row in rows}


def second_purchases(
    connection: duckdb.DuckDBPyConnection, periods: Sequence[Period], within_days: int
) -> Mapping[Period, Kept]:
    """Return the first-time buyers of each period, and those with a second order at most `within_days` later.

    The shipments of one split order are one order; a second order on the same day is a second order.
    """
    rows = connection.execute(f"""
        WITH periods(start, stop) AS ({_values(periods)}),
        orders AS (SELECT customer_id, order_id, min(occurred_on) AS day FROM purchases GROUP BY customer_id, order_id),
        numbered AS (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY day, order_id) AS n FROM orders),
        steps AS (
            SELECT min(day) FILTER (WHERE n = 1) AS first_on, min(day) FILTER (WHERE n = 2) AS second_on
            FROM numbered WHERE n <= 2 GROUP BY customer_id
        )
        SELECT start, stop, count(first_on), count(*) FILTER (WHERE second_on - first_on <= {within_days:d})
        FROM periods LEFT JOIN steps ON first_on >= start AND first_on < stop
        GROUP BY start, stop ORDER BY start""").fetchall()
    return {Period(row[0], row[1]): Kept(*row[2:]) for row in rows}


def _values(periods: Sequence[Period]) -> str:
    return "VALUES " + ", ".join(f"(DATE '{period.start}', DATE '{period.end}')" for period in periods)
