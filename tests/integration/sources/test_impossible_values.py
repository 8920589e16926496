"""One impossible date or amount goes to quarantine with its reason, and moves nothing of the shop."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from liuke.collect.behaviours import load_catalogue
from liuke.collect.history import History
from liuke.collect.sources import Ingestor, PlausibleDays
from liuke.kernel import ShopProfile
from liuke.understand.metrics import MetricSettings, measure

NOW = datetime(2026, 3, 1, 12)
FACTS = """
    language: 1
    source: facts
    files: files/facts*.csv
    format: csv
    max_bad_share: 1.0
    columns: {at: timestamp, known: timestamp, amount: decimal}
    occurred: at
    recorded: {at: known}
    identity: {namespace: member, key: who}
    emit: [{table: order_facts, fields: {order_key: nr, fact: fact, amount: amount}}]
"""
PEOPLE = """
    language: 1
    source: people
    files: files/people.csv
    format: csv
    columns: {registered: date, joined: date, born: date, due: date}
    identity: {namespace: member, key: who}
    emit:
      - {table: customers, fields: {registered: registered, member_since: joined, birth: born}}
      - {table: children, fields: {due: due}}
"""


def facts(shop: Any, *rows: str, name: str = "facts") -> None:
    shop.file(f"{name}.csv", "who,nr,fact,amount,at,known\n" + "\n".join(rows) + "\n")


@pytest.fixture
def trade(shop: Any) -> Any:
    (shop.workspace.sources_dir / "orders.yaml").unlink()
    shop.mapping(FACTS, "facts.yaml")
    return shop


ODD = {
    "paid,5,1970-01-01 00:00:00,2026-02-01": "at is before 1995-01-01",
    "paid,5,1899-12-30 00:00:00,2026-02-01": "at is before 1995-01-01",
    "paid,5,0001-01-01 00:00:00,2026-02-01": "at is before 1995-01-01",
    "paid,5,2099-12-31 10:00:00,2099-12-31": "at lies in the future",
    "paid,5,2026-03-04 00:00:00,2026-03-04": "at lies in the future",
    "paid,5,2026-02-01 00:00:00,2099-12-31": "known lies in the future",
    "paid,-5,2026-02-01 00:00:00,2026-02-01": "amount is below zero",
    "deposit,-5,2026-02-01 00:00:00,2026-02-01": "amount is below zero",
    "refunded,-5,2026-02-01 00:00:00,2026-02-01": "amount is below zero",
    "returned,-5,2026-02-01 00:00:00,2026-02-01": "amount is below zero",
}
FINE = (
    "paid,0,2026-02-01 00:00:00,2026-02-01",  # a gift
    "paid,5,1995-01-01 00:00:00,1970-01-01",  # recorded long ago: it has always been known
    "paid,5,2026-03-02 23:00:00,2026-03-02",  # a clock or a zone ahead of ours
    "cancelled,-5,2026-02-01 00:00:00,2026-02-01",  # whatever its amount
)


def test_impossible_values_of_an_order_go_to_quarantine(trade: Any) -> None:
    rows = [f"m{place},o{place},{row}" for place, row in enumerate([*ODD, *FINE])]
    facts(trade, *rows)
    (load,) = trade.ingest().loads
    assert load.quarantined == Counter(ODD.values())
    assert load.loaded == len(FINE)


def test_impossible_days_of_a_person_go_to_quarantine(trade: Any) -> None:
    trade.mapping(PEOPLE, "people.yaml")
    rows = ["1970-01-01,,,", "2027-01-01,,,", ",1970-01-01,,", ",,1899-12-30,", ",,2026-05-01,"]
    fine = ["2020-01-01,2021-01-01,1900-01-01,2026-12-01", ",,1960-05-01,", ",,,", "1995-01-01,,,", ",,,2027-01-01"]
    trade.file(
        "people.csv", "who,registered,joined,born,due\n" + "".join(f"m{n},{r}\n" for n, r in enumerate(rows + fine))
    )
    (load,) = trade.ingest().loads
    assert load.quarantined == {
        "registered is before 1995-01-01": 1, "registered lies in the future": 1, "joined is before 1995-01-01": 1,
        "born is before 1900-01-01": 1, "born lies in the future": 1,
    }  # fmt: skip
    assert load.loaded == len(fine)


def test_a_mapping_may_say_that_a_negative_payment_is_a_refund(trade: Any) -> None:
    said = "fact: case when amount < 0 then 'refunded' else 'paid' end, amount: abs(amount)"
    trade.mapping(FACTS.replace("fact: fact, amount: amount", said), "facts.yaml")
    facts(trade, "m,o1,,8,2026-02-01 10:00:00,2026-02-01", "m,o1,,-5,2026-02-02 10:00:00,2026-02-02")
    (load,) = trade.ingest().loads
    assert (load.loaded, load.quarantined) == (2, {})
    assert trade.rows("order_facts", "fact, amount_minor") == [("paid", 800), ("refunded", 500)]


def test_a_sum_below_zero_takes_its_whole_group_and_no_other(trade: Any) -> None:
    trade.mapping(
        """
        language: 1
        source: lines
        files: files/lines.csv
        format: csv
        max_bad_share: 1.0
        columns: {at: timestamp, net: decimal}
        checks: [{reason: too much, unless: net < 1000}]
        occurred: at
        identity: {namespace: member, key: who}
        emit:
          - {table: order_facts, group_by: nr, fields: {order_key: nr, fact: {const: paid}, amount: sum(net)}}
          - {table: order_items, fields: {order_key: nr, net: net}}
          - {table: customers, group_by: who, fields: {registered: min(at)}}
        """,
        "lines.yaml",
    )
    lines = [
        ("m1", "o1", 10),
        ("m1", "o1", -3),
        ("m1", "o2", 4),
        ("m2", "o2", -9),
        ("m2", "o3", 2000),
        ("m2", "o3", -1),
    ]
    trade.file("lines.csv", "who,nr,net,at\n" + "".join(f"{w},{n},{v},2026-02-01 10:00:00\n" for w, n, v in lines))
    (load,) = trade.ingest().loads
    # o3: without the line that a check refuses, the rest of it is below zero
    assert load.quarantined == {"net is below zero": 3, "too much": 1}
    assert trade.rows("order_facts", "amount_minor") == [(700,)]
    assert len(trade.rows("order_items")) == 2
    assert len(trade.rows("customers")) == 1


def test_rows_are_released_when_the_bounds_change(trade: Any) -> None:
    facts(
        trade,
        "m,o1,paid,5,1990-06-01 10:00:00,",
        "m,o2,paid,5,2026-03-20 10:00:00,",
        "m,o3,paid,5,2026-01-01 10:00:00,",
    )
    (load,) = trade.ingest().loads
    assert load.loaded == 1
    (again,) = trade.ingestor.release(NOW + timedelta(days=1)).loads
    assert again.loaded == 0  # nothing has changed
    older = Ingestor(
        trade.workspace, trade.lake, trade.operations, trade.cipher, ShopProfile(), memory_mb=256,
        plausible=PlausibleDays(date(1980, 1, 1)),
    )  # fmt: skip
    (released,) = older.release(NOW + timedelta(days=2)).loads
    assert released.loaded == 1
    (released,) = older.release(NOW + timedelta(days=30)).loads  # the day has come
    assert released.loaded == 1
    assert len(trade.rows("order_facts")) == 3


# ---- one row more


def good_rows(rng: Random) -> list[str]:
    """Return two years of orders, some each day."""
    rows = []
    for number in range(1500):
        day = date(2024, 1, 1) + timedelta(days=number // 2)
        at = f"{day} {rng.randint(0, 23):02}:00:00"
        rows.append(f"m{rng.randint(1, 200)},o{number},paid,{rng.randint(0, 500)},{at},{at}")
    return rows


def shop_figures(trade: Any, as_of: date) -> dict[str, Any]:
    """Return what steers and sums the whole shop: the ends of the record, and every figure with its reason."""
    history = History(trade.lake, trade.operations, ShopProfile(), trade.workspace.scratch_dir, memory_mb=256)
    with history.at(as_of, datetime.max) as moment:
        measured = measure(moment, ShopProfile(), MetricSettings(), load_catalogue(None).active_names)
    own = ("one_time_buyer_share",)  # of all who ever bought: one more buyer is one more
    values = {
        (v.metric, v.period.start): (v.value, v.note and v.note.reason_en)
        for v in measured.values
        if v.metric not in own
    }
    return {"days": history.days()} | {str(key): value for key, value in values.items()}


def test_one_odd_row_moves_no_figure_of_the_shop(trade: Any) -> None:
    as_of = date(2026, 1, 20)
    facts(trade, *good_rows(Random(1)))
    trade.ingest()
    before = shop_figures(trade, as_of)
    assert sum(value[0] is not None for key, value in before.items() if key != "days") > 100
    assert any(value[0] is None for key, value in before.items() if key != "days")  # what has no record has no figure
    odd = [*ODD, "paid,5,2001-05-05 10:00:00,2001-05-05", "cancelled,99,2025-06-01 00:00:00,2025-06-01",
           "paid,5,2002-05-05 10:00:00,2026-02-20"]  # fmt: skip
    checked = 0
    for place, row in enumerate(odd):
        facts(trade, f"stranger,x{place},{row}", name=f"facts-odd{place}")
        trade.ingest()
        assert shop_figures(trade, as_of) == before, row
        checked += 1
    assert checked == len(ODD) + 3


def test_an_honest_row_moves_its_own_month_by_its_own_amount(trade: Any) -> None:
    as_of = date(2026, 1, 20)
    facts(trade, *good_rows(Random(1)))
    trade.ingest()
    before = shop_figures(trade, as_of)
    facts(trade, "m1,x,paid,7.50,2025-06-10 10:00:00,2025-06-10", name="facts-more")
    trade.ingest()
    after = shop_figures(trade, as_of)
    june = str(("revenue", date(2025, 6, 1)))
    assert after[june][0] - before[june][0] == 750
    changed = {key for key in before if before[key] != after[key]}
    assert {key for key in changed if "'revenue'" in key} == {june}
    assert before["days"] == after["days"]
