from __future__ import annotations

import doctest
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke import kernel
from liuke.kernel import (
    ColumnSpec,
    LiukeError,
    Period,
    ShopProfile,
    TableSpec,
    days,
    from_minor,
    ids,
    midnight_utc,
    money,
    shop_day,
    stable_id,
    stable_id_sql,
    to_minor,
)


@pytest.mark.parametrize("module", [days, ids, money])
def test_examples_in_docstrings(module: object) -> None:
    failures, examples = doctest.testmod(module)  # type: ignore[arg-type]
    assert examples > 0
    assert failures == 0


@given(namespace=st.text(max_size=8), value=st.text(max_size=20))
def test_an_id_is_the_same_in_python_and_in_sql(namespace: str, value: str) -> None:
    if "\x00" in namespace + value:
        return  # DuckDB text holds no NUL
    sql = stable_id_sql("$1::VARCHAR", "$2::VARCHAR")
    [(found,)] = duckdb.execute(f"SELECT {sql}", [namespace, value]).fetchall()
    assert found == stable_id(namespace, value)
    assert 0 <= found < 2**63


def test_the_same_key_in_two_namespaces_is_two_ids() -> None:
    assert stable_id("order", "12") != stable_id("member", "12")
    assert stable_id("a", "bc") != stable_id("ab", "c")


def test_a_day_begins_at_the_shops_midnight() -> None:
    assert midnight_utc(date(2026, 11, 22), "Asia/Shanghai") == datetime(2026, 11, 21, 16)
    # London leaves summer time in the night to 2026-10-25: that day has 25 hours
    assert midnight_utc(date(2026, 10, 26), "Europe/London") - midnight_utc(date(2026, 10, 25), "Europe/London") == (
        datetime(2026, 1, 2, 1) - datetime(2026, 1, 1)
    )


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)))
def test_an_instant_lies_within_its_shop_day(instant: datetime) -> None:
    day = shop_day(instant, "Asia/Shanghai")
    assert midnight_utc(day, "Asia/Shanghai") <= instant


def test_a_period_is_half_open() -> None:
    week = Period(date(2026, 1, 1), date(2026, 1, 8))
    assert week.days == 7
    assert date(2026, 1, 1) in week
    assert date(2026, 1, 8) not in week
    assert week.before() == Period(date(2025, 12, 25), date(2026, 1, 1))
    with pytest.raises(ValueError, match="can't end"):
        Period(date(2026, 1, 2), date(2026, 1, 1))


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CNY", "JPY", "KWD", "USD"]))
def test_money_survives_the_way_there_and_back(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency), currency) == minor


def test_halves_are_rounded_to_even() -> None:
    assert [to_minor(Decimal(text), "CNY") for text in ("0.005", "0.015", "0.025")] == [0, 2, 2]
    assert to_minor(Decimal("120"), "JPY") == 120


def test_errors_say_what_to_do_and_have_codes_of_their_own() -> None:
    classes = LiukeError.__subclasses__()
    codes = [cls.exit_code for cls in classes if cls.__module__ == kernel.errors.__name__]
    assert len(set(codes)) == len(codes)
    assert "do this" in str(LiukeError("it broke", "do this"))


def test_a_shop_needs_a_real_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ShopProfile(zone="Asia/Beijing")


def test_a_table_needs_the_columns_of_its_key() -> None:
    with pytest.raises(ValueError, match="missing"):
        TableSpec("t", "one row", ("id",), (ColumnSpec("x", "INT", "a number"),))
