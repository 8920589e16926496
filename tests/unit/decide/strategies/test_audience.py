"""A rule means the same in SQL as in words; names never carry SQL, and mistakes explain themselves."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liuke.decide.strategies import StrategyError, compile_audience, parse_strategy

SHOP = """
CREATE TABLE people AS SELECT * FROM (VALUES
    (1, 3,    'new',     TRUE,  ['nappies', 'toys'], DATE '2026-09-01', 'red'),
    (2, 40,   'mature',  FALSE, ['toys'],            DATE '2026-08-01', 'blue'),
    (3, NULL, NULL,      NULL,  NULL,                NULL,              NULL),
    (4, 75,   'dormant', TRUE,  [],                  DATE '2026-07-01', 'orange')
) t(customer_id, recency_days, lifecycle, member, needs, joined_on, level)
"""
COLUMNS = {
    "customer_id": "BIGINT",
    "recency_days": "INTEGER",
    "lifecycle": "VARCHAR",
    "member": "BOOLEAN",
    "needs": "VARCHAR[]",
    "joined_on": "DATE",
    "level": "VARCHAR",
}
DOCUMENT = """
language: 1
id: s
name: {{zh: 策, en: S}}
description: {{zh: 述, en: D}}
audience: {audience}
message: {{node: a, channel: email, template: t}}
"""


def selected(audience: str) -> list[int]:
    rule = compile_audience(parse_strategy(DOCUMENT.format(audience=audience)).audience, COLUMNS)
    connection = duckdb.connect()
    connection.execute(SHOP)
    query = f"SELECT customer_id FROM people WHERE {rule.sql} ORDER BY customer_id"
    return [row[0] for row in connection.execute(query, rule.parameters).fetchall()]


@pytest.mark.parametrize(
    ("audience", "who"),
    [
        ("{tag: recency_days, eq: 3}", [1]),
        ("{tag: recency_days, in: [3, 75]}", [1, 4]),
        ("{tag: recency_days, between: [3, 40]}", [1, 2]),
        ("{tag: recency_days, gt: 40}", [4]),
        ("{tag: recency_days, gte: 40}", [2, 4]),
        ("{tag: recency_days, lt: 40}", [1]),
        ("{tag: recency_days, lte: 40}", [1, 2]),
        ("{tag: recency_days, 'null': true}", [3]),
        ("{tag: recency_days, null: false}", [1, 2, 4]),
        ("{tag: member, eq: false}", [2]),
        ("{tag: needs, contains: toys}", [1, 2]),
        ("{profile: joined_on, gte: 2026-08-01}", [1, 2]),
        ("{profile: joined_on, lt: '2026-08-01'}", [4]),
        ("{level: [orange, red]}", [1, 4]),
        ("{not: {tag: lifecycle, eq: new}}", [2, 3, 4]),
        ("{all: [{tag: member, eq: true}, {tag: recency_days, gt: 10}]}", [4]),
        ("{any: [{tag: member, eq: false}, {tag: recency_days, 'null': true}]}", [2, 3]),
        ("{not: {any: [{tag: lifecycle, eq: new}, {all: [{level: [orange]}, {tag: member, eq: true}]}]}}", [2, 3]),
    ],
)
def test_operators(audience, who):
    assert selected(audience) == who


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        ("{tag: recency_day, eq: 3}", "Did you mean recency_days"),
        ("{tag: zzz, eq: 3}", "liuke tags list"),
        ("{tag: recency_days, eq: three}", "type INTEGER"),
        ("{tag: lifecycle, eq: 3}", "type VARCHAR"),
        ("{tag: member, eq: 1}", "type BOOLEAN"),
        ("{tag: joined_on, eq: yesterday}", "type DATE"),
        ("{tag: joined_on, eq: 3}", "type DATE"),
        ("{tag: needs, eq: toys}", "contains"),
        ("{tag: lifecycle, contains: toys}", "eq, in"),
    ],
)
def test_mistakes_explain_themselves(audience, words):
    with pytest.raises(StrategyError) as caught:
        selected(audience)
    assert words in str(caught.value)


@settings(deadline=None)  # a busy machine must not fail it
@given(st.text(max_size=40))
def test_a_value_cannot_carry_sql(text):
    connection = duckdb.connect()
    connection.execute(SHOP)
    rule = parse_strategy(DOCUMENT.format(audience="{tag: lifecycle, eq: x}")).audience.model_copy(update={"eq": text})
    made = compile_audience(rule, COLUMNS)
    rows = connection.execute(f"SELECT count(*) FROM people WHERE {made.sql}", made.parameters).fetchall()
    assert rows == [(1 if text in ("new", "mature", "dormant") else 0,)]


def test_a_column_name_cannot_carry_sql():
    with pytest.raises(StrategyError):
        selected("""{tag: 'x" OR TRUE --', eq: 3}""")


def test_without_early_warning_nobody_has_a_level():
    rule = parse_strategy(DOCUMENT.format(audience="{any: [{level: [red]}, {tag: member, eq: true}]}")).audience
    made = compile_audience(rule, {name: kind for name, kind in COLUMNS.items() if name != "level"})
    assert "FALSE" in made.sql
