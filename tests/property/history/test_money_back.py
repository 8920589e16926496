"""Whatever order money comes and goes back in, every figure with money in it counts the same net."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import pytest
from books import NOTE, nets
from raw_shop import SHOP, SPECS, RawShop, Row, open_moment
from small_moment import SmallMoment

from liuke.app.publish.results import materialise
from liuke.app.publish.tables import customers_sql
from liuke.collect.behaviours import load_catalogue
from liuke.predict.churn import read_outcomes
from liuke.predict.clv import summarise
from liuke.understand.metrics import MetricSettings, measure
from liuke.understand.tags import build_tags, load_definitions

FIRST, LAST = dt.date(2023, 1, 1), dt.date(2024, 2, 29)  # what may be seen at raw_shop.AS_OF, whole months
ZONE = dt.timedelta(hours=8)
SHOPS = 60


@dataclass
class Order:
    """What is known of one order number."""

    customer: int
    facts: list[tuple[dt.date, str, int | None]]

    def total(self, kind: str) -> int:
        return sum(amount or 0 for _, one, amount in self.facts if one == kind)

    def has(self, kind: str) -> bool:
        return any(one == kind for _, one, _ in self.facts)


def fact_rows(orders: Mapping[int, Order]) -> list[Row]:
    """Return the facts as canonical rows; they happen at 00:00 in the shop's zone."""
    return [
        {"order_id": number, "identity_id": order.customer, "customer_id": order.customer, "fact": kind,
         "amount_minor": amount, "occurred_on": day, "occurred_at": dt.datetime.combine(day, dt.time()) - ZONE}
        for number, order in orders.items() for day, kind, amount in order.facts
    ]  # fmt: skip


def reference(orders: Mapping[int, Order]) -> dict[int, int]:
    """Return the net of every order that counts."""
    gross = {number: order.total("paid") for number, order in orders.items() if order.has("paid")}
    return nets(fact_rows(orders), gross)


def random_orders(rng: Random) -> dict[int, Order]:
    """Return orders of few people on few days, with every way of giving money back."""
    orders: dict[int, Order] = {}
    days = [FIRST + dt.timedelta(days=rng.randint(0, (LAST - FIRST).days)) for _ in range(8)]
    for number in range(1, rng.randint(4, 24)):
        day = rng.choice(days)
        facts: list[tuple[dt.date, str, int | None]] = []
        kind = rng.choice(["order"] * 4 + ["note", "unpaid", "deposit"])
        amount = rng.choice([0, 100, 100, 250, 1000])
        if kind == "order":
            facts = [(day, "paid", amount)] + ([(day, "paid", 50)] if rng.random() < 0.2 else [])
        elif kind == "deposit":
            facts = [(day, "deposit", 100)]
        if kind == "unpaid" or rng.random() < 0.1:
            facts.append((max(day, rng.choice(days)), "cancelled", rng.choice([0, amount, None])))
        if kind == "note" or rng.random() < 0.4:
            for back in rng.choice((["returned"], ["refunded"], ["returned", "refunded"], ["refunded", "refunded"])):
                facts.append((max(day, rng.choice(days)), back, rng.choice([0, 50, 100, 250, amount, None])))
        orders[number] = Order(rng.randint(1, 3), facts)
    return {number: order for number, order in orders.items() if order.facts}


def raw_rows(rng: Random, orders: Mapping[int, Order]) -> RawShop:
    """Return the facts as sources write them, in any order."""
    rows = [row | {"recorded_at": row["occurred_at"], "load_id": 1, "source": "s"} for row in fact_rows(orders)]
    rng.shuffle(rows)
    tables: RawShop = {name: [] for name in (*SPECS, "scores_churn")}
    tables["order_facts"] = [row | {"row_number": place} for place, row in enumerate(rows)]
    return tables


def money_figures(moment: SmallMoment) -> dict[str, int]:
    """Return the shop's money, summed from each place that shows or learns from it."""
    connection = moment.connection
    tags = build_tags(moment, load_definitions(catalogue=load_catalogue(None)), ["lifetime_spend"]).to_pylist()
    months = [v for v in measure(moment, SHOP, MetricSettings(months_kept=60), ()).values if v.metric == "revenue"]
    published = connection.sql(customers_sql(materialise(connection, {}, moment.as_of), []))
    (found,) = connection.sql(f"SELECT coalesce(sum(net_minor), 0) FROM ({published.sql_query()})").fetchall()
    return {
        "purchases": int(connection.sql("SELECT coalesce(sum(net_minor), 0) FROM purchases").fetchall()[0][0]),
        "tag lifetime_spend": sum(row["lifetime_spend"] or 0 for row in tags),
        "metric revenue": round(sum(value.value or 0 for value in months)),
        "published customers": int(found[0]),
    }


def margin_figures(moment: SmallMoment) -> dict[str, float]:
    """Return the shop's margin likewise."""
    connection = moment.connection
    summary = summarise(moment)
    months = [v for v in measure(moment, SHOP, MetricSettings(months_kept=60), ()).values if v.metric == "margin"]
    days = (moment.as_of - FIRST).days
    return {
        "purchases": float(connection.sql("SELECT coalesce(sum(margin_minor), 0) FROM purchases").fetchall()[0][0]),
        "metric margin": sum(value.value or 0 for value in months),
        "value model": float((summary.mean_margin_minor * (summary.frequency + 1)).sum()),
        "churn outcomes": float(read_outcomes(moment, summary.customer_id, FIRST, days).margin_minor.sum()),
    }


@pytest.mark.parametrize("seed", range(SHOPS))
def test_every_order_keeps_what_the_rule_says(seed: int) -> None:
    rng = Random(seed)
    orders = random_orders(rng)
    moment = open_moment(raw_rows(rng, orders))
    found = dict(moment.connection.sql("SELECT order_id, net_minor FROM purchases").fetchall())
    assert found == reference(orders)


def test_the_random_shops_hold_every_case() -> None:
    seen: dict[str, int] = defaultdict(int)
    for seed in range(SHOPS):
        orders = random_orders(Random(seed))
        expected = reference(orders)
        for number, order in orders.items():
            seen["notes"] += {kind for _, kind, _ in order.facts} <= NOTE
            seen["cancelled after payment"] += order.has("paid") and order.has("cancelled")
            seen["returned and refunded"] += order.has("returned") and order.has("refunded")
            own = order.total("paid") - max(order.total("returned"), order.total("refunded"))
            seen["lowered by a note"] += not order.has("cancelled") and 0 < expected.get(number, 0) < own
            seen["gift"] += order.has("paid") and expected.get(number) == 0
    assert min(seen.values()) >= 10, dict(seen)


@pytest.mark.parametrize("seed", range(12))
def test_every_figure_counts_the_same_money(seed: int) -> None:
    rng = Random(1000 + seed)
    orders = random_orders(rng) | {0: Order(1, [(FIRST, "paid", 700)])}  # so that the record begins on the first day
    orders |= {99: Order(1, [(FIRST + dt.timedelta(days=180), "paid", 100)])}
    moment = open_moment(raw_rows(rng, orders))
    assert set(money_figures(moment).values()) == {sum(reference(orders).values())}
    margins = margin_figures(moment)
    assert margins == pytest.approx(dict.fromkeys(margins, margins["purchases"]))
