"""What happens to an order: paid or not, shipped, delivered (sometimes late), reviewed, complained about, sent back."""

from __future__ import annotations

import numpy as np

from liuke_sim.assortment import CATEGORIES
from liuke_sim.columns import SECONDS_A_DAY, Bools, Columns, Floats, Ints, stack
from liuke_sim.config import PurchaseConfig
from liuke_sim.customers import STORE, Customers, State
from liuke_sim.events import ABOUT_CAUSE, EventSink
from liuke_sim.leaving import AUTHENTICITY, DELIVERY, MISMATCH, SERVICE
from liuke_sim.purchases import Orders
from liuke_sim.regions import DELIVERY_DAYS, LATE_SHARES
from liuke_sim.season import Week
from liuke_sim.streams import Chance

FACTS = ("deposit", "paid", "cancelled", "refunded", "returned")
DEPOSIT, PAID, CANCELLED, REFUNDED, RETURNED = range(len(FACTS))

_COMPLAINT_TOPICS = np.array([DELIVERY, SERVICE, MISMATCH, AUTHENTICITY])
_COMPLAINT_WEIGHTS = np.array([0.12, 0.34, 0.36, 0.18])
"""Topics of complaints about parcels that came in time; late ones complain about delivery."""
_SENT_BACK_OFTEN = (CATEGORIES.index("clothes"), CATEGORIES.index("gear"))


def fulfil(
    chance: Chance,
    customers: Customers,
    state: State,
    rows: Ints,
    orders: Orders,
    week: Week,
    config: PurchaseConfig,
    sink: EventSink,
) -> Columns:
    """Follow the week's orders to their end.

    Returns
    -------
    Columns
        The dated facts about them: `customer`, `order_no`, `channel`, `fact`, `amount` (fen), `at`. Store orders have
        only returns: a till takes the money at once.
    """
    head = orders.head
    n = len(head["row"])
    who = rows[head["row"]]
    number = head["customer"]

    def happens(purpose: str, share: Floats | float) -> Bools:
        return np.asarray(chance.uniform(purpose, number) < share)

    at_store = head["channel"] == STORE
    unpaid = ~at_store & happens("unpaid", config.cancelled_share)
    paid_at = head["at"] + chance.between("paid", number, 40, 600)
    shipped_at = paid_at + chance.between("shipped", number, 4 * 3600, 30 * 3600)
    region = customers.region[who]
    hurry = 1 + 1.5 * week.stockpile.mean()
    late = ~at_store & ~unpaid & happens("late", LATE_SHARES[region] * hurry)
    days = DELIVERY_DAYS[region] * chance.erlang("way", number, 4) + late * (2 + 3 * chance.uniform("delay", number))
    delivered_at = shipped_at + (days * SECONDS_A_DAY).astype(np.int64)
    done_at = np.where(at_store, head["at"], delivered_at)
    fussy = np.bincount(orders.lines["order"], np.isin(orders.lines["category"], _SENT_BACK_OFTEN).astype(float), n) > 0
    returned = ~unpaid & happens("returned", config.returned_share * np.where(fussy, 2.2, 0.7))
    refunded = ~at_store & ~unpaid & ~returned & happens("refunded", config.refunded_share * (1 + 3 * late))
    complains = ~unpaid & happens("complains", 0.020 + 0.07 * late + 0.10 * returned)
    back_at = done_at + chance.between("back day", number, 1, 8) * SECONDS_A_DAY
    back_at += chance.between("back second", number, 0, 30_000)
    facts = _facts(chance, orders, week, at_store, unpaid, paid_at, returned, refunded, back_at)
    _remember(state, who, unpaid, late, complains, returned, head["is_first"])
    _tell(chance, head, at_store, unpaid, late, paid_at, shipped_at, delivered_at, returned, refunded, back_at, sink)
    _complain(chance, head, done_at, late, returned, complains, sink)
    return facts


