"""A week's behaviour, collected in columns.

The names are those of the product's catalogue of behaviours; `DETAILS` are the few properties an event may carry.
"""

from __future__ import annotations

import json

import numpy as np

from liuke_sim.columns import Bools, Columns, Floats, Ints, stack
from liuke_sim.leaving import CAUSES

EVENTS = (
    "register",
    "login",
    "app_open",
    "page_view",
    "category_view",
    "product_view",
    "search",
    "favourite",
    "share",
    "cart_add",
    "cart_remove",
    "checkout_begin",
    "coupon_claimed",
    "coupon_used",
    "order_paid",
    "order_cancelled",
    "shipped",
    "delivered",
    "delivery_late",
    "review",
    "refund",
    "return",
    "complaint_opened",
    "complaint_resolved",
    "service_chat",
    "membership_activated",
    "benefit_used",
    "points_earned",
    "points_redeemed",
    "community_post",
    "article_read",
    "livestream_watched",
    "message_delivered",
    "message_opened",
    "message_clicked",
    "unsubscribed",
    "app_removed",
    "survey_answered",
    "subscription_started",
    "subscription_skipped",
    "subscription_cancelled",
)
CODE = {event: code for code, event in enumerate(EVENTS)}

DETAILS = (
    json.dumps({"keyword": "优惠"}, ensure_ascii=False),
    json.dumps({"keyword": "推荐"}, ensure_ascii=False),
    json.dumps({"topic": "order"}),
    *(json.dumps({"topic": topic}) for topic in CAUSES),
)
"""Properties as JSON text by number."""
ABOUT_BARGAINS, ABOUT_ADVICE, ABOUT_ORDER, ABOUT_CAUSE = range(4)
"""Numbers in `DETAILS`; `ABOUT_CAUSE` + cause is the topic of a chat or complaint."""

NONE = -1


class EventSink:
    """Collects one week's events of one chunk."""

    def __init__(self) -> None:
        self._parts: list[Columns] = []

    def new_sessions(self, number: Ints, at: Ints) -> Ints:
        """Name sessions: unique by customer and second."""
        return number * 10**9 + at % 10**9

    def add(
        self,
        event: str,
        at: Ints,
        *,
        customer: Ints,
        channel: Ints,
        mask: Bools | None = None,
        session: Ints | None = None,
        product: Ints | None = None,
        category: Ints | None = None,
        value: Floats | None = None,
        detail: Ints | None = None,
    ) -> None:
        """Add one `event` per row of `at` (seconds from the shop's start) where `mask` holds."""
        keep = np.flatnonzero(mask) if mask is not None else np.arange(len(at))
        if not len(keep):
            return

        def column(values: Ints | None, fallback: int) -> Ints:
            return np.full(len(keep), fallback, dtype=np.int64) if values is None else values[keep].astype(np.int64)

        self._parts.append(
            {
                "customer": customer[keep],
                "event": np.full(len(keep), CODE[event], dtype=np.int64),
                "at": at[keep],
                "channel": channel[keep],
                "session": column(session, NONE),
                "product": column(product, NONE),
                "category": column(category, NONE),
                "value": np.full(len(keep), np.nan) if value is None else value[keep].astype(np.float64),
                "detail": column(detail, NONE),
            }
        )

    def rows(self) -> Columns:
        """Return the events as columns."""
        return stack(self._parts)


class DeafSink(EventSink):
    """Keeps nothing: for lives that are lived again only for what they buy."""

    def add(self, event: str, at: Ints, **_: object) -> None:
        """Pass over the events."""
