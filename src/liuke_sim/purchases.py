"""How needs become orders.

A consumable is bought when the cupboard runs low, or before a promotion; here with a chance that grows with the
customer's attachment and falls with prices for those who look at them, elsewhere otherwise. What is due in one week
goes into one order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke_sim.assortment import (
    BRANDS,
    CONSUMABLES,
    LIST_PRICE_MINOR,
    OCCASIONALS,
    pack_days,
    product_of,
)
from liuke_sim.columns import SECONDS_A_DAY, Columns, Floats, Ints, pick
from liuke_sim.config import PurchaseConfig
from liuke_sim.customers import CHANNELS, MINI_PROGRAM, NEVER, STORE, Customers, State
from liuke_sim.leaving import PRICE
from liuke_sim.needs import NO_LINE, Needs, occasional_line
from liuke_sim.regions import HAS_STORE
from liuke_sim.season import HOUR_WEIGHTS, Week

N_CONSUMABLES = len(CONSUMABLES)
COUPON_MINOR = 1_500
COUPON_FROM_MINOR = 12_900
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


def buy(
    rng: np.random.Generator,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    week: Week,
    dates: Ints,
    config: PurchaseConfig,
) -> Orders:
    """Draw the week's orders of the customers `rows` and fill their cupboards.

    Parameters
    ----------
    dates : array of int, shape (7,)
        The week's days as numbers like 20250901; with the customer's number they make the order's number.
    """
    packs = np.concatenate(
        [
            _consumables(rng, customers, state, rows, needs, week, config),
            _occasionals(rng, customers, state, rows, needs, week, config),
        ],
        axis=1,
    )
    buyers = np.flatnonzero(packs.any(axis=1))
    head = _heads(rng, customers, state, rows, buyers, week, dates)
    lines = _lines(rng, customers, rows, needs, packs, head, week, config)
    per_order = (
        np.bincount(lines["order"], lines["net"], len(buyers)),
        np.bincount(lines["order"], lines["discount"], len(buyers)),
    )
    head |= {"net": per_order[0].astype(np.int64), "discount": per_order[1].astype(np.int64)}
    state.orders[rows[buyers]] += 1
    return Orders(head, lines)


def chance_here(customers: Customers, state: State, rows: Ints, week: Week, config: PurchaseConfig) -> Floats:
    """Return the chance that something due is bought in this shop, shape ``(m,)``."""
    sensitivity = customers.price_sensitivity[rows]
    discount = week.discount.mean()
    price = 1 - 0.30 * sensitivity + 1.4 * sensitivity * discount
    bargain = np.where((state.cause[rows] == PRICE) & (discount > 0.1), 0.35, 0.0)
    attachment = np.maximum(state.attachment[rows], bargain)
    known = np.where(state.orders[rows] > 0, 1.0, config.conversion)
    present = (state.left_day[rows] == NEVER) & (customers.first_visit_day[rows] < week.first_day + 7)
    return np.asarray(np.clip(customers.wallet[rows] * price * attachment * known, 0, 1) * present)


def _consumables(
    rng: np.random.Generator,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    week: Week,
    config: PurchaseConfig,
) -> Ints:
    """Decide on packs of what runs out, shape ``(m, 5)``, and move the cupboards on by a week."""
    shape = needs.line.shape
    needed = needs.line != NO_LINE
    supply = state.supply[rows]
    due = needed & (supply < rng.uniform(5, 11, shape))
    filling = week.stockpile.mean() * (0.10 + 0.45 * customers.price_sensitivity[rows])[:, None]
    stockpiling = needed & ~due & (supply < 45) & (rng.random(shape) < filling)
    here_chance = chance_here(customers, state, rows, week, config)
    due_here = due & (rng.random(len(rows)) < here_chance)[:, None]
    here = due_here | (stockpiling & (rng.random(shape) < here_chance[:, None]))
    along = needed & ~due & ~here & (supply < 20) & due_here.any(axis=1)[:, None] & (rng.random(shape) < 0.75)
    here |= along
    many = here & (stockpiling | (due & (week.stockpile.mean() * rng.random(shape) > 0.4)))
    wanted = np.where(many, rng.uniform(*config.stockpile_days, shape), rng.uniform(*config.pantry_days, shape))
    wanted *= (0.45 + 0.55 * state.attachment[rows])[:, None]
    days = pack_days(np.maximum(needs.line, 0), needs.use)
    packs = np.where(here, np.clip(np.round(wanted / days), 1, 12), 0).astype(np.int64)
    bought = np.where(here, packs * days, np.where(due, rng.uniform(14, 38, shape), 0))
    state.supply[rows] = np.where(needed, np.maximum(supply + bought - 7, 0), supply)
    return packs


def _occasionals(
    rng: np.random.Generator,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    week: Week,
    config: PurchaseConfig,
) -> Ints:
    """Decide on what is bought now and then, shape ``(m, 7)``."""
    usual = chance_here(customers, state, rows, week, config)
    rate = needs.occasional * (usual * week.lift.mean() ** 0.8)[:, None]
    return np.asarray(np.minimum(rng.poisson(rate), 2), dtype=np.int64)


def _heads(
    rng: np.random.Generator, customers: Customers, state: State, rows: Ints, buyers: Ints, week: Week, dates: Ints
) -> Columns:
    """Give each order a moment, a number and a channel."""
    n = len(buyers)
    who = rows[buyers]
    own = customers.channel[who]
    other = rng.integers(0, len(CHANNELS), n)
    other = np.where((other == STORE) & ~HAS_STORE[customers.region[who]], MINI_PROGRAM, other)
    channel = np.where(rng.random(n) < 0.88, own, other)
    earliest = np.maximum(customers.first_visit_day[who] - week.first_day, 0)
    offset = np.maximum(pick(rng, week.day_weights, n), earliest)
    hour = np.where(channel == STORE, pick(rng, _STORE_HOURS, n), pick(rng, HOUR_WEIGHTS, n))
    at = (week.first_day + offset) * SECONDS_A_DAY + hour * 3600 + rng.integers(0, 3600, n)
    at = np.maximum(at, customers.registered_at[who] + 120)
    offset = at // SECONDS_A_DAY - week.first_day
    inside = np.minimum(offset, 6)
    return {
        "row": buyers,
        "customer": customers.number[who],
        "order_no": dates[inside] * 10**8 + customers.number[who],
        "at": np.where(offset > 6, (week.first_day + 7) * SECONDS_A_DAY - 1, at),
        "day": inside,
        "channel": channel,
        "is_first": state.orders[who] == 0,
    }


def _lines(
    rng: np.random.Generator,
    customers: Customers,
    rows: Ints,
    needs: Needs,
    packs: Ints,
    head: Columns,
    week: Week,
    config: PurchaseConfig,
) -> Columns:
    """Write the lines of the orders with their prices; draws who uses a coupon (added to `head`)."""
    order, category = np.nonzero(packs[head["row"]])
    row = head["row"][order]
    quantity = packs[row, category]
    line = needs.line[row, np.minimum(category, N_CONSUMABLES - 1)]
    for position, name in enumerate(OCCASIONALS, start=N_CONSUMABLES):
        line = np.where(category == position, occasional_line(name, needs.youngest[row]), line)
    brand = np.where(
        rng.random(len(row)) < 0.85, customers.brand[rows[row], category], rng.integers(0, BRANDS, len(row))
    )
    product = product_of(line, brand)
    unit = LIST_PRICE_MINOR[product]
    full = unit * quantity
    after = np.round(full * (1 - week.discount[head["day"][order]])).astype(np.int64)
    basket = np.bincount(order, after, len(head["row"]))
    likes = config.coupon_share * (0.4 + 1.3 * customers.price_sensitivity[rows[head["row"]]])
    coupon = (rng.random(len(basket)) < likes) & (basket >= COUPON_FROM_MINOR)
    head["coupon"] = coupon
    off = np.floor(after / basket[order] * COUPON_MINOR * coupon[order]).astype(np.int64)
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
