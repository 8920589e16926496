"""Regular deliveries (周期购): what runs out comes every four weeks, a little cheaper, until the customer stops it.

Offered with what is bought most regularly. Before each delivery the customer can skip it; those whose attachment fades
skip more and more and then cancel, weeks before they stop buying: signals of leaving that can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke_sim.assortment import CONSUMABLES
from liuke_sim.columns import SECONDS_A_DAY, Bools, Column, Columns, Floats, Ints
from liuke_sim.customers import APP, NEVER, STORE, Customers, State
from liuke_sim.events import EventSink
from liuke_sim.needs import NO_LINE, Needs
from liuke_sim.season import Week
from liuke_sim.streams import Chance

NO_SUBSCRIPTION = -1
INTERVAL_WEEKS = 4
PRICE_OFF = 0.05
"""What a subscriber saves on the list price."""
_OFFERED = np.array([category in ("nappies", "formula", "wipes") for category in CONSUMABLES])
_SIGN_UP = 0.020
"""Chance that an online order from the second on becomes a subscription."""
_SKIP, _SKIP_FULL, _SKIP_DRIFTING = 0.04, 0.35, 0.60
"""Chance to skip: always, with a full cupboard, in proportion to the attachment that was lost."""
_FULL_DAYS = 32
_CANCEL_DRIFTING = 0.55


@dataclass(frozen=True)
class Deliveries:
    """The subscriptions of some customers in one week."""

    arrives: Bools
    """``(m, 5)``: delivered this week."""
    expected: Bools
    """``(m, 5)``: on its way by subscription, so that it is not bought besides."""
    days: float
    """Days of supply in a delivery."""

    def take(self, index: Ints) -> Deliveries:
        """Return those of some customers."""
        return Deliveries(self.arrives[index], self.expected[index], self.days)


def deliver(
    chance: Chance, customers: Customers, state: State, rows: Ints, needs: Needs, week: Week, sink: EventSink
) -> Deliveries:
    """Decide which deliveries of the week come, are skipped, or end with the subscription."""
    shape = needs.line.shape
    arrives, expected = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    held = np.flatnonzero(state.subscription[rows] != NO_SUBSCRIPTION)
    if not len(held):
        return Deliveries(arrives, expected, 7.0 * INTERVAL_WEEKS)
    who, category = rows[held], state.subscription[rows[held]]
    number, lost = customers.number[who], 1 - state.attachment[who]
    outgrown = (needs.line[held, category] == NO_LINE) | (state.left_day[who] < NEVER)
    asked = state.delivery_week[who] == week.number
    cancels = outgrown | (asked & (chance.uniform("subscription cancelled", number) < _CANCEL_DRIFTING * lost))
    full = state.supply[who, category] > _FULL_DAYS
    skip = _SKIP + _SKIP_FULL * full + _SKIP_DRIFTING * lost
    skips = asked & ~cancels & (chance.uniform("subscription skipped", number) < skip)
    comes = asked & ~cancels & ~skips
    arrives[held[comes], category[comes]] = True
    expected[held[~cancels & ~skips], category[~cancels & ~skips]] = True
    state.delivery_week[who[asked]] = week.number + INTERVAL_WEEKS
    state.subscription[who[cancels]] = NO_SUBSCRIPTION
    at = week.first_day * SECONDS_A_DAY + chance.between("subscription", number, 9 * 3600, SECONDS_A_DAY)
    base = _told(customers, who, category)
    sink.add("subscription_skipped", at, mask=skips, **base)
    sink.add("subscription_cancelled", at, mask=cancels, **base)
    return Deliveries(arrives, expected, 7.0 * INTERVAL_WEEKS)


def sign_up(
    chance: Chance,
    customers: Customers,
    state: State,
    rows: Ints,
    head: Columns,
    lines: Columns,
    week: Week,
    sink: EventSink,
) -> None:
    """Let some of the week's online orders (`purchases.Orders`) become subscriptions."""
    regular = np.isin(lines["category"], np.flatnonzero(_OFFERED))
    order, first = np.unique(lines["order"][regular], return_index=True)
    category = lines["category"][regular][first]
    who = rows[head["row"][order]]
    number = customers.number[who]
    able = (head["channel"][order] != STORE) & ~head["is_first"][order] & (state.subscription[who] == NO_SUBSCRIPTION)
    able &= (state.cause[who] < 0) & (chance.uniform("subscribes", number) < _SIGN_UP)
    state.subscription[who[able]] = category[able]
    state.delivery_week[who[able]] = week.number + INTERVAL_WEEKS
    sink.add("subscription_started", head["at"][order] + 200, mask=able, **_told(customers, who, category))


def price_off(deliveries: Deliveries, row: Ints, category: Ints) -> Floats:
    """Return what order lines save because they come by subscription."""
    consumable = category < deliveries.arrives.shape[1]
    by_subscription = deliveries.arrives[row, np.where(consumable, category, 0)] & consumable
    return np.where(by_subscription, PRICE_OFF, 0.0)


def _told(customers: Customers, who: Ints, category: Ints) -> dict[str, Column]:
    """Return the columns that events about subscriptions share; whoever buys in stores subscribes in the app."""
    own = customers.channel[who]
    return {"customer": customers.number[who], "channel": np.where(own == STORE, APP, own), "category": category}
