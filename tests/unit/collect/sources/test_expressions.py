"""What an expression of a mapping may say."""

from __future__ import annotations

import duckdb
import pytest

from liuke.collect.sources import MappingError
from liuke.collect.sources.expressions import Scope

SCOPE = Scope(("Customer ID", "price", "quantity", "day", "text"), {"net": "price * quantity", "loop": "loop + 1"}, "m")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("net", 21),
        ("Price * 2", 6),
        ('"Customer ID" is null', True),
        ("case text when 'abc' then 'x' else 'y' end", "x"),
        ("cast(text as int)", None),
        ("text::bigint", None),
        ("strptime(text, '%Y')", None),
        ("upper(left(text, 1)) || right(text, 1)", "Ac"),
        ("price in (1, 3) and quantity between 1 and 9 and not text like 'z%'", True),
        ("price * 9223372036854775807", None),
        ("regexp_replace(text, '[ab]', '-')", "-bc"),
        ("date_trunc('month', day)", None),
        ("'it''s'", "it's"),
    ],
)
def test_allowed(text: str, value: object) -> None:
    sql = SCOPE.compile(text, "here").sql
    row = "SELECT NULL AS \"Customer ID\", 3::BIGINT AS price, 7::BIGINT AS quantity, NULL::DATE AS day, 'abc' AS text"
    assert duckdb.execute(f"SELECT {sql} FROM ({row})").fetchall() == [(value,)]


@pytest.mark.parametrize(
    "text",
    [
        "(select 1)",
        "price in (select 1)",
        "exists(select 1)",
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd')",
        "getenv('HOME')",
        "price; drop table rows_of_file",
        "rows_of_file.price",
        "random()",
        "now()",
        "current_date",
        "list_transform([1], a -> a)",
        "columns('.*')",
        "*",
        "sum(price) over ()",
        "sum(price)",
        "cast(text as json)",
        "{'a': 1}",
        "$1",
        "repeat('a', 1000000000)",
        "text collate de",
        "nothing_like_it",
        "loop",
        "price +",
        "1" * 5000,
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(MappingError):
        SCOPE.compile(text, "here")


def test_aggregates_need_a_group() -> None:
    assert SCOPE.compile("sum(net)", "here", aggregates=True).aggregates
    with pytest.raises(MappingError, match="group_by"):
        SCOPE.compile("sum(net)", "here")


def test_columns_are_known_and_proposed() -> None:
    assert SCOPE.compile("net", "here").columns == {"price", "quantity"}
    with pytest.raises(MappingError, match="did you mean 'quantity'"):
        SCOPE.compile("quantty", "here")
