"""The page of the early warning in one document: levels, thresholds with grounds, declines, reasons, past weeks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from liuke.app.publish.overview import LEVELS, rows
from liuke.predict.churn import reason_words
from liuke.predict.early_warning import BEHAVIOUR_NAMES, INTERVENED_WORDS

Row = dict[str, Any]
FADING_SHOWN = 50  # of the fading customers, those with the most at risk: a list to work through, not an export


def early_warning(connection: duckdb.DuckDBPyConnection, results: Mapping[str, str]) -> Row:
    """Collect what the page shows.

    Returns
    -------
    dict
        JSON-ready: ``levels``, ``thresholds``, ``detectors``, ``fading``, ``reasons``, ``backtest``, ``intervened``.
    """
    warnings = results["warnings"]
    return {
        "levels": _levels(connection, warnings),
        "thresholds": rows(
            connection,
            f"""SELECT * FROM {results["warning_thresholds"]}
                ORDER BY scored DESC, stage, CASE level WHEN 'red' THEN 0 ELSE 1 END""",
        ),
        "detectors": _detectors(connection, warnings),
        "fading": _fading(connection, warnings),
        "reasons": _reasons(connection, warnings),
        "intervened": next(
            ({**INTERVENED_WORDS, **row} for row in rows(connection, f"SELECT * FROM {results['interventions']}")), None
        ),
        "backtest": rows(connection, f"SELECT * FROM {results['warning_backtest']} ORDER BY week"),
    }


def _levels(connection: duckdb.DuckDBPyConnection, warnings: str) -> list[Row]:
    found = {
        row["level"]: row
        for row in rows(
            connection,
            f"""SELECT level, count(*) AS customers, count_if(lifted) AS lifted, count_if(graduated) AS graduated,
                       coalesce(sum(value_at_risk_minor), 0)::BIGINT AS value_at_risk_minor,
                       coalesce(sum(expected_profit_minor) FILTER (WHERE level IN ('red', 'orange')), 0)::BIGINT
                           AS expected_profit_minor
                FROM {warnings} GROUP BY level""",
        )
    }
    empty = {"customers": 0, "lifted": 0, "graduated": 0, "value_at_risk_minor": 0, "expected_profit_minor": 0}
    return [found.get(level, {"level": level, **empty}) for level in LEVELS] if found else []


def _detectors(connection: duckdb.DuckDBPyConnection, warnings: str) -> list[Row]:
    found = rows(
        connection,
        f"""WITH looked AS (
                SELECT from_json(drift, '{{"checked": ["VARCHAR"], "found": [{{"behaviour": "VARCHAR"}}]}}') AS told
                FROM {warnings} WHERE drift IS NOT NULL
            ), checked AS (SELECT unnest(told.checked) AS behaviour FROM looked),
                 declined AS (SELECT unnest(told.found).behaviour AS behaviour FROM looked)
            SELECT b.behaviour, (SELECT count(*) FROM looked) AS customers,
                   (SELECT count(*) FROM checked c WHERE c.behaviour = b.behaviour) AS checked,
                   (SELECT count(*) FROM declined d WHERE d.behaviour = b.behaviour) AS fading
            FROM (SELECT unnest($behaviours) AS behaviour) b""",
        {"behaviours": [one.value for one in BEHAVIOUR_NAMES]},
    )
    names = {one.value: words for one, words in BEHAVIOUR_NAMES.items()}
    ordered = sorted(found, key=lambda row: list(names).index(row["behaviour"]))
    return [{**row, "zh": names[row["behaviour"]][0], "en": names[row["behaviour"]][1]} for row in ordered]


def _fading(connection: duckdb.DuckDBPyConnection, warnings: str) -> list[Row]:
    return rows(
        connection,
        f"""WITH told AS (
                SELECT customer_id, level, value_at_risk_minor,
                       from_json(json_extract(drift, '$.found'), '[{{"zh": "VARCHAR", "en": "VARCHAR"}}]') AS found
                FROM {warnings} WHERE drift IS NOT NULL
            )
            SELECT customer_id, level, value_at_risk_minor,
                   array_to_string(list_transform(found, lambda f: f.zh), '；') AS zh,
                   array_to_string(list_transform(found, lambda f: f.en), '; ') AS en
            FROM told WHERE len(found) > 0
            ORDER BY value_at_risk_minor DESC, customer_id LIMIT {FADING_SHOWN}""",
    )


def _reasons(connection: duckdb.DuckDBPyConnection, warnings: str) -> list[Row]:
    words = reason_words().families
    found = rows(
        connection,
        f"""SELECT json_extract_string(reasons, '$[0].family') AS family, count(*) AS customers FROM {warnings}
            WHERE level IN ('red', 'orange') AND json_extract_string(reasons, '$[0].direction') = 'raises'
            GROUP BY ALL ORDER BY customers DESC, family""",
    )
    return [
        {**row, "zh": words[row["family"]].zh, "en": words[row["family"]].en} for row in found if row["family"] in words
    ]
