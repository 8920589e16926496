"""Counts about registered customers, members and active days, per period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from liuke.collect.history import record_days
from liuke.kernel.days import Period
from liuke.understand.metrics.buying import Kept

ACTIVATIONS = ("membership_activated", "benefit_used")
"""Behaviours that show a membership in use."""


@dataclass(frozen=True)
class Activity:
    """Active customers of a period."""

    customers: int
    customer_days: int  # pairs of a customer and a day on which they were active


@dataclass(frozen=True)
class Membership:
    """Members and non-members around a period."""

    registered: int  # by its end
    members: int  # of them
    activated: int  # members who by then had activated the membership or used a benefit
    paid: int  # members whose tier, as last recorded, is one that customers pay for
    outside: int  # registered before its start and no member then
    joined: int  # of those, joined in the period


def first_active_day(connection: duckdb.DuckDBPyConnection, started: Sequence[str]) -> dt.date | None:
    """Return the first day with an event that a customer started: where the record of behaviour begins."""
    found = record_days(connection, f"SELECT occurred_on AS day FROM events WHERE event IN ({_texts(started)})")
    return found[0] if found else None


def first_registered_day(connection: duckdb.DuckDBPyConnection) -> dt.date | None:
    """Return the first day on which a customer registered."""
    found = record_days(connection, "SELECT registered_on AS day FROM customers")
    return found[0] if found else None


def first_member_day(connection: duckdb.DuckDBPyConnection) -> dt.date | None:
    """Return the first day on which a customer became a member."""
    found = record_days(connection, "SELECT member_since_on AS day FROM customers")
    return found[0] if found else None


def retention(
    connection: duckdb.DuckDBPyConnection, periods: Sequence[Period], started: Sequence[str], days: Sequence[int]
) -> Mapping[int, Mapping[Period, Kept]]:
    """Return, per number of days, who registered in each period and who of them was active exactly so much later."""
    came = ", ".join(f"bool_or(a.day - r.day = {day:d}) AS came_{day:d}" for day in days)
    counts = ", ".join(f"count(*) FILTER (WHERE came_{day:d})" for day in days)
    rows = connection.execute(f"""
        WITH periods(start, stop) AS ({_values(periods)}),
        registered AS (
            SELECT customer_id, registered_on AS day, start
            FROM customers JOIN periods ON registered_on >= start AND registered_on < stop
        ),
        active AS ({_active(started, min(p.start for p in periods))}),
        seen AS (
            SELECT r.start, r.customer_id, {came} FROM registered r
            LEFT JOIN active a ON a.customer_id = r.customer_id AND a.day > r.day AND a.day <= r.day + {max(days):d}
            GROUP BY r.start, r.customer_id
        )
        SELECT p.start, p.stop, count(s.customer_id), {counts}
        FROM periods p LEFT JOIN seen s ON s.start = p.start GROUP BY p.start, p.stop ORDER BY p.start""").fetchall()
    return {
        day: {Period(row[0], row[1]): Kept(row[2], row[3 + place]) for row in rows} for place, day in enumerate(days)
    }


def active(
    connection: duckdb.DuckDBPyConnection, periods: Sequence[Period], started: Sequence[str]
) -> Mapping[Period, Activity]:
    """Return how many customers were active in each period, and on how many days."""
    rows = connection.execute(f"""
        WITH periods(start, stop) AS ({_values(periods)}), active AS ({_active(started, min(p.start for p in periods))})
        SELECT start, stop, count(DISTINCT customer_id), count(customer_id)
        FROM periods LEFT JOIN active ON day >= start AND day < stop GROUP BY start, stop ORDER BY start""").fetchall()
    return {Period(row[0], row[1]): Activity(*row[2:]) for row in rows}


def first_activation_day(connection: duckdb.DuckDBPyConnection) -> dt.date | None:
    """Return the first day on which a membership was activated or a benefit used."""
    found = record_days(connection, f"SELECT occurred_on AS day FROM events WHERE event IN ({_texts(ACTIVATIONS)})")
    return found[0] if found else None


def membership(
    connection: duckdb.DuckDBPyConnection, periods: Sequence[Period], paid_tiers: Sequence[str]
) -> Mapping[Period, Membership]:
    """Return members and non-members around each period, among registered customers."""
    rows = connection.execute(f"""
        WITH periods(start, stop) AS ({_values(periods)}),
        uses AS (
            SELECT customer_id, min(occurred_on) AS used_on FROM events WHERE event IN ({_texts(ACTIVATIONS)})
            GROUP BY customer_id
        ),
        people AS (
            SELECT registered_on, member_since_on AS joined_on, used_on,
                   coalesce(member_tier IN ({_texts(paid_tiers) or "NULL"}), false) AS pays
            FROM customers LEFT JOIN uses USING (customer_id) WHERE registered_on IS NOT NULL
        )
        SELECT start, stop, count(registered_on), count(*) FILTER (WHERE joined_on < stop),
               count(*) FILTER (WHERE joined_on < stop AND used_on < stop),
               count(*) FILTER (WHERE joined_on < stop AND pays),
               count(*) FILTER (WHERE registered_on < start AND (joined_on IS NULL OR joined_on >= start)),
               count(*) FILTER (WHERE registered_on < start AND joined_on >= start AND joined_on < stop)
        FROM periods LEFT JOIN people ON registered_on < stop GROUP BY start, stop ORDER BY start""").fetchall()
    return {Period(row[0], row[1]): Membership(*row[2:]) for row in rows}


def _active(started: Sequence[str], since: dt.date) -> str:
    """Select the pairs of customer and day on which the customer was active."""
    return f"""
        SELECT DISTINCT customer_id, occurred_on AS day FROM acts
        WHERE event IN ({_texts(started)}) AND occurred_on >= DATE '{since}'"""


def _texts(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def _values(periods: Sequence[Period]) -> str:
    return "VALUES " + ", ".join(f"(DATE '{period.start}', DATE '{period.end}')" for period in periods)
