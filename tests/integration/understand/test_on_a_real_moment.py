"""Through the real lake and history: deposits, split and cancelled orders, refunds in their time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from liuke.collect.behaviours import load_catalogue
from liuke.collect.history import History
from liuke.collect.identity import IDENTITIES
from liuke.collect.sources import CANONICAL
from liuke.kernel import ShopProfile
from liuke.store.lake import Lake
from liuke.store.operations import Operations
from liuke.understand.metrics import MetricSettings, compare, measure
from liuke.understand.tags import build_tags, customer_tags_spec, load_definitions

SHOP = ShopProfile(zone="Asia/Shanghai", currency="CNY", margin_rate=0.25)
STARTED = load_catalogue(None).active_names
PAID, LATER = dt.date(2026, 1, 10), dt.date(2026, 2, 20)

# customer, order, day, fact, amount
FACTS = [
    (1, 11, PAID, "paid", 10_000),
    (1, 11, PAID, "paid", 5_000),  # the second shipment of a split order
    (1, 12, LATER, "paid", 8_000),
    (2, 21, PAID, "paid", 9_000),
    (2, 21, LATER, "refunded", 9_000),
    (3, 31, PAID, "paid", 7_000),
    (3, 31, PAID, "cancelled", None),
    (4, 41, PAID, "deposit", 1_000),
    (5, 51, PAID, "paid", 6_000),
    (5, 51, LATER, "refunded", 2_000),
]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    folder: Path = tmp_path_factory.mktemp("shop")
    lake = Lake(folder / "lake")
    for spec in (*CANONICAL, IDENTITIES):
        lake.ensure(spec)
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    operations.create_all()
    rows = [
        {
            "load_id": 1, "row_number": n, "source": "s", "recorded_at": dt.datetime.combine(day, dt.time(1)),
            "order_id": order, "identity_id": customer, "fact": fact, "amount_minor": amount,
            "occurred_at": dt.datetime.combine(day, dt.time(1)), "occurred_on": day,
        }
        for n, (customer, order, day, fact, amount) in enumerate(FACTS)
    ]  # fmt: skip
    lake.append("order_facts", pa.Table.from_pylist(rows), "facts")
    yield History(lake, operations, SHOP, folder / "scratch", memory_mb=256)
    operations.engine.dispose()


def test_what_counts_changes_with_what_was_known(history: History) -> None:
    tags = load_definitions(catalogue=load_catalogue(None))
    with history.at(dt.date(2026, 2, 1)) as moment:
        before = build_tags(moment, tags, ["monetary_365d", "frequency_365d", "lifecycle"]).to_pylist()
        january = {
            v.metric: v
            for v in measure(moment, SHOP, MetricSettings(), STARTED).values
            if v.period.start == dt.date(2026, 1, 1)
        }
    with history.at(dt.date(2026, 3, 1)) as moment:
        after = build_tags(moment, tags, ["monetary_365d", "frequency_365d", "lifecycle"]).to_pylist()
    spent = [[row["monetary_365d"] for row in found] for found in (before, after)]
    # 1: the split order is one; 2: refunded in full on 20 February; 3: cancelled; 4: only a deposit; 5: partly refunded
    assert spent == [[15_000, 9_000, 0, 0, 6_000], [23_000, 0, 0, 0, 4_000]]
    assert [row["frequency_365d"] for row in after] == [2, 0, 0, 0, 1]
    assert [row["lifecycle"] for row in after] == ["growing", "prospect", "prospect", "prospect", "new"]
    assert all(value.value is None for value in january.values())  # the record begins on the 10th


def test_figures_leave_cancelled_and_refunded_orders_out(history: History) -> None:
    with history.at(dt.date(2026, 3, 1)) as moment:
        measured = measure(moment, SHOP, MetricSettings(), STARTED)
    revenue = compare(measured.values, "revenue")
    orders = compare(measured.values, "average_order_value")
    assert revenue is not None
    assert orders is not None
    assert revenue.now.value == 8_000  # February; January is not whole
    assert orders.now.denominator == 1
    assert measured.cohorts.to_pylist()[0]["customers"] == 2  # 1 and 5
    assert [row["active"] for row in measured.cohorts.to_pylist()] == [2, 1]


def test_the_table_fits_its_declaration_in_the_lake(history: History, tmp_path: Path) -> None:
    tags = load_definitions(catalogue=load_catalogue(None))
    with history.at(dt.date(2026, 3, 1)) as moment:
        table = build_tags(moment, tags)
    lake = Lake(tmp_path / "lake")
    spec = customer_tags_spec(tags)
    lake.ensure(spec)
    day = pa.array([dt.date(2026, 3, 1)] * table.num_rows, pa.date32())
    lake.append(spec.name, table.add_column(0, "as_of", day), "tags")
    kept = lake.arrow(spec.name).sort_by("customer_id").drop_columns(["as_of"])
    assert kept.to_pylist() == table.to_pylist()
