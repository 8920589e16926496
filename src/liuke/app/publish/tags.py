"""Which tags are there, and which values can be picked in a filter?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import duckdb

from liuke.app.publish.contracts import TagWord
from liuke.app.publish.overview import rows
from liuke.app.publish.tables import TAG_PREFIX, quoted
from liuke.app.publish.value_words import VALUE_WORDS

PICKABLE_VALUES = 40
"""Values offered in a filter; a tag with more of them is searched by number or typed text."""

NOT_TAGS = {"as_of", "customer_id", "load_id", "row_number", "source", "recorded_at"}
"""Columns of `customer_tags` that are keys or lineage."""

_YES_NO = {"true": ("是", "Yes"), "false": ("否", "No")}


def tag_columns(connection: duckdb.DuckDBPyConnection, table: str, defined: Collection[str]) -> list[str]:
    """Keys of the tags that stand in the table, in its own order.

    A table keeps the column of a tag that is no longer defined, so those are left out (unless none is defined).
    """
    described = rows(connection, f"DESCRIBE SELECT * FROM {table}")
    columns = [row["column_name"] for row in described if row["column_name"] not in NOT_TAGS]
    return [column for column in columns if column in defined or not defined]


def tag_document(
    connection: duckdb.DuckDBPyConnection, keys: Iterable[str], words: Sequence[TagWord]
) -> list[dict[str, Any]]:
    """Describe each published tag: words, kind, how many customers have it, and the common values."""
    types = {row["column_name"]: row["column_type"] for row in rows(connection, "DESCRIBE published_customers")}
    known = {word.key: word for word in words}
    present = list(keys)
    order = [key for key in known if key in present] + [key for key in present if key not in known]
    return [_describe(connection, key, known.get(key), types[TAG_PREFIX + key]) for key in order]


def _describe(connection: duckdb.DuckDBPyConnection, key: str, word: TagWord | None, sql_type: str) -> dict[str, Any]:
    kind = word.kind if word else _kind(sql_type)
    column = quoted(TAG_PREFIX + key)
    described = {
        "key": key,
        "family": word.family if word else "other",
        "family_zh": word.family_zh if word else "其他",
        "family_en": word.family_en if word else "Other",
        "zh": word.zh if word else key,
        "en": word.en if word else key,
        "explanation_zh": word.explanation_zh if word else "",
        "explanation_en": word.explanation_en if word else "",
        "kind": kind,
        "one_of": list(word.one_of) if word and word.one_of is not None else None,
        "customers": rows(connection, f"SELECT count({column}) AS n FROM published_customers")[0]["n"],
    }
    return described | {"values": _values(connection, column, kind, word)}


def _values(
    connection: duckdb.DuckDBPyConnection, column: str, kind: str, word: TagWord | None
) -> list[dict[str, Any]]:
    if kind not in {"text", "boolean", "list"}:
        return []
    value = f"unnest({column})" if kind == "list" else column
    counted = rows(
        connection,
        f"""SELECT value::VARCHAR AS value, count(*) AS customers
            FROM (SELECT {value} AS value FROM published_customers) WHERE value IS NOT NULL
            GROUP BY 1 ORDER BY customers DESC, value LIMIT {PICKABLE_VALUES}""",
    )
    names = (word.values if word else {}) or (_YES_NO if kind == "boolean" else {})
    there = {row["value"] for row in counted}
    closed = (word.one_of if word else None) or ()
    counted += [{"value": value, "customers": 0} for value in closed if value not in there]  # a rule may ask for them
    for row in counted:
        as_it_stands = (row["value"], row["value"])
        row["zh"], row["en"] = names.get(row["value"]) or VALUE_WORDS.get(row["value"], as_it_stands)
    return counted


def _kind(sql_type: str) -> str:
    if sql_type.endswith("[]"):
        return "list"
    if sql_type == "BOOLEAN":
        return "boolean"
    if sql_type in {"DATE", "TIMESTAMP"}:
        return "date"
    return "text" if sql_type == "VARCHAR" else "number"
