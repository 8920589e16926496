"""A shop's canonical rows, as sources write them, made to be nasty; and the real views of a moment over them.

Few people, days, instants and values, so that ties, window edges, midnights, missing values, repeated rows, late
arrivals and merged customers happen all the time.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
from small_moment import SmallMoment

from liuke.collect.history import History, views
from liuke.collect.identity import IDENTITIES
from liuke.collect.sources import CANONICAL
from liuke.kernel import ShopProfile, midnight_utc

SHOP = ShopProfile(zone="Asia/Shanghai", currency="CNY", margin_rate=0.25)
AS_OF = dt.date(2024, 3, 1)
KNOWN_AT = midnight_utc(AS_OF, SHOP.zone)
HIDDEN_LOAD = 9
Row = dict[str, Any]
RawShop = dict[str, list[Row]]
SPECS = {spec.name: spec for spec in (*CANONICAL, IDENTITIES)}
SCORES = "scores_churn"


def random_shop(rng: Random, people: int = 5, rows: int = 12) -> RawShop:
    """Return random canonical rows; the last two identities are further records of the first customers."""
    made = _Maker(rng, people)
    made.products()
    for identity in range(1, people):  # the last person never has a row of behaviour
        made.profile(identity)
        made.children(identity)
    for _ in range(rng.randint(rows // 2, rows)):
        made.order(rng.randint(1, people - 1))
        made.event(rng.randint(1, people + 1))
        made.event(rng.randint(1, people + 1))
        made.touch(rng.randint(1, people - 1))
    made.profile(people, silent=True)
    made.links(people)
    made.scores(people)
    return made.tables


class _Maker:
    def __init__(self, rng: Random, people: int) -> None:
        self.rng = rng
        self.people = people
        self.tables: RawShop = {name: [] for name in (*SPECS, SCORES)}
        self.row = 0
        self.orders = 0

    def add(self, table: str, row: Row) -> None:
        self.row += 1
        load = HIDDEN_LOAD if self.rng.random() < 0.04 else self.rng.randint(1, 2)
        whole = {"load_id": load, "row_number": self.row, "source": self.pick("pos", "web")} | row
        self.tables[table].append(whole)
        if table not in ("orders", "order_facts", "products") and self.rng.random() < 0.12:  # the same again
            self.row += 1
            self.tables[table].append(whole | {"row_number": self.row})

    def pick(self, *values: Any) -> Any:
        return self.rng.choice(values)

    def when(self) -> Row:
        """An instant near the edges of windows, and when it was recorded."""
        rng = self.rng
        back = rng.choice([rng.randint(-1, 12), rng.randint(-1, 70), 0, 1, 7, 8, 30, 31])
        day = AS_OF - dt.timedelta(days=back)
        at = midnight_utc(day, SHOP.zone) + dt.timedelta(seconds=self.pick(0, 0, 1, 3600, 86_399))
        late = self.pick(KNOWN_AT, KNOWN_AT + dt.timedelta(seconds=1), KNOWN_AT + dt.timedelta(days=9))
        recorded = at if rng.random() < 0.7 else max(at, late)
        return {"occurred_at": at, "occurred_on": day, "recorded_at": recorded}

    def recorded(self) -> dt.datetime:
        late = self.rng.random() < 0.3
        back = dt.timedelta(days=self.rng.randint(0, 3))  # 0: at the very instant of the moment
        return KNOWN_AT + dt.timedelta(days=self.pick(1, 9)) if late else KNOWN_AT - back

    def products(self) -> None:
        for product in (1, 2, 3):
            for _ in range(self.rng.randint(1, 2)):
                self.add("products", {
                    "product_id": product, "product_key": f"p{product}", "brand": self.pick("a", "b", None),
                    "category": self.pick("toys", "wipes", "奶粉", None), "stage": self.pick("1", "2", None),
                    "min_age_months": self.pick(0, 6, None), "recorded_at": self.recorded(),
                    "units_per_pack": (64.0, 12.5, None)[product - 1], "daily_use": (8.0, 0.0, 3.0)[product - 1],
                })  # fmt: skip

    def profile(self, identity: int, *, silent: bool = False) -> None:
        for _ in range(1 if silent else self.rng.randint(0, 2)):
            self.add("customers", {
                "identity_id": identity, "member_tier": self.pick("gold", "silver", None),
                "member_since_on": self.pick(dt.date(2023, 11, 30), dt.date(2024, 2, 29), None),
                "birth_month": self.pick(dt.date(1990, 3, 1), None), "gender": self.pick("female", "male", None),
                "recorded_at": KNOWN_AT if silent else self.recorded(), "load_id": 1 if silent else self.pick(1, 2),
            })  # fmt: skip

    def children(self, identity: int) -> None:
        for child in range(1, self.rng.randint(0, 3) + 1):
            self.add("children", {
                "identity_id": identity, "child_no": child, "gender": self.pick("female", "male", None),
                "birth_month": self.pick(dt.date(2024, 3, 1), dt.date(2023, 9, 1), dt.date(2021, 3, 1), None),
                "guardian_consent": self.pick(True, False, None), "recorded_at": self.recorded(),
            })  # fmt: skip

    def order(self, identity: int) -> None:
        self.orders += 1
        when, order = self.when(), {"order_id": self.orders, "identity_id": identity}
        paid = self.pick(0, 50, 100, 100, 250, None)
        placed = {"order_key": str(self.orders), "channel": self.pick("app", "web", "店", None), "currency": "CNY"}
        self.add("orders", order | when | placed | {"time_precision": "second"})
        self.add("order_facts", order | when | {"fact": "paid", "amount_minor": paid})
        for line in range(self.rng.randint(0, 2)):
            self.add("order_items", order | when | {
                "line_no": line + 1, "product_id": self.pick(1, 2, 3, None), "quantity": self.pick(0.1, 0.2, 1.0),
                "net_minor": self.pick(50, 100, None), "discount_minor": self.pick(0, 10, None),
            })  # fmt: skip
        if self.rng.random() < 0.25:
            fact = {"fact": self.pick("refunded", "returned", "cancelled"), "amount_minor": self.pick(50, 100, None)}
            self.add("order_facts", order | self.when() | fact)

    def event(self, identity: int) -> None:
        shown: Row = {"colour": self.pick("red", "blue", None), "size": self.pick(38, 40, 40.5, "40", "xl")}
        broken = self.pick(*[json.dumps(shown)] * 6, None, '{"colour": "red"', '{"colour": {"x": 1}}')
        self.add("events", self.when() | {
            "identity_id": identity, "event": self.pick("search", "login", "o'clock"),
            "channel": self.pick("app", "web", None), "category": self.pick("toys", "wipes", None),
            "product_id": self.pick(1, 2, 3, 4, None), "value": self.pick(0.1, 0.7, 2.0, None), "properties": broken,
        })  # fmt: skip

    def touch(self, identity: int) -> None:
        self.add("touches", self.when() | {
            "identity_id": identity, "channel": self.pick("sms", "email"), "campaign": self.pick("a", "b", None),
            "status": self.pick("sent", "opened", None),
        })  # fmt: skip

    def links(self, people: int) -> None:
        """A second record of customer 1, seen in time or late; the one of customer 2 is found only some days later."""
        for identity, extra, seen in ((1, people + 1, self.recorded()), (2, people, KNOWN_AT + dt.timedelta(days=1))):
            for one, at in ((identity, KNOWN_AT - dt.timedelta(days=90)), (extra, seen)):
                self.add("identities", {
                    "identity_id": one, "namespace": "member", "linked_identity_id": 1000 + identity, "rule": "exact",
                    "recorded_at": at, "load_id": 1,
                })  # fmt: skip

    def scores(self, people: int) -> None:
        for back in self.pick((0, 1, 2), (0, 31), (-1, 32), (1,)):
            day = AS_OF - dt.timedelta(days=back)
            scored = [c for c in range(1, people + 1) if self.rng.random() < 0.7]
            self.tables[SCORES] += [
                {"as_of": day, "customer_id": c, "probability": self.pick(0.25, 0.5, None),
                 "expected_margin_minor": self.pick(0, 100, None)} for c in scored
            ]  # fmt: skip


class _Tables:
    """Stands where the lake does: a scan is a table of the engine."""

    @staticmethod
    def scan_sql(name: str) -> str:
        return f"raw_{name}"


def open_moment(shop: RawShop, known_at: dt.datetime = KNOWN_AT) -> SmallMoment:
    """Return the moment that `collect.history` makes of these rows: its own views, its own identities."""
    engine = duckdb.connect(config={"threads": 1})
    engine.execute("SET TimeZone = 'UTC'")
    types = {spec.name: {column.name: column.type for column in spec.columns} for spec in SPECS.values()}
    types[SCORES] = {
        "as_of": "DATE", "customer_id": "BIGINT", "probability": "DOUBLE", "expected_margin_minor": "BIGINT",
    }  # fmt: skip
    for name, columns in types.items():
        table = SCORES if name == SCORES else f"raw_{name}"
        engine.execute(f"CREATE TABLE {table} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
        if shop[name]:
            engine.register(
                "written", pa.table({column: [row.get(column) for row in shop[name]] for column in columns})
            )
            engine.execute(f"INSERT INTO {table} SELECT * FROM written")
            engine.unregister("written")
    cut = views.Cut(AS_OF, known_at, (HIDDEN_LOAD,))
    history = History(_Tables(), None, SHOP, Path())  # type: ignore[arg-type]
    history._register_identities(engine, cut)
    history._create_views(engine, cut)
    return SmallMoment(AS_OF, engine)
