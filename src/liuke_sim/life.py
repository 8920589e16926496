"""One week in the life of a chunk of customers, in the order in which things happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from liuke_sim.columns import Columns, Ints, length, sort, stack, take
from liuke_sim.config import ShopConfig
from liuke_sim.customers import STORE, Customers, State, draw_customers
from liuke_sim.events import EventSink
from liuke_sim.fulfilment import RETURNED, fulfil
from liuke_sim.leaving import DriftLog, drift, graduate, strike
from liuke_sim.membership import mail_everybody, remove_apps, reward
from liuke_sim.needs import needs_on
from liuke_sim.purchases import Orders, buy
from liuke_sim.season import Week, week_of
from liuke_sim.streams import stream
from liuke_sim.visits import browse, draw_visits
from liuke_sim.voice import give_voice


@dataclass(frozen=True)
class WeekRows:
    """Everything that a week left behind; times are seconds from the shop's start, some lie in later weeks."""

    events: Columns
    lines: Columns
    """Order lines with the columns of their order; `sign` is -1 where goods came back to a store."""
    facts: Columns
    changes: Columns
    """Profiles that changed: `row` in the chunk, `at`, and the `tier` from then on."""


@dataclass
class Chunk:
    """A run of customers that live together."""

    position: int
    customers: Customers
    state: State
    drifts: DriftLog = field(default_factory=lambda: DriftLog([]))
    texts: list[Columns] = field(default_factory=list)
    """What the texts that were exported mean, for the truth."""

    @classmethod
    def draw(cls, config: ShopConfig, seed: int, position: int, first: int, last: int) -> Chunk:
        """Draw the chunk at `position` with the customers numbered `first` … `last` - 1."""
        customers = draw_customers(config, seed, position, first, last)
        return cls(position, customers, State.fresh(customers, stream(seed, "state", position)))


def live_week(chunk: Chunk, config: ShopConfig, seed: int, number: int) -> WeekRows:
    """Move a chunk through week `number` and return what it left behind."""
    customers, state = chunk.customers, chunk.state
    rng = stream(seed, "week", chunk.position, number)
    week = week_of(number, config.start)
    sink = EventSink()
    rows = np.flatnonzero(customers.is_visitor & (customers.registered_day < week.first_day + 7))
    needs = needs_on(week.first_day + 3.5, customers.families, rows, config.leaving.range_months)
    after_promotion = bool(week_of(number - 1, config.start).stockpile.any() and not week.stockpile.any())
    strike(rng, customers, state, rows, needs, after_promotion, config.leaving, week.first_day)
    drift(rng, customers, state, config.leaving, week.first_day, chunk.drifts)
    graduate(customers, state, rows, needs, week.first_day)
    state.formula_line[rows] = needs.line[:, 1]
    _register(customers, week, sink)
    visits = draw_visits(rng, customers, state, rows, needs, week, config.visits)
    browse(rng, customers, state, rows, needs, visits, sink)
    orders = buy(rng, customers, state, rows, needs, week, _date_numbers(week), config.purchases)
    _shop_visits(orders, sink)
    facts = fulfil(rng, customers, state, rows, orders, week, config.purchases, sink)
    tier_changes = reward(customers, state, rows, orders.head, sink)
    unsubscribed = mail_everybody(rng, customers, state, week, sink)
    remove_apps(rng, customers, state, week, sink)
    lines = _joined(orders)
    return WeekRows(
        give_voice(sink.rows(), orders, customers, state, week, seed),
        stack([lines, _brought_back(lines, facts)]),
        facts,
        stack([tier_changes, unsubscribed]),
    )


def _date_numbers(week: Week) -> Ints:
    days = [week.first + timedelta(days=offset) for offset in range(7)]
    return np.array([day.year * 10_000 + day.month * 100 + day.day for day in days], dtype=np.int64)


def _register(customers: Customers, week: Week, sink: EventSink) -> None:
    day = customers.registered_day
    new = (day >= week.first_day) & (day < week.first_day + 7)
    sink.add("register", customers.registered_at, mask=new, customer=customers.number, channel=customers.channel)


def _shop_visits(orders: Orders, sink: EventSink) -> None:
    """Add the page views and carts that lead to an online order."""
    head, lines = orders.head, orders.lines
    order = lines["order"]
    online = head["channel"][order] != STORE
    base = {"customer": head["customer"][order], "channel": head["channel"][order]}
    session = sink.new_sessions(base["customer"], head["at"][order] - 400)
    at = head["at"][order] - 400 + 30 * lines["line_no"]
    more = {"session": session, "product": lines["product"], "category": lines["category"]}
    sink.add("product_view", at, mask=online, **base, **more)
    sink.add("cart_add", at + 12, mask=online, **base, **more)


def _joined(orders: Orders) -> Columns:
    head, lines = orders.head, orders.lines
    order = lines["order"]
    columns = {name: values for name, values in lines.items() if name not in ("order", "category")}
    columns |= {name: head[name][order] for name in ("customer", "order_no", "at", "channel")}
    return columns | {"sign": np.ones(len(order), dtype=np.int64)}


def _brought_back(lines: Columns, facts: Columns) -> Columns:
    """Return the lines of store orders whose goods came back, at the moment they did."""
    if not length(facts):
        return {}
    at_store = take(facts, (facts["channel"] == STORE) & (facts["fact"] == RETURNED))
    back = sort(at_store, "order_no")
    if not length(back):
        return {}
    place = np.minimum(np.searchsorted(back["order_no"], lines["order_no"]), length(back) - 1)
    hit = back["order_no"][place] == lines["order_no"]
    returned = take(lines, hit)
    return returned | {"at": back["at"][place][hit], "sign": -returned["sign"]}