def _facts(
    chance: Chance,
    orders: Orders,
    week: Week,
    at_store: Bools,
    unpaid: Bools,
    paid_at: Ints,
    returned: Bools,
    refunded: Bools,
    back_at: Ints,
) -> Columns:
    head = orders.head
    n = len(unpaid)
    number = head["customer"]
    presale = ~at_store & ~unpaid & week.is_presale & (chance.uniform("deposit", number) < 0.12)
    early = head["at"] - chance.between("deposit day", number, 3, 11) * SECONDS_A_DAY
    partly = np.where(chance.uniform("partly", number) < 0.4, 0.5, 1.0)
    net = head["net"]

    def fact(kind: int, mask: Bools, at: Ints, amount: Ints) -> Columns:
        return {
            "customer": head["customer"][mask],
            "order_no": head["order_no"][mask],
            "channel": head["channel"][mask],
            "fact": np.full(int(mask.sum()), kind, dtype=np.int64),
            "amount": amount[mask],
            "at": at[mask],
        }

    back = np.round(net * np.where(refunded, partly, 1.0)).astype(np.int64)
    return stack(
        [
            fact(DEPOSIT, presale, np.maximum(early, 0), np.round(net * 0.1).astype(np.int64)),
            fact(PAID, ~at_store & ~unpaid, paid_at, net),
            fact(CANCELLED, unpaid, head["at"] + 1800, np.zeros(n, dtype=np.int64)),
            fact(RETURNED, returned, back_at, back),
            fact(REFUNDED, ~at_store & (returned | refunded), back_at + 3600, back),
        ]
    )


def _remember(
    state: State, who: Ints, unpaid: Bools, late: Bools, complains: Bools, returned: Bools, is_first: Bools
) -> None:
    """Leave what was lived through where next week's hazards find it."""
    for name in ("met_first_order", "met_late_parcel", "met_complaint", "met_return"):
        getattr(state, name)[:] = False
    state.met_first_order[who] = is_first & ~unpaid
    state.met_late_parcel[who] = late
    state.met_complaint[who] = complains
    state.met_return[who] = returned


def _tell(
    chance: Chance,
    head: Columns,
    at_store: Bools,
    unpaid: Bools,
    late: Bools,
    paid_at: Ints,
    shipped_at: Ints,
    delivered_at: Ints,
    returned: Bools,
    refunded: Bools,
    back_at: Ints,
    sink: EventSink,
) -> None:
    """Add the events of an order's way."""
    online = ~at_store & ~unpaid
    number = head["customer"]
    value: Floats = head["net"] / 100
    base = {"customer": head["customer"], "channel": head["channel"]}
    sink.add("checkout_begin", head["at"] - 60, mask=~at_store, **base)
    sink.add("coupon_used", head["at"], mask=online & head["coupon"], **base)
    sink.add("order_paid", paid_at, mask=online, value=value, **base)
    sink.add("order_cancelled", head["at"] + 1800, mask=unpaid, **base)
    sink.add("shipped", shipped_at, mask=online, **base)
    sink.add("delivered", delivered_at, mask=online, **base)
    sink.add("delivery_late", delivered_at - 3600, mask=late, **base)
    sink.add("refund", back_at + 3600, mask=~at_store & (returned | refunded), value=value, **base)
    sink.add("return", back_at, mask=returned & ~at_store, **base)
    stars = np.where(
        late | returned,
        chance.between("few stars", number, 1, 4),
        3 + chance.choose("stars", number, np.array([1.0, 2.0, 6.0])),
    )
    reviewed = online & (chance.uniform("reviewed", number) < 0.11)
    sink.add("review", delivered_at + 2 * SECONDS_A_DAY, mask=reviewed, value=stars.astype(np.float64), **base)


def _complain(
    chance: Chance,
    head: Columns,
    done_at: Ints,
    late: Bools,
    returned: Bools,
    complains: Bools,
    sink: EventSink,
) -> None:
    """Open complaints, and close seven in ten of them within ten days."""
    number = head["customer"]
    topic = _COMPLAINT_TOPICS[chance.choose("topic", number, _COMPLAINT_WEIGHTS)]
    about_delivery = late & (chance.uniform("about delivery", number) < 0.8)
    topic = np.where(about_delivery, DELIVERY, np.where(returned, MISMATCH, topic))
    base = {"customer": number, "channel": head["channel"], "detail": ABOUT_CAUSE + topic}
    opened_at = done_at + chance.between("complaint", number, 1800, 2 * SECONDS_A_DAY)
    sink.add("complaint_opened", opened_at, mask=complains, **base)
    resolved = complains & (chance.uniform("resolved", number) < 0.7)
    closed_at = opened_at + chance.between("resolved day", number, 1, 10) * SECONDS_A_DAY
    sink.add("complaint_resolved", closed_at, mask=resolved, **base)
