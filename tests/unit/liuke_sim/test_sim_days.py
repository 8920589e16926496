"""A shop that goes on day by day tells the story that it would have told week by week, also to whoever answers mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from liuke_sim import CONTACTS, VARIANTS, Shop, deliveries

CUSTOMERS, WEEKS = 2_000, 2
# a chunk of their own: the customers of the first are the same, however many join after them
CONFIG = replace(VARIANTS["tiny"], customers=CUSTOMERS, chunk=CUSTOMERS, weeks=0)
SEED = 5


def mailings(day: int) -> pa.Table:
    """Coupons on every day, so that they change what is bought."""
    noon = datetime.combine(CONFIG.weekly_from, datetime.min.time()) + timedelta(days=day, hours=12)
    rows = [
        {"contact_id": f"{day}-{customer}", "customer": customer, "channel": "sms", "sent_at": noon,
         "campaign": f"c{day % 2}", "offer": "coupon", "value_minor": 2_000}
        for customer in range(day, CUSTOMERS, 9)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, CONTACTS)


def by_days(folder: Path, n_days: int) -> Shop:
    shop = Shop.generate(CONFIG, SEED)
    shop.write_history(folder)
    for day in range(n_days):
        shop.receive(mailings(day))
        shop.write_day(folder)
    return shop


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Shop, Shop]:
    base = tmp_path_factory.mktemp("days")
    daily = by_days(base / "days", 7 * WEEKS)
    weekly = Shop.generate(replace(CONFIG, weeks=WEEKS), SEED)
    weekly.write_history(base / "weeks")
    for week, (start, end) in enumerate(list(deliveries(weekly))):
        for day in range(7 * week, 7 * week + 7):
            weekly.receive(mailings(day))
        weekly.write_week(base / "weeks", start, end)
    return base / "days", base / "weeks", daily, weekly


def rows(folder: Path, pattern: str, columns: str, where: str = "true") -> set[tuple[Any, ...]]:
    path = f"'{folder}/{pattern}'"
    reader = f"read_parquet({path})" if pattern.endswith("parquet") else f"read_csv({path}, all_varchar=true)"
    return set(duckdb.connect().execute(f"select distinct {columns} from {reader} where {where}").fetchall())


@pytest.mark.parametrize(
    ("pattern", "columns", "least"),
    [
        ("orders/order_lines_*.csv.gz", "order_no, line_no, member_no, paid_amount", 400),
        ("orders/order_status_*.csv.gz", "member_no, order_no, status, amount, status_at", 400),
        ("social/social_status_*.csv", "order_no, status, amount, status_at", 100),
        ("crm/profiles_*.csv", "member_no, updated_at, member_tier, sms_consent", 400),
        ("crm/children_*.csv", "*", 100),
        ("feedback/reviews_*.csv", "member_no, occurred_at, stars", 5),
    ],
)
def test_days_tell_what_weeks_tell(told: tuple[Path, Path, Shop, Shop], pattern: str, columns: str, least: int) -> None:
    days, weeks, _, shop = told
    old = {row["member_no"] for row in shop.members().to_pylist() if row["number"] < CUSTOMERS}
    old |= {row["second_member_no"] for row in shop.members().to_pylist() if row["number"] < CUSTOMERS}
    members = ", ".join(f"'{number}'" for number in old if number)
    where = f"member_no in ({members})" if "member_no" in columns or columns == "*" else "true"
    if where == "true":  # known by the order's number, whose end is the customer's
        where = f"(order_no::bigint % 100000000) < {CUSTOMERS}"
    if "occurred_at" in columns:  # how late a row arrives is drawn anew: compare what must have arrived by now
        where += f" and occurred_at < '{CONFIG.end + timedelta(days=5)}'"
    one, other = (rows(folder, pattern, columns, where) for folder in (days, weeks))
    assert len(one ^ other) == 0, sorted(one ^ other)[:5]
    assert len(one) >= least


def test_what_was_delivered_is_what_counts_as_bought(told: tuple[Path, Path, Shop, Shop]) -> None:
    _, _, daily, weekly = told
    bought = [
        {tuple(row.values()) for row in shop.purchases().to_pylist() if row["customer"] < CUSTOMERS}
        for shop in (daily, weekly)
    ]
    assert bought[0] == bought[1]
    assert len(bought[0]) > 100


def test_a_shop_that_is_told_again_writes_the_same_bytes(told: tuple[Path, Path, Shop, Shop], tmp_path: Path) -> None:
    by_days(tmp_path / "again", 7 * WEEKS)
    files = sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*.*"))
    assert len(files) > 14 * WEEKS
    assert [one for one in files if (tmp_path / "again" / one).read_bytes() != (told[0] / one).read_bytes()] == []


def test_events_have_numbers_of_their_own_and_newcomers_join(told: tuple[Path, Path, Shop, Shop]) -> None:
    days, _, daily, _ = told
    events = f"read_parquet('{days}/behaviour/behaviour_*.parquet')"
    clash = duckdb.sql(
        f"select count(*) from (select event_id from {events} group by 1 having count(distinct (member_no, event)) > 1)"
    )
    assert clash.fetchall() == [(0,)]
    assert daily.members().num_rows == CUSTOMERS + CONFIG.newcomers(1) * WEEKS
    assert daily.today == CONFIG.end + timedelta(days=7 * WEEKS)


def test_days_come_after_the_weeks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="come first"):
        Shop.generate(CONFIG, SEED).write_day(tmp_path)
