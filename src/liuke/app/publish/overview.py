"""The first page in one small document: key figures, cohorts, levels of risk, strategies and their effect."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from liuke.app.publish.contracts import MetricWord, StrategyWord

Row = dict[str, Any]
LEVELS = ("red", "orange", "yellow", "blue")
SERIES_LENGTH = 24  # periods in a sparkline: two years of months show one season twice
COHORTS_SHOWN = 18  # newest first-purchase months in the heat map; more rows than that cannot be read


def overview(
    connection: duckdb.DuckDBPyConnection,
    results: Mapping[str, str],
    metrics: Sequence[MetricWord],
    strategies: Sequence[StrategyWord],
) -> Row:
    """Collect what the first page shows.

    Returns
    -------
    dict
        JSON-ready: ``totals``, ``metrics``, ``cohorts``, ``levels``, ``strategies``.
    """
    return {
        "totals": _totals(connection),
        "metrics": _metrics(connection, results["metrics"], metrics),
        "cohorts": _cohorts(connection, results["cohorts"]),
        "levels": _levels(connection),
        "strategies": _strategies(connection, results, strategies),
    }


def rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> list[Row]:
    """Run a query and return its rows as dictionaries, read to the end at once."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, map(_finite, values), strict=True)) for values in cursor.fetchall()]


def _finite(value: Any) -> Any:
    """JSON has no NaN; a ratio over nothing is an absent value."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _totals(connection: duckdb.DuckDBPyConnection) -> Row:
    return rows(
        connection,
        """SELECT count(*) AS customers, count_if(n_orders > 0) AS buyers, count(probability) AS scored,
                  coalesce(sum(value_at_risk_minor), 0)::BIGINT AS value_at_risk_minor,
                  max(horizon_days) AS horizon_days, max(model_version) AS model_version
           FROM published_customers""",
    )[0]


def _levels(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    found = {
        row["level"]: row
        for row in rows(
            connection,
            """SELECT level, count(*) AS customers, avg(probability) AS mean_probability,
                      coalesce(sum(value_at_risk_minor), 0)::BIGINT AS value_at_risk_minor
               FROM published_customers WHERE level IS NOT NULL GROUP BY level""",
        )
    }
    empty = {"customers": 0, "value_at_risk_minor": 0, "mean_probability": None}
    return [found.get(level, {"level": level, **empty}) for level in LEVELS] if found else []


def _metrics(connection: duckdb.DuckDBPyConnection, table: str, words: Sequence[MetricWord]) -> list[Row]:
    by_metric: dict[str, list[Row]] = {}
    for row in rows(connection, f"SELECT * FROM {table} ORDER BY metric, period_end, period_start"):
        by_metric.setdefault(row.pop("metric"), []).append(row)
    known = {word.metric: word for word in words}
    order = [m for m in known if m in by_metric] + sorted(set(by_metric) - set(known))
    return [_metric(name, by_metric[name], known.get(name)) for name in order]


def _metric(name: str, periods: list[Row], word: MetricWord | None) -> Row:
    now = periods[-1]
    before = next((p for p in periods if p["period_end"] == now["period_start"]), None)
    year_ago = next((p for p in periods if p["period_start"] == _a_year_before(now["period_start"])), None)
    return {
        "metric": name,
        "zh": word.zh if word else name,
        "en": word.en if word else name,
        "formula_zh": word.formula_zh if word else "",
        "formula_en": word.formula_en if word else "",
        "unit": word.unit if word else "number",
        "better": word.better if word else "neither",
        **now,
        "previous": before["value"] if before else None,
        "year_ago": year_ago["value"] if year_ago else None,
        "series": [{"period_start": p["period_start"], "value": p["value"]} for p in periods[-SERIES_LENGTH:]],
    }


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


def _cohorts(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    cohorts: dict[date, Row] = {}
    for row in rows(
        connection, f"SELECT cohort, month_index, customers, active FROM {table} ORDER BY cohort, month_index"
    ):
        cohort = cohorts.setdefault(
            row["cohort"], {"cohort": row["cohort"], "customers": row["customers"], "active": []}
        )
        cohort["active"].append({"month_index": row["month_index"], "active": row["active"]})
    return list(cohorts.values())[-COHORTS_SHOWN:]


def _strategies(
    connection: duckdb.DuckDBPyConnection, results: Mapping[str, str], words: Sequence[StrategyWord]
) -> list[Row]:
    effects: dict[str, list[Row]] = {}
    for row in rows(connection, f"SELECT * FROM {results['effects']} ORDER BY strategy, metric"):
        effects.setdefault(row.pop("strategy"), []).append(row | {"reason": _words(row["reason"])})
    contacts: dict[str, dict[str, int]] = {}
    counted = f"SELECT strategy, state, count(*) AS n FROM {results['contacts']} GROUP BY ALL ORDER BY ALL"
    for row in rows(connection, counted):
        contacts.setdefault(row["strategy"], {})[row["state"]] = row["n"]
    known = {word.strategy: word for word in words}
    order = [*known, *sorted((set(effects) | set(contacts)) - set(known))]
    return [
        {
            "strategy": name,
            "zh": known[name].zh if name in known else name,
            "en": known[name].en if name in known else name,
            "goal_zh": known[name].goal_zh if name in known else "",
            "goal_en": known[name].goal_en if name in known else "",
            "contacts": contacts.get(name, {}),
            "effects": effects.get(name, []),
        }
        for name in order
    ]


def _words(reason: str | None) -> dict[str, str] | None:
    """Read a reason that is stored as JSON {zh, en}."""
    return dict(json.loads(reason)) if reason else None
