"""How needs become orders.

A consumable is bought when the cupboard runs low, or before a promotion; here with a chance that grows with the
customer's attachment and falls with prices for those who look at them, elsewhere otherwise. What is due in one week
goes into one order.

A contact that helped pushes (`Push`): it makes buying likelier from its moment on. Somebody who would have bought
before that moment has done so; whoever is pushed into buying early has a full cupboard afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from liuke_sim.assortment import (
    BRANDS,
    CONSUMABLES,
    LIST_PRICE_MINOR,
    OCCASIONALS,
    pack_days,
    product_of,
)
from liuke_sim.columns import SECONDS_A_DAY, Bools, Columns, Floats, Ints
from liuke_sim.config import PurchaseConfig
from liuke_sim.customers import CHANNELS, MINI_PROGRAM, NEVER, STORE, Customers, State
from liuke_sim.leaving import PRICE
from liuke_sim.needs import NO_LINE, Needs, occasional_line
from liuke_sim.regions import HAS_STORE
from liuke_sim.season import HOUR_WEIGHTS, Week
from liuke_sim.streams import Chance
from liuke_sim.subscriptions import Deliveries, price_off

N_CONSUMABLES = len(CONSUMABLES)
COUPON_MINOR = 1_500
"""The coupon that anybody finds in the shop."""
COUPON_FROM_MINOR = 12_900
_BASKET_PER_COUPON = 3
"""A coupon that was sent is valid from a basket of so many times its value."""
_STORE_HOURS = np.where((np.arange(24) >= 10) & (np.arange(24) <= 20), HOUR_WEIGHTS, 0)


@dataclass(frozen=True)
class Orders:
    """A week's orders and their lines."""

    head: Columns
    """One row per order: `row`, `customer`, `order_no`, `at`, `day` (of the week), `channel`, `net`, `discount` (fen),
    `coupon`, `is_first`."""
    lines: Columns
    """One row per line: `order` (position in `head`), `line_no`, `product`, `category`, `quantity`, `unit`, `net`,
    `discount` (fen)."""


@dataclass(frozen=True)
class Push:
    """What this week's contacts add to the chance of buying, from their moment on; arrays of shape ``(m,)``."""

    strength: Floats
    at: Ints
    """Seconds from the shop's start."""


@dataclass(frozen=True)
class Choice:
    """What customers decide to buy; arrays of shape ``(m, 5)`` unless said otherwise."""

    packs: Ints
    """``(m, 12)``: here, per category."""
    days: Floats
    """Days of supply that come into the house, from here or elsewhere."""

    def take(self, index: Ints | Bools) -> Choice:
        """Return the choices of some customers."""
        return Choice(self.packs[index], self.days[index])


@dataclass(frozen=True)
class Buyers:
    """Everything that a decision to buy depends on, for the customers `rows`."""

    chance: Chance
    customers: Customers
    state: State
    rows: Ints
    needs: Needs
    week: Week
    deliveries: Deliveries
    push: Floats
    """``(m,)``: what earlier contacts add to the chance of buying."""
    config: PurchaseConfig

    @property
    def number(self) -> Ints:
        """The customers' numbers."""
        return self.customers.number[self.rows]

    def pushed(self, index: Ints, push: Floats) -> Buyers:
        """Return some of the customers, pushed more."""
        return replace(
            self,
            rows=self.rows[index],
            needs=self.needs.take(index),
            deliveries=self.deliveries.take(index),
            push=push,
        )


