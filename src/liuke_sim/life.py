"""One week in the life of a chunk of customers, in the order in which things happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from liuke_sim.columns import Columns, Ints, length, sort, stack, take
from liuke_sim.config import ShopConfig
from liuke_sim.customers import NEVER, STORE, Customers, State, draw_customers
from liuke_sim.events import DeafSink, EventSink
from liuke_sim.fulfilment import RETURNED, fulfil
from liuke_sim.leaving import DriftLog, drift, graduate, strike
from liuke_sim.membership import mail_everybody, remove_apps, reward
from liuke_sim.needs import needs_on
from liuke_sim.purchases import Buyers, Orders, buy
from liuke_sim.response import answer, settle
from liuke_sim.season import Week, week_of
from liuke_sim.streams import Chance, stream
from liuke_sim.subscriptions import deliver, sign_up
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
    answers: Columns
    """How the week's contacts were answered, one row each; see `response.Answers`."""


@dataclass
class Chunk:
    """A run of customers that live together."""

    position: int
    customers: Customers
    state: State
    drifts: DriftLog = field(default_factory=lambda: DriftLog([]))
    texts: list[Columns] = field(default_factory=list)
    """What the texts that were exported mean; written by ``files/feedback.py``."""

    @classmethod
    def draw(
        cls, config: ShopConfig, seed: int, position: int, first: int, last: int, registers_from: int | None = None
    ) -> Chunk:
        """Draw the chunk at `position` with the customers numbered `first` … `last` - 1; see `draw_customers`."""
        customers = draw_customers(config, seed, position, first, last, registers_from)
        return cls(position, customers, State.fresh(customers, stream(seed, "state", position)))

    @property
    def number_range(self) -> tuple[int, int]:
        """The customers' numbers, half-open; for a whole chunk."""
        return int(self.customers.number[0]), int(self.customers.number[-1]) + 1

    def take(self, index: Ints) -> Chunk:
        """Return some of the customers, standing where they stand now, with a life of their own from here."""
        return Chunk(self.position, self.customers.take(index), self.state.take(index))


def live_week(
    chunk: Chunk, config: ShopConfig, seed: int, number: int, contacts: Columns | None = None, *, told: bool = True
) -> WeekRows:
    """Move a chunk through week `number` and return what it left behind.

    Parameters
    ----------
    contacts : Columns, optional
        The week's contacts to these customers, as `ContactBook.of_week` gives them.
    told : bool
        Whether events are kept. What customers buy does not depend on it.
    """
    customers, state = chunk.customers, chunk.state
    chance = Chance(seed, number)
    week = week_of(number, config.start)
    sink = EventSink() if told else DeafSink()
    _age_contacts(state, config)
    rows = np.flatnonzero(customers.is_visitor & (customers.registered_day < week.first_day + 7))
    needs = needs_on(week.first_day + 3.5, customers.families, rows, config.leaving.range_months)
    after_promotion = bool(week_of(number - 1, config.start).stockpile.any() and not week.stockpile.any())
    strike(chance, customers, state, rows, needs, after_promotion, config.leaving, week.first_day)
    drift(chance, customers, state, config.leaving, week.first_day, chunk.drifts)
    graduate(customers, state, rows, needs, week.first_day)
    state.formula_line[rows] = needs.line[:, 1]
    pushed_before = state.push[rows]
    answers = None
    if contacts:
        answers = answer(chance, customers, state, needs, rows, contacts, week, config.response, sink, seed)
    if told:
        _register(customers, week, sink)
        clicks = answers.clicks(rows) if answers else {}
        visits = draw_visits(chance, customers, state, rows, needs, week, config.visits, clicks)
        browse(chance, customers, state, rows, needs, visits, sink)
    deliveries = deliver(chance, customers, state, rows, needs, week, sink)
    buyers = Buyers(chance, customers, state, rows, needs, week, deliveries, pushed_before, config.purchases)
    orders = buy(buyers, answers.push(rows, config.response) if answers else None, _date_numbers(week))
    sign_up(chance, customers, state, rows, orders.head, orders.lines, week, sink)
    _shop_visits(orders, sink)
    facts = fulfil(chance, customers, state, rows, orders, week, config.purchases, sink)
    changes = [reward(customers, state, rows, orders.head, sink)]
    changes.append(mail_everybody(chance, customers, state, week, sink))
    remove_apps(chance, customers, state, week, sink)
    events = give_voice(sink.rows(), orders, customers, state, week, seed) if told else {}
    if answers:
        changes.append(answers.profile_changes(state))
        settle(chance, customers, state, answers, week, config.response, chunk.drifts)
    lines = _joined(orders)
    answered = answers.rows if answers else {}
    return WeekRows(events, stack([lines, _brought_back(lines, facts)]), facts, stack(changes), answered)


def _age_contacts(state: State, config: ShopConfig) -> None:
    """Let a week pass over what contacts left behind."""
    state.push *= config.response.fade
    state.takes_messages &= state.unsubscribed_day == NEVER
    state.contacts[:, 1:] = state.contacts[:, :-1].copy()
    state.contacts[:, 0] = 0


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
