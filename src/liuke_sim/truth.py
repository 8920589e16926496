"""What only the simulator knows: who was drifting, since when, why, and who had merely outgrown the shop.

The product never reads these files; tests and demonstrations compare its answers with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from liuke_sim.branches import Branch, Lives
from liuke_sim.columns import Bools, Ints, stack
from liuke_sim.contacts import ContactBook
from liuke_sim.customers import CHANNELS, GOOD_PHONE, NEVER
from liuke_sim.families import KINDS, NO_CHILD
from liuke_sim.leaving import CAUSES, OUTCOMES
from liuke_sim.life import Chunk
from liuke_sim.people import member_numbers, second_member_numbers
from liuke_sim.regions import REGIONS
from liuke_sim.response import RESPONSES


def customer_truth(chunk: Chunk, start: date) -> pa.Table:
    """Return one row per customer of a chunk, as things stand now."""
    customers, state = chunk.customers, chunk.state
    caused = state.cause >= 0
    second = pa.array(second_member_numbers(customers.number), mask=~customers.has_second_profile)
    return pa.table(
        {
            "member_no": member_numbers(customers.number),
            "second_member_no": second,
            "family": np.array(KINDS)[customers.families.kind],
            "n_children": (customers.families.birth_day < NO_CHILD).sum(axis=1),
            "channel": np.array(CHANNELS)[customers.channel],
            "city": np.array([region.city for region in REGIONS])[customers.region],
            "is_visitor": customers.is_visitor,
            "is_reachable": customers.phone_kind == GOOD_PHONE,
            "shares_phone": customers.shares_phone,
            "price_sensitivity": customers.price_sensitivity,
            "wallet": customers.wallet,
            "orders": state.orders,
            "attachment": state.attachment,
            "cause": pa.array(np.array(CAUSES)[np.maximum(state.cause, 0)], mask=~caused),
            "drift_started_on": _dates(state.drift_day, caused, start),
            "left_on": _dates(state.left_day, state.left_day < NEVER, start),
            "graduated_on": _dates(state.graduated_day, state.graduated_day < NEVER, start),
        }
    )


def drift_truth(chunk: Chunk, start: date) -> pa.Table:
    """Return one row per drift that has ended, in the order of their ends."""
    rows = stack(chunk.drifts.parts)
    if not rows:
        return pa.table({name: pa.array([], kind) for name, kind in _DRIFTS.items()})
    all_of_them = np.ones(len(rows["number"]), dtype=bool)
    return pa.table(
        {
            "member_no": member_numbers(rows["number"]),
            "cause": np.array(CAUSES)[rows["cause"]],
            "drift_started_on": _dates(rows["drift_day"], all_of_them, start),
            "ended_on": _dates(rows["end_day"], all_of_them, start),
            "outcome": np.array(OUTCOMES)[rows["outcome"]],
        },
        schema=pa.schema(_DRIFTS.items()),
    )


def contact_truth(chunks: Iterable[Lives], book: ContactBook) -> pa.Table:
    """Return one row per contact of a day that was lived: what was sent, and how it was answered."""
    told = stack([answers for lives in chunks for answers in lives.answers])
    places = told.get("place", np.zeros(0, dtype=np.int64))
    order = np.argsort(places)
    sent = book.rows(places[order])
    answered = {name: pa.array(told[name][order]) if told else pa.array([], pa.bool_()) for name in _ANSWERED}
    response = np.array(RESPONSES)[told["response"][order]] if told else pa.array([], pa.string())
    table = sent.append_column("member_no", pa.array(member_numbers(sent["customer"].to_numpy()), pa.int64()))
    for name, column in answered.items():
        table = table.append_column(name, column)
    return table.append_column("response", pa.array(response, pa.string()))


def outcome_truth(chunks: Iterable[Lives], book: ContactBook, start: date) -> pa.Table:
    """Return the potential outcomes of every touched customer: as things went, and as they would have gone.

    One row per customer and world: `without` names the campaign that the other world lacks, null for all contacts.
    Outcomes count from `since`, the first day of the week in which the first of these contacts came, to today.
    """
    tables = [
        _outcomes(lives, branch, book.campaigns[key] if key is not None else None, start)
        for lives in chunks
        for key, branch in lives.branches.items()
    ]
    empty = pa.table({name: pa.array([], kind) for name, kind in _OUTCOMES.items()})
    return pa.concat_tables([empty, *tables]).sort_by([("customer", "ascending"), ("without", "ascending")])


def _outcomes(lives: Lives, branch: Branch, without: str | None, start: date) -> pa.Table:
    if branch.lives is None:
        return pa.table({name: pa.array([], kind) for name, kind in _OUTCOMES.items()})
    number, actual = branch.lives.customers.number, lives.actual()
    columns: dict[str, object] = {
        "customer": number,
        "member_no": member_numbers(number),
        "without": pa.array([without] * len(number), pa.string()),
        "since": _dates(branch.joined_week * 7, np.ones(len(number), dtype=bool), start),
    }
    for suffix, purchases in (("", actual), ("_without", branch.world(actual))):
        place = np.minimum(np.searchsorted(number, purchases["customer"]), len(number) - 1) if purchases else _NOBODY
        here = (number[place] == purchases["customer"]) if purchases else _NOBODY.astype(bool)
        here = here & (purchases["week"] >= branch.joined_week[place]) if purchases else here
        columns["orders" + suffix] = np.bincount(place[here], minlength=len(number))
        margin = np.bincount(place[here], purchases["margin"][here] if purchases else None, len(number))
        columns["margin_minor" + suffix] = margin.astype(np.int64)
    there = branch.lives.state.left_day
    here_left = lives.chunk.state.left_day[np.searchsorted(lives.chunk.customers.number, number)]
    columns["left_on"] = _dates(here_left, here_left < NEVER, start)
    columns["left_on_without"] = _dates(there, there < NEVER, start)
    return pa.table(columns).select(list(_OUTCOMES)).cast(pa.schema(_OUTCOMES.items()))


_NOBODY: Ints = np.zeros(0, dtype=np.int64)
_ANSWERED = ("is_delivered", "is_seen", "is_clicked", "takes_coupon", "unsubscribes")
_OUTCOMES = {
    "customer": pa.int64(),
    "member_no": pa.int64(),
    "without": pa.string(),
    "since": pa.date32(),
    "orders": pa.int64(),
    "orders_without": pa.int64(),
    "margin_minor": pa.int64(),
    "margin_minor_without": pa.int64(),
    "left_on": pa.date32(),
    "left_on_without": pa.date32(),
}
_DRIFTS = {
    "member_no": pa.int64(),
    "cause": pa.string(),
    "drift_started_on": pa.date32(),
    "ended_on": pa.date32(),
    "outcome": pa.string(),
}


def _dates(day: Ints, valid: Bools, start: date) -> pa.Array:
    days = pa.array(np.datetime64(start, "D") + np.where(valid, day, 0).astype("timedelta64[D]"))
    return pyarrow.compute.if_else(pa.array(valid), days, pa.scalar(None, days.type))
