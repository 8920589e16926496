"""A constant offset is used only where it gives what the time-zone database gives."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.collect.sources.zones import constant_offset, to_utc_sql

ENGINE = duckdb.connect()
ENGINE.execute("SET TimeZone = 'UTC'")
ZONES = ["Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1985, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 400),
    st.floats(0, 1),
)
def test_constant_offsets_agree_with_the_engine(zone: str, low: datetime, days: int, share: float) -> None:
    low = low.replace(microsecond=0)
    offset = constant_offset(zone, low, low + timedelta(days=days))
    if offset is None:
        return
    moment = low + timedelta(seconds=int(days * share * 86_400))
    quick, exact = (to_utc_sql(f"TIMESTAMP '{moment}'", zone, known) for known in (offset, None))
    ((found, expected),) = ENGINE.execute(f"SELECT {quick}, {exact}").fetchall()
    assert found == expected


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (datetime(2026, 3, 1), datetime(2026, 4, 1)),
        (datetime(1900, 1, 1), datetime(2200, 1, 1)),
        (datetime.min, datetime(2026, 1, 1)),
    ],
)
def test_no_offset_where_it_changes_or_nobody_can_say(low: datetime, high: datetime) -> None:
    assert constant_offset("Europe/London", low, high) is None
