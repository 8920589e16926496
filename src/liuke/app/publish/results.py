"""Which rows of the loop's tables belong to this build?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb

BY_DAY = (
    "customer_tags",
    "metrics",
    "cohorts",
    "churn_scores",
    "warnings",
    "warning_thresholds",
    "customer_values",
    "group_values",
    "interventions",
    "effects",
)
"""Tables that hold one set of rows per `as_of`."""

# What a table looks like before its step has ever run: the page then says why it is empty.
_EMPTY = {
    "customer_tags": "customer_id BIGINT",
    "metrics": "metric VARCHAR, period_start DATE, period_end DATE, value DOUBLE, numerator DOUBLE, "
    "denominator DOUBLE, final_on DATE, changed_on DATE, value_before DOUBLE, note VARCHAR",
    "cohorts": "cohort DATE, month_index INTEGER, customers BIGINT, active BIGINT",
    "churn_scores": "customer_id BIGINT, probability DOUBLE, horizon_days INTEGER, expected_margin_minor BIGINT, "
    "model_version VARCHAR, reasons VARCHAR",
    "customer_values": "customer_id BIGINT, horizon_days INTEGER, expected_purchases DOUBLE, value_minor BIGINT, "
    "low_minor BIGINT, high_minor BIGINT, model VARCHAR, margin_rate DOUBLE",
    "group_values": "grouping VARCHAR, member_of VARCHAR, customers BIGINT, value_minor BIGINT, "
    "value_low_minor BIGINT, value_high_minor BIGINT, horizon_days INTEGER, scored BIGINT, at_risk_minor BIGINT, "
    "at_risk_low_minor BIGINT, at_risk_high_minor BIGINT, at_risk_days INTEGER, level DOUBLE",
    "warnings": "customer_id BIGINT, level VARCHAR, value_at_risk_minor BIGINT, expected_profit_minor BIGINT, "
    "lifted BOOLEAN, graduated BOOLEAN, drift VARCHAR, reasons VARCHAR",
    "warning_thresholds": "stage VARCHAR, level VARCHAR, scored BIGINT, customers BIGINT, usual_probability DOUBLE, "
    "margin_minor DOUBLE, pays_from DOUBLE, profit_from_minor DOUBLE, lowest_probability DOUBLE, at_capacity BOOLEAN, "
    "save_share DOUBLE, cost_minor BIGINT, capacity BIGINT",
    "warning_backtest": "as_of DATE, week DATE, horizon_days INTEGER, final_on DATE, scored BIGINT, warned BIGINT, "
    "yellow BIGINT, churned BIGINT, warned_churned BIGINT, yellow_churned BIGINT, missed BIGINT, missed_paying BIGINT, "
    "value_churned_minor BIGINT, value_warned_minor BIGINT, first_warned BIGINT, in_time BIGINT, lead_days_low DOUBLE, "
    "lead_days_median DOUBLE, lead_days_high DOUBLE",
    "interventions": "period_start DATE, period_end DATE, value DOUBLE, numerator DOUBLE, denominator DOUBLE, "
    "held_back BIGINT, graduated BIGINT, note VARCHAR",
    "effects": "strategy VARCHAR, metric VARCHAR, treated_n BIGINT, treated_mean DOUBLE, control_n BIGINT, "
    "control_mean DOUBLE, difference DOUBLE, low DOUBLE, high DOUBLE, level DOUBLE, srm_p DOUBLE, "
    "pending_n BIGINT, verdict VARCHAR, reason VARCHAR",
    "contacts": "message_id BIGINT, strategy VARCHAR, version VARCHAR, customer_id BIGINT, entry VARCHAR, "
    "node VARCHAR, channel VARCHAR, state VARCHAR, reason VARCHAR, planned_on DATE, sent_at TIMESTAMP",
    "assignments": "experiment VARCHAR, customer_id BIGINT, arm VARCHAR, probability DOUBLE, assigned_on DATE",
}


def materialise(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str], as_of: date) -> dict[str, str]:
    """Put the rows of `as_of` into temporary tables and return their names, one per table of the loop.

    Parameters
    ----------
    relations
        Table name to an SQL relation over the lake (``lake.scan_sql``); a missing name is an empty table.
    """
    names = {}
    for table, columns in _EMPTY.items():
        name = names[table] = f"publish_{table}"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS {_rows(table, columns, relations.get(table))}",
            _bind(table, relations, as_of),
        )
    return names


def _rows(table: str, columns: str, relation: str | None) -> str:
    named = [column.split() for column in columns.split(", ")]
    if relation is None:
        return f"SELECT {', '.join(f'NULL::{sql_type} AS {name}' for name, sql_type in named)} LIMIT 0"
    # The columns of `customer_tags` are the shop's own tags; every other table is read by name.
    names = "*" if table == "customer_tags" else ", ".join(name for name, _ in named)
    if table in BY_DAY:
        return f"SELECT {names} FROM {relation} WHERE as_of = $as_of"
    if table == "warning_backtest":  # the latest look back
        return f"SELECT {names} FROM {relation} WHERE as_of <= $as_of QUALIFY as_of = max(as_of) OVER ()"
    if table == "contacts":  # the last state known by then
        return (
            f"SELECT {names} FROM {relation} WHERE as_of <= $as_of "
            "QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY as_of DESC) = 1"
        )
    return f"SELECT {names} FROM {relation} WHERE assigned_on <= $as_of"


def _bind(table: str, relations: Mapping[str, str], as_of: date) -> dict[str, object]:
    return {"as_of": as_of} if table in relations else {}
