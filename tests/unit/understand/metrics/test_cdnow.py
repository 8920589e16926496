"""Key figures and tags of a real set, against a plain computation that shares no code with the product."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import defaultdict
from pathlib import Path

import pytest
from small_moment import SmallMoment, moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.kernel.shop import ShopProfile
from liuke.understand.metrics import Measured, MetricSettings, measure
from liuke.understand.tags import build_tags, load_definitions

AS_OF = dt.date(1998, 7, 1)
Row = tuple[int, dt.date, int]


@pytest.fixture(scope="module")
def rows(data_dir: Path) -> list[Row]:
    with gzip.open(data_dir / "cdnow" / "cdnow_sample.csv.gz", "rt") as file:
        return [
            (int(r["customer_id"]), dt.datetime.strptime(r["date"], "%Y%m%d").date(), round(float(r["dollars"]) * 100))
            for r in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def moment(rows: list[Row]) -> SmallMoment:
    names = ("customer_id", "occurred_on", "net_minor")
    return moment_from(
        {"purchases": [dict(zip(names, r, strict=True)) | {"order_id": n} for n, r in enumerate(rows)]}, AS_OF
    )


@pytest.fixture(scope="module")
def measured(moment: SmallMoment) -> Measured:
    return measure(moment, ShopProfile(), MetricSettings(), load_catalogue(None).active_names)


def value(measured: Measured, metric: str, start: dt.date) -> float | None:
    return next(v.value for v in measured.values if v.metric == metric and v.period.start == start)


def test_everybody_is_there_with_what_they_spent(rows: list[Row], moment: SmallMoment) -> None:
    table = build_tags(
        moment,
        load_definitions(catalogue=load_catalogue(None)),
        ["recency_days", "purchase_days", "monetary_365d", "customer_age_days"],
    )
    assert table.num_rows == 2357
    days, spent = defaultdict(set), defaultdict(int)
    for customer, day, amount in rows:
        days[customer].add(day)
        spent[customer] += amount if day >= AS_OF - dt.timedelta(days=365) else 0
    for row in table.to_pylist():
        mine = days[row["customer_id"]]
        assert row["purchase_days"] == len(mine)
        assert row["recency_days"] == (AS_OF - max(mine)).days
        assert row["customer_age_days"] == (AS_OF - min(mine)).days
        assert row["monetary_365d"] == spent[row["customer_id"]]


@pytest.mark.parametrize("start", [dt.date(1997, 7, 1), dt.date(1998, 1, 1), dt.date(1998, 4, 1)])
def test_quarters(rows: list[Row], measured: Measured, start: dt.date) -> None:
    def quarter(day: dt.date, n: int) -> dt.date:
        month = day.year * 12 + day.month - 1 + 3 * n
        return dt.date(month // 12, month % 12 + 1, 1)

    end, before = quarter(start, 1), quarter(start, -1)
    days = defaultdict(set)
    for customer, day, _ in rows:
        days[customer].add(day)
    here = {c: {d for d in ds if start <= d < end} for c, ds in days.items()}
    buyers = [c for c, ds in here.items() if ds]
    last = [c for c, ds in days.items() if any(before <= d < start for d in ds)]
    active = [c for c, ds in days.items() if any(start - dt.timedelta(days=90) <= d < start for d in ds)]
    assert value(measured, "repurchase_rate", start) == sum(len(here[c]) >= 2 for c in buyers) / len(buyers)
    assert value(measured, "buy_back_rate", start) == sum(bool(here[c]) for c in last) / len(last)
    assert value(measured, "churn_rate", start) == sum(not here[c] for c in active) / len(active)


def test_second_purchases_of_february(rows: list[Row], measured: Measured) -> None:
    orders = defaultdict(list)
    for customer, day, _ in rows:
        orders[customer].append(day)
    new = [sorted(days) for days in orders.values() if dt.date(1997, 2, 1) <= min(days) < dt.date(1997, 3, 1)]
    again = sum(len(days) > 1 and (days[1] - days[0]).days <= 90 for days in new)
    assert value(measured, "second_purchase_rate", dt.date(1997, 2, 1)) == again / len(new)


def test_cohorts_are_three_and_add_up(rows: list[Row], measured: Measured) -> None:
    born, months = {}, defaultdict(set)
    for customer, day, _ in sorted(rows, key=lambda row: row[1]):
        number = day.year * 12 + day.month
        born.setdefault(customer, number)
        months[born[customer], number - born[customer]].add(customer)
    cells = measured.cohorts.to_pylist()
    assert {(c["cohort"].year * 12 + c["cohort"].month, c["month_index"]): c["active"] for c in cells} == {
        (first, index): len(months[first, index])
        for first in set(born.values())
        for index in range(1998 * 12 + 7 - first)
    }
    assert sum(c["customers"] for c in cells if c["month_index"] == 0) == 2357