def buy(buyers: Buyers, push: Push | None, dates: Ints) -> Orders:
    """Draw the week's orders and fill the cupboards.

    Parameters
    ----------
    buyers : Buyers
    push : Push, optional
        What this week's contacts did.
    dates : array of int, shape (7,)
        The week's days as numbers like 20250901; with the customer's number they make the order's number.
    """
    state, rows, week = buyers.state, buyers.rows, buyers.week
    choice = choose(buyers)
    at, channel = _moments(buyers)
    if push is not None and (push.strength > 0).any():
        choice, at, channel = _pushed(buyers, push, choice, at, channel)
    needed = buyers.needs.line != NO_LINE
    supply = state.supply[rows]
    state.supply[rows] = np.where(needed, np.maximum(supply + choice.days - 7, 0), supply)
    who = np.flatnonzero(choice.packs.any(axis=1))
    day = np.minimum(at[who] // SECONDS_A_DAY - week.first_day, 6)
    head: Columns = {
        "row": who,
        "customer": buyers.number[who],
        "order_no": dates[day] * 10**8 + buyers.number[who],
        "at": at[who],
        "day": day,
        "channel": channel[who],
        "is_first": state.orders[rows[who]] == 0,
    }
    lines = _lines(buyers, choice.packs, head)
    for name in ("net", "discount"):
        head[name] = np.bincount(lines["order"], lines[name], len(who)).astype(np.int64)
    state.orders[rows[who]] += 1
    return Orders(head, lines)


def _pushed(buyers: Buyers, push: Push, choice: Choice, at: Ints, channel: Ints) -> tuple[Choice, Ints, Ints]:
    """Let this week's contacts act on those who have not bought before them."""
    would_buy = choice.packs.any(axis=1)
    index = np.flatnonzero((push.strength > 0) & ~(would_buy & (at < push.at)))
    ends_at = (buyers.week.first_day + 7) * SECONDS_A_DAY
    left = np.clip((ends_at - push.at[index]) / (7 * SECONDS_A_DAY), 0, 1)
    more = choose(buyers.pushed(index, buyers.push[index] + push.strength[index] * left))
    packs, days = choice.packs.copy(), choice.days.copy()
    packs[index], days[index] = more.packs, more.days
    moved = index[at[index] < push.at[index]]
    spread = buyers.chance.uniform("pushed moment", buyers.number[moved])
    at, channel = at.copy(), channel.copy()
    at[moved] = np.minimum(push.at[moved] + 600 + spread * (ends_at - push.at[moved]), ends_at - 1).astype(np.int64)
    channel[moved] = np.where(channel[moved] == STORE, MINI_PROGRAM, channel[moved])
    return Choice(packs, days), at, channel


def chance_here(buyers: Buyers) -> Floats:
    """Return the chance that something due is bought in this shop, shape ``(m,)``."""
    customers, state, rows, week, config = buyers.customers, buyers.state, buyers.rows, buyers.week, buyers.config
    sensitivity = customers.price_sensitivity[rows]
    discount = week.discount.mean()
    price = 1 - 0.30 * sensitivity + 1.4 * sensitivity * discount
    bargain = np.where((state.cause[rows] == PRICE) & (discount > 0.1), 0.35, 0.0)
    attachment = np.maximum(state.attachment[rows], bargain)
    known = np.where(state.orders[rows] > 0, 1.0, config.conversion)
    present = (state.left_day[rows] == NEVER) & (customers.first_visit_day[rows] < week.first_day + 7)
    lapse = np.where(buyers.chance.uniform("lapse", buyers.number) < config.lapse, 0.25, 1.0)
    trend = config.trend ** (week.number / 52)
    usual = np.clip(customers.wallet[rows] * price * attachment * known * lapse * trend, 0, 1)
    return np.asarray((usual + buyers.push * (1 - usual)) * present)


def choose(buyers: Buyers) -> Choice:
    """Decide what is bought this week, here or elsewhere; nothing is changed."""
    usual = chance_here(buyers)
    packs, days = _consumables(buyers, usual)
    return Choice(np.concatenate([packs, _occasionals(buyers, usual)], axis=1), days)


def _consumables(buyers: Buyers, here_chance: Floats) -> tuple[Ints, Floats]:
    """Return packs of what runs out, and the days of supply that come into the house, shape ``(m, 5)``."""
    chance, needs, week, config, number = buyers.chance, buyers.needs, buyers.week, buyers.config, buyers.number
    state, rows = buyers.state, buyers.rows

    def draws(purpose: str) -> Floats:
        return chance.uniforms(purpose, number, N_CONSUMABLES)

    needed = needs.line != NO_LINE
    supply = state.supply[rows]
    arrives = needed & buyers.deliveries.arrives
    waits = needed & ~arrives & ~buyers.deliveries.expected
    threshold = 5 + 6 * draws("due")
    due = waits & (supply < threshold + config.pull_forward_days * buyers.push[:, None])
    filling = week.stockpile.mean() * (0.10 + 0.45 * buyers.customers.price_sensitivity[rows])[:, None]
    stockpiling = waits & ~due & (supply < 45) & (draws("filling") < filling)
    due_here = due & (chance.uniform("here", number) < here_chance)[:, None]
    here = due_here | (stockpiling & (draws("stockpile here") < here_chance[:, None]))
    with_order = (due_here | arrives).any(axis=1)[:, None]
    here |= waits & ~due & ~here & (supply < 20) & with_order & (draws("along") < 0.75)
    many = here & (stockpiling | (due & (week.stockpile.mean() * draws("many") > 0.4)))
    wanted = np.where(
        many, _span(config.stockpile_days, draws("stock days")), _span(config.pantry_days, draws("pantry days"))
    )
    wanted *= (0.45 + 0.55 * state.attachment[rows])[:, None]
    wanted = np.where(arrives, buyers.deliveries.days, wanted)
    days = pack_days(np.maximum(needs.line, 0), needs.use)
    packs = np.where(here | arrives, np.clip(np.round(wanted / days), 1, 12), 0).astype(np.int64)
    elsewhere = np.where(waits & (supply < threshold), 14 + 24 * draws("elsewhere"), 0)
    return packs, np.where(here | arrives, packs * days, elsewhere)


def _span(ends: tuple[int, int], draw: Floats) -> Floats:
    return ends[0] + (ends[1] - ends[0]) * draw


def _occasionals(buyers: Buyers, here_chance: Floats) -> Ints:
    """Decide on what is bought now and then, shape ``(m, 7)``."""
    rate = buyers.needs.occasional * (here_chance * buyers.week.lift.mean() ** 0.8)[:, None]
    ordinal = np.arange(rate.shape[1])
    return buyers.chance.poisson("occasional", buyers.number[:, None], rate, 2, ordinal)


def _moments(buyers: Buyers) -> tuple[Ints, Ints]:
    """Return when each customer would order in the week, and over which channel, shape ``(m,)`` each."""
    chance, customers, rows, week, number = buyers.chance, buyers.customers, buyers.rows, buyers.week, buyers.number
    other = chance.between("other channel", number, 0, len(CHANNELS))
    other = np.where((other == STORE) & ~HAS_STORE[customers.region[rows]], MINI_PROGRAM, other)
    channel = np.where(chance.uniform("own channel", number) < 0.88, customers.channel[rows], other)
    earliest = np.clip(customers.first_visit_day[rows] - week.first_day, 0, 7)
    offset = np.maximum(chance.choose("order day", number, week.day_weights), earliest)
    hour = np.where(
        channel == STORE,
        chance.choose("store hour", number, _STORE_HOURS),
        chance.choose("order hour", number, HOUR_WEIGHTS),
    )
    at = (week.first_day + offset) * SECONDS_A_DAY + hour * 3600 + chance.between("order second", number, 0, 3600)
    at = np.maximum(at, customers.registered_at[rows] + 120)
    return np.minimum(at, (week.first_day + 7) * SECONDS_A_DAY - 1), channel


def _lines(buyers: Buyers, packs: Ints, head: Columns) -> Columns:
    """Write the lines of the orders with their prices; coupons are drawn, and added to `head`."""
    chance, customers, needs, week = buyers.chance, buyers.customers, buyers.needs, buyers.week
    order, category = np.nonzero(packs[head["row"]])
    row = head["row"][order]
    quantity = packs[row, category]
    line = needs.line[row, np.minimum(category, N_CONSUMABLES - 1)]
    for position, name in enumerate(OCCASIONALS, start=N_CONSUMABLES):
        line = np.where(category == position, occasional_line(name, needs.youngest[row]), line)
    number = head["customer"][order]
    own = customers.brand[buyers.rows[row], category]
    other = chance.between("other brand", number, 0, BRANDS, category)
    product = product_of(line, np.where(chance.uniform("own brand", number, category) < 0.85, own, other))
    unit = LIST_PRICE_MINOR[product]
    full = unit * quantity
    off_list = np.maximum(week.discount[head["day"][order]], price_off(buyers.deliveries, row, category))
    after = np.round(full * (1 - off_list)).astype(np.int64)
    basket = np.bincount(order, after, len(head["row"]))
    value = _coupons(buyers, head, np.asarray(basket, dtype=np.float64))
    head["coupon"] = value > 0
    off = np.floor(after / basket[order] * value[order]).astype(np.int64)
    starts = np.searchsorted(order, np.arange(len(basket)))
    return {
        "order": order,
        "line_no": np.arange(len(order)) - starts[order] + 1,
        "product": product,
        "category": category,
        "quantity": quantity,
        "unit": unit,
        "net": after - off,
        "discount": full - after + off,
    }


def _coupons(buyers: Buyers, head: Columns, basket: Floats) -> Ints:
    """Return the value (fen) of the coupon that each order uses: one that was sent, or one found in the shop."""
    state, who = buyers.state, buyers.rows[head["row"]]
    sensitivity = buyers.customers.price_sensitivity[who]
    finds = buyers.chance.uniform("coupon found", head["customer"]) < buyers.config.coupon_share * (
        0.4 + 1.3 * sensitivity
    )
    found = np.where(finds & (basket >= COUPON_FROM_MINOR), COUPON_MINOR, 0)
    valid = (state.coupon_from[who] <= head["at"]) & (head["at"] < state.coupon_until[who])
    sent = np.where(valid & (basket >= _BASKET_PER_COUPON * state.coupon_minor[who]), state.coupon_minor[who], 0)
    used = who[(sent > 0) & (sent >= found)]
    state.coupon_minor[used] = 0
    return np.maximum(found, sent)
