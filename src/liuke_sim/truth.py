"""What only the simulator knows: who was drifting, since when, why, and who had merely outgrown the shop.

The product never reads these files; tests and demonstrations compare its answers with them.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from liuke_sim.columns import Bools, Ints, stack
from liuke_sim.customers import CHANNELS, GOOD_PHONE, NEVER
from liuke_sim.families import KINDS, NO_CHILD
from liuke_sim.leaving import CAUSES, OUTCOMES
from liuke_sim.life import Chunk
from liuke_sim.people import member_numbers, second_member_numbers
from liuke_sim.regions import REGIONS


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
