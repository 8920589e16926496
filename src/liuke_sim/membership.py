"""Tiers, points and mailings: what the shop itself does to its customers."""

from __future__ import annotations

import numpy as np

from liuke_sim.columns import SECONDS_A_DAY, Column, Columns, Ints
from liuke_sim.customers import APP, Customers, State
from liuke_sim.events import EventSink
from liuke_sim.season import Week
from liuke_sim.streams import Chance

TIER_FROM_MINOR = np.array([90_000, 240_000, 600_000])
"""Recent spending (fen) from which a customer is silver, gold, diamond."""
SPEND_HALVES_WEEKS = 20
MAILING_EVERY_WEEKS = 4
MESSAGES = 4
"""Channel number of text messages; follows `customers.CHANNELS`."""


def reward(customers: Customers, state: State, rows: Ints, head: Columns, sink: EventSink) -> Columns:
    """Count spending, raise tiers and give points.

    Returns
    -------
    Columns
        `row` (position in the chunk), `at` and `tier` where a tier changed; a tier is kept once reached.
    """
    who, net, at = rows[head["row"]], head["net"], head["at"]
    state.spend_minor *= 0.5 ** (1 / SPEND_HALVES_WEEKS)
    state.spend_minor[who] += net
    earned = np.searchsorted(TIER_FROM_MINOR, state.spend_minor[who], side="right")
    rises = earned > state.tier[who]
    joins = rises & (state.tier[who] == 0)
    state.tier[who] = np.maximum(state.tier[who], earned)
    state.member_day[who] = np.where(joins, at // SECONDS_A_DAY, state.member_day[who])
    base = {"customer": head["customer"], "channel": head["channel"]}
    sink.add("membership_activated", at + 300, mask=joins, **base)
    sink.add("points_earned", at + 400, mask=state.tier[who] > 0, value=np.floor(net / 100), **base)
    return {"row": who[rises], "at": at[rises] + 300, "tier": earned[rises]}


def mail_everybody(chance: Chance, customers: Customers, state: State, week: Week, sink: EventSink) -> Columns:
    """Send the blanket mailing that the shop sends every four weeks to half of those who accept messages.

    Returns
    -------
    Columns
        `row`, `at` and `tier` of the customers who unsubscribed. A blanket mailing brings nobody to the shop; it wears
        customers out for what comes after it.
    """
    if week.number % MAILING_EVERY_WEEKS != 1:
        return {}
    half = week.number // MAILING_EVERY_WEEKS % 2
    day = week.first_day + 3
    known = (customers.registered_day < week.first_day) & (state.unsubscribed_day > day)
    rows = np.flatnonzero(state.takes_messages & known & (customers.number % 2 == half))
    number = customers.number[rows]
    at = day * SECONDS_A_DAY + 19 * 3600 + chance.between("mailing", number, 0, 3600)
    base: dict[str, Column] = {"customer": number, "channel": np.full(len(rows), MESSAGES, dtype=np.int64)}
    delivered = chance.uniform("mailing delivered", number) < 0.96
    interest = np.where(customers.is_visitor[rows], state.attachment[rows], 0.1)
    opened = delivered & (chance.uniform("mailing opened", number) < 0.16 * interest)
    clicked = opened & (chance.uniform("mailing clicked", number) < 0.30)
    leaves = delivered & (chance.uniform("mailing unsubscribed", number) < 0.004 * (2 - interest))
    sink.add("message_delivered", at, mask=delivered, **base)
    sink.add("message_opened", at + 900, mask=opened, **base)
    sink.add("message_clicked", at + 960, mask=clicked, **base)
    sink.add("unsubscribed", at + 1800, mask=leaves, **base)
    state.contacts[rows[delivered], 0] += 1
    state.unsubscribed_day[rows[leaves]] = at[leaves] // SECONDS_A_DAY
    return {"row": rows[leaves], "at": at[leaves] + 1800, "tier": state.tier[rows[leaves]]}


def remove_apps(chance: Chance, customers: Customers, state: State, week: Week, sink: EventSink) -> None:
    """Let some of those who left this week remove the app."""
    rows = np.flatnonzero((state.left_day == week.first_day) & state.has_app)
    number = customers.number[rows]
    gone = chance.uniform("app removed", number) < 0.35
    at = week.first_day * SECONDS_A_DAY + chance.between("app removed at", number, 0, 7 * SECONDS_A_DAY)
    channel = np.full(len(rows), APP, dtype=np.int64)
    sink.add("app_removed", at, mask=gone, customer=number, channel=channel)
    state.has_app[rows[gone]] = False
