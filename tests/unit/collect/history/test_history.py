"""What a moment may and may not see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from liuke.collect.history import History, Moment
from liuke.collect.identity import IDENTITIES
from liuke.collect.sources import CANONICAL, loads
from liuke.kernel import ShopProfile
from liuke.store.lake import Lake
from liuke.store.operations import Operations

SHOP = ShopProfile(zone="Asia/Shanghai", currency="CNY", margin_rate=0.25)
DAY = date(2026, 3, 10)


class Shop:
    """A lake that is filled by hand, as ingestion would."""

    def __init__(self, path: Path) -> None:
        self.lake = Lake(path / "lake")
        for spec in (*CANONICAL, IDENTITIES):
            self.lake.ensure(spec)
        self.operations = Operations(f"sqlite:///{path / 'operations.db'}")
        self.operations.create_all()
        self.history = History(self.lake, self.operations, SHOP, path / "scratch", memory_mb=256)
        self._commits = 0
        self._row = 0

    def load(self, load_id: int, state: str = "committed", valid_from: Any = None, valid_to: Any = None) -> None:
        row = {
            "load_id": load_id, "source": "s", "file_key": f"f{load_id}", "content_sha256": "", "mapping_digest": "",
            "kind": "file", "state": state, "begun_at": datetime(2026, 1, 1), "valid_from": valid_from,
            "valid_to": valid_to,
        }  # fmt: skip
        with self.operations.begin() as connection:
            connection.execute(sa.insert(loads), [row])

    def add(self, table: str, *rows: dict[str, Any], load_id: int = 1) -> None:
        full = []
        for row in rows:
            self._row += 1
            day = row.get("occurred_on")
            instant = datetime.combine(day, datetime.min.time()) if day else datetime(2026, 1, 1)
            defaults = {"load_id": load_id, "row_number": self._row, "source": "s", "recorded_at": instant}
            if day:
                defaults["occurred_at"] = instant
            full.append(defaults | row)
        self._commits += 1
        self.lake.append(table, pa.Table.from_pylist(full), f"commit {self._commits}")

    def order(self, order_id: int, customer: int, day: date, net: int, **more: Any) -> None:
        self.add("orders", {"order_id": order_id, "identity_id": customer, "occurred_on": day, "channel": "app"})
        self.add("order_items", {"order_id": order_id, "identity_id": customer, "occurred_on": day, "line_no": 1,
                                 "product_id": 7, "quantity": 2.0, "net_minor": net, **more})  # fmt: skip
        self.fact(order_id, customer, day, "paid", net)

    def fact(self, order_id: int, customer: int, day: date, fact: str, amount: int | None, **more: Any) -> None:
        self.add("order_facts", {"order_id": order_id, "identity_id": customer, "occurred_on": day, "fact": fact,
                                 "amount_minor": amount, **more})  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.load(1)
    return made


@pytest.fixture
def at(shop: Shop) -> Iterator[Callable[..., Moment]]:
    opened = []

    def open_(*arguments: Any) -> Moment:
        opened.append(shop.history.at(*arguments))
        return opened[-1]

    yield open_
    for moment in opened:
        moment.close()


def rows(moment: Moment, sql: str) -> list[tuple[Any, ...]]:
    return moment.connection.execute(sql).fetchall()


def test_windows_end_before_the_day(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.order(1, 10, DAY - timedelta(days=1), 500)
    shop.order(2, 10, DAY, 900)
    assert rows(at(DAY), "SELECT order_id FROM purchases") == [(1,)]
    assert rows(at(DAY + timedelta(days=1)), "SELECT order_id FROM purchases ORDER BY 1") == [(1,), (2,)]


def test_what_was_recorded_later_is_unseen_until_then(shop: Shop, at: Callable[..., Moment]) -> None:
    happened = DAY - timedelta(days=5)
    late = datetime(2026, 3, 12)
    shop.add("events", {"identity_id": 10, "event": "search", "occurred_on": happened, "recorded_at": late})
    count = "SELECT count(*) FROM events"
    assert rows(at(DAY), count) == [(0,)]
    assert rows(at(DAY, late), count) == [(1,)]
    assert rows(at(DAY + timedelta(days=5)), count) == [(1,)]


def test_a_refund_counts_from_the_day_it_is_known(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.order(1, 10, DAY - timedelta(days=9), 1000)
    shop.fact(1, 10, DAY - timedelta(days=2), "refunded", 400)
    shop.order(2, 11, DAY - timedelta(days=9), 700)
    shop.fact(2, 11, DAY - timedelta(days=2), "returned", 700)
    shop.order(3, 12, DAY - timedelta(days=9), 300)
    shop.fact(3, 12, DAY - timedelta(days=2), "cancelled", None)
    net = "SELECT order_id, net_minor FROM purchases ORDER BY 1"
    assert rows(at(DAY - timedelta(days=2)), net) == [(1, 1000), (2, 700), (3, 300)]
    assert rows(at(DAY), net) == [(1, 600)]


def test_a_deposit_is_not_yet_a_purchase(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.fact(1, 10, DAY - timedelta(days=9), "deposit", 100)
    shop.fact(2, 10, DAY - timedelta(days=9), "deposit", 100)
    shop.fact(2, 10, DAY - timedelta(days=3), "paid", 900)
    assert rows(at(DAY), "SELECT order_id, occurred_on FROM purchases") == [(2, DAY - timedelta(days=3))]


def test_a_purchase_without_prices_still_counts(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.fact(1, 10, DAY - timedelta(days=9), "paid", None)
    assert rows(at(DAY), "SELECT order_id, net_minor, n_items FROM purchases") == [(1, None, 0)]


def test_a_cancelled_order_is_no_purchase_whatever_its_amount(shop: Shop, at: Callable[..., Moment]) -> None:
    for number, amount in enumerate((0, 222, 100, None)):
        shop.order(number, 10, DAY - timedelta(days=9), 222)
        shop.fact(number, 10, DAY - timedelta(days=9), "cancelled", amount)
    assert rows(at(DAY), "SELECT order_id FROM purchases") == []


def test_goods_that_came_back_and_the_money_for_them_count_once(shop: Shop, at: Callable[..., Moment]) -> None:
    for number, booked in enumerate(
        [[("returned", 100)], [("returned", 100), ("refunded", 100)], [("returned", 30), ("refunded", 50)],
         [("returned", 30), ("refunded", 50), ("refunded", 30)], [("refunded", 400)]]
    ):  # fmt: skip
        shop.order(number, 10, DAY - timedelta(days=9), 300)
        for fact, amount in booked:
            shop.fact(number, 10, DAY - timedelta(days=2), fact, amount)
    assert rows(at(DAY), "SELECT order_id, net_minor FROM purchases ORDER BY 1") == [
        (0, 200), (1, 200), (2, 250), (3, 220),
    ]  # fmt: skip


def test_a_credit_note_is_taken_off_the_latest_purchases_up_to_its_day(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.order(1, 10, DAY - timedelta(days=30), 1000)
    shop.order(2, 10, DAY - timedelta(days=9), 200)
    shop.order(3, 11, DAY - timedelta(days=9), 400)
    shop.order(4, 10, DAY - timedelta(days=1), 700)
    shop.fact(5, 10, DAY - timedelta(days=2), "returned", 250)  # a note, before the purchase of yesterday
    shop.fact(6, 10, DAY - timedelta(days=2), "refunded", 250)  # its money, under yet another number
    moment = at(DAY)
    assert rows(moment, "SELECT customer_id, occurred_on, amount_minor FROM credits") == [
        (10, DAY - timedelta(days=2), 250)
    ]
    assert rows(moment, "SELECT order_id, net_minor, margin_minor FROM purchases ORDER BY 1") == [
        (1, 950, 238), (3, 400, 100), (4, 700, 175),
    ]  # fmt: skip
    before = at(DAY - timedelta(days=2))
    assert rows(before, "SELECT order_id, net_minor FROM purchases ORDER BY 1") == [(1, 1000), (2, 200), (3, 400)]


def test_what_undoes_nothing_on_record_takes_nothing_off(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.fact(1, 10, DAY - timedelta(days=20), "refunded", 500)  # of a purchase before the record begins
    shop.fact(2, 10, DAY - timedelta(days=9), "deposit", 100)
    shop.fact(2, 10, DAY - timedelta(days=8), "refunded", 100)  # a deposit was never a purchase
    shop.fact(3, 10, DAY - timedelta(days=8), "cancelled", 300)  # nor an order that was never paid
    shop.order(4, 10, DAY - timedelta(days=9), 700)
    assert rows(at(DAY), "SELECT order_id, net_minor FROM purchases") == [(4, 700)]


def test_lines_count_in_proportion_to_what_is_left(shop: Shop, at: Callable[..., Moment]) -> None:
    day = DAY - timedelta(days=9)
    shop.order(1, 10, day, 800, cost_minor=300)
    shop.add("order_items", {"order_id": 1, "identity_id": 10, "occurred_on": day, "line_no": 2, "product_id": 8,
                             "quantity": 1.0, "net_minor": 200})  # fmt: skip
    shop.fact(1, 10, day, "paid", 200)
    shop.fact(1, 10, DAY - timedelta(days=2), "refunded", 250)
    found = "SELECT product_id, net_minor, margin_minor FROM purchase_items ORDER BY 1"
    assert rows(at(DAY), found) == [(7, 600, 375), (8, 150, 38)]
    assert rows(at(DAY - timedelta(days=2)), found) == [(7, 800, 500), (8, 200, 50)]


def test_margin_takes_known_costs_first(shop: Shop, at: Callable[..., Moment]) -> None:
    day = DAY - timedelta(days=9)
    shop.order(1, 10, day, 1000, cost_minor=300)  # the line knows its cost
    shop.order(2, 11, day, 1000)  # nobody knows: a quarter of the revenue
    shop.order(3, 12, day, 1000, product_id=8)  # the catalogue knows: 2 × 1.50 yuan
    shop.add("products", {"product_id": 8, "product_key": "eight", "unit_cost": 1.5, "category": "toys"})
    shop.order(4, 13, day, 1000, cost_minor=300)
    shop.fact(4, 13, day, "refunded", 500)  # half of it went back
    moment = at(DAY)
    assert rows(moment, "SELECT order_id, margin_minor FROM purchases ORDER BY 1") == [
        (1, 700), (2, 250), (3, 700), (4, 350),
    ]  # fmt: skip
    assert rows(moment, "SELECT category FROM purchase_items WHERE order_id = 3") == [("toys",)]


def test_a_load_that_never_committed_is_unseen(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.load(2, state="begun")
    shop.add("order_facts", {"order_id": 5, "identity_id": 10, "fact": "paid", "amount_minor": 5,
                             "occurred_on": DAY - timedelta(days=3)}, load_id=2)  # fmt: skip
    assert rows(at(DAY), "SELECT count(*) FROM purchases") == [(0,)]
    assert shop.history.days() is None


def test_a_correction_holds_from_its_arrival_and_not_before(shop: Shop, at: Callable[..., Moment]) -> None:
    arrived = datetime(2026, 3, 20)
    shop.load(2, valid_to=arrived)
    shop.load(3, valid_from=arrived)
    for load_id, amount in ((2, 100), (3, 150)):
        shop.add("order_facts", {"order_id": 5, "identity_id": 10, "fact": "paid", "amount_minor": amount,
                                 "occurred_on": DAY - timedelta(days=3)}, load_id=load_id)  # fmt: skip
    net = "SELECT net_minor FROM purchases"
    assert rows(at(DAY), net) == [(100,)]
    assert rows(at(DAY, arrived), net) == [(150,)]
    assert rows(at(date(2026, 3, 25)), net) == [(150,)]


def test_identities_are_joined_by_links_known_by_then(shop: Shop, at: Callable[..., Moment]) -> None:
    shop.order(1, 10, DAY - timedelta(days=9), 100)
    shop.order(2, 20, DAY - timedelta(days=8), 100)
    link = {"namespace": "phone", "linked_identity_id": 99, "rule": "phone"}
    shop.add("identities", link | {"identity_id": 10, "recorded_at": datetime(2026, 3, 1)})
    shop.add("identities", link | {"identity_id": 20, "recorded_at": datetime(2026, 3, 15)})
    customers = "SELECT customer_id FROM purchases ORDER BY order_id"
    assert rows(at(DAY), customers) == [(10,), (20,)]
    assert rows(at(date(2026, 3, 16)), customers) == [(10,), (10,)]


def test_the_profile_is_the_last_one_known(shop: Shop, at: Callable[..., Moment]) -> None:
    old, new = datetime(2026, 1, 5), datetime(2026, 3, 15)
    shop.add(
        "customers",
        {
            "identity_id": 10,
            "registered_on": date(2026, 1, 2),
            "member_tier": "silver",
            "city": "杭州",
            "recorded_at": old,
        },
        {"identity_id": 10, "member_tier": "gold", "recorded_at": new},
    )
    profile = "SELECT customer_id, member_tier, city, first_seen_on FROM customers"
    assert rows(at(DAY), profile) == [(10, "silver", "杭州", date(2026, 1, 2))]
    assert rows(at(date(2026, 3, 16)), profile) == [(10, "gold", "杭州", date(2026, 1, 2))]


def test_a_later_record_does_not_move_a_first_day(shop: Shop, at: Callable[..., Moment]) -> None:
    for registered, joined, recorded in ((date(2025, 7, 1), date(2025, 8, 1), datetime(2026, 1, 5)),
                                         (date(2025, 10, 2), date(2026, 1, 2), datetime(2026, 1, 9)),
                                         (None, None, datetime(2026, 1, 12))):  # fmt: skip
        shop.add("customers", {"identity_id": 10, "registered_on": registered, "member_since_on": joined,
                               "recorded_at": recorded})  # fmt: skip
    found = "SELECT registered_on, member_since_on, first_seen_on FROM customers"
    assert rows(at(DAY), found) == [(date(2025, 7, 1), date(2025, 8, 1), date(2025, 7, 1))]


def test_a_lone_day_far_from_all_others_is_no_end_of_the_record(shop: Shop) -> None:
    first = date(2025, 1, 1)
    for number in range(200):
        shop.fact(number, 10, first + timedelta(days=number), "paid", 100)
    shop.fact(900, 10, date(2001, 5, 5), "paid", 100)
    shop.fact(901, 10, date(2026, 2, 28), "paid", 100)
    assert shop.history.days() == (first, first + timedelta(days=199))


def test_days_span_the_paid_orders(shop: Shop) -> None:
    shop.order(1, 10, date(2025, 5, 1), 100)
    shop.order(2, 10, date(2026, 2, 1), 100)
    assert shop.history.days() == (date(2025, 5, 1), date(2026, 2, 1))
