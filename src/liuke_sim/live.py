"""The shop's behaviour as live traffic: what the files of a period hold, message by message, in the order of arrival.

The messages have the form of the Segment HTTP API (``track`` and ``identify``), so that a collector which speaks it can
be fed from here. Douyin's customers have no member number there: they come with an `anonymousId`, the platform's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from liuke_sim import people
from liuke_sim.assortment import CATEGORIES, product_keys
from liuke_sim.columns import Columns, length, sort, stack, take
from liuke_sim.customers import DOUYIN
from liuke_sim.events import CODE, EVENTS, NONE
from liuke_sim.files import Batch, profile_tables
from liuke_sim.files.behaviour import EVENT_CHANNELS, properties_of
from liuke_sim.files.feedback import FEEDBACK_EVENTS, is_unknown, note_meanings
from liuke_sim.shop import Shop

Message = dict[str, Any]
Arrival = tuple[datetime, Message]

UTC_OFFSET = timedelta(hours=8)
"""The shop's clocks stand at Asia/Shanghai, which knows no summer time."""
SLICE = 5_000
"""Messages made at a time."""
_IDENTIFY_AFTER = timedelta(seconds=30)


def live(shop: Shop, start: date, end: date) -> Iterator[Arrival]:
    """Live through a period and yield what arrives in it.

    Holds a week of the shop's events at a time, as arrays, and `SLICE` messages. What was not read has not happened:
    read to the end before the shop is asked for anything else.

    Parameters
    ----------
    shop : Shop
        Stands at `start`.
    start, end : date
        Half-open; `end` is an edge of the file grid.

    Yields
    ------
    tuple of datetime and dict
        Arrival (aware, UTC; never decreasing) and the message. `messageId` is the number under which the files hold the
        event. `timestamp` is when it happened: late messages have an old one.

    Raises
    ------
    ValueError
        `start` is not today, or `end` is no edge of the file grid.

    Examples
    --------
    >>> from liuke_sim.config import TINY
    >>> shop = Shop.generate(TINY, seed=7)
    >>> arrivals = live(shop, TINY.start, TINY.batches[0][1])
    >>> arrived_at, message = next(arrivals)
    >>> message["type"] in ("track", "identify")
    True
    """
    if start != shop.today:
        raise ValueError(f"the shop stands at {shop.today}: live traffic cannot begin on {start}")
    for week in shop.weeks(end):
        yield from _merged(_tracks(week, shop), _identifies(week))


def _merged(one: Iterator[Arrival], other: Iterator[Arrival]) -> Iterator[Arrival]:
    """Merge two streams that are each in order; `one` first where moments are equal."""
    left, right = next(one, None), next(other, None)
    while left or right:
        if right is None or (left is not None and left[0] <= right[0]):
            if left:
                yield left
            left = next(one, None)
        else:
            yield right
            right = next(other, None)


def _tracks(week: list[Batch], shop: Shop) -> Iterator[Arrival]:
    for batch in week:
        if length(batch.events):
            note_meanings(batch)
    events = sort(stack(batch.events for batch in week), "recorded", "event_id")
    unknown = week[0].config.dirt.broken_identities
    for first in range(0, length(events), SLICE):
        part = take(events, np.arange(first, min(first + SLICE, length(events))))
        yield from _messages(part, shop, unknown)


def _messages(events: Columns, shop: Shop, unknown_share: float) -> Iterator[Arrival]:
    """Turn events into messages."""
    zero = datetime(shop.config.start.year, shop.config.start.month, shop.config.start.day, tzinfo=UTC) - UTC_OFFSET
    hidden = is_unknown(events, shop.seed, unknown_share) & np.isin(events["event"], FEEDBACK_EVENTS)
    on_douyin = events["channel"] == DOUYIN
    resolved = events["event"] == CODE["complaint_resolved"]
    spoken = properties_of(events | {"detail": np.where(resolved, NONE, events["detail"])}, shop.seed)
    keys = product_keys()
    members = people.member_numbers(events["customer"]).tolist()
    platform = people.douyin_ids(events["customer"])
    columns = (events[name].tolist() for name in _COLUMNS)
    rows = zip(*columns, on_douyin.tolist(), hidden.tolist(), members, platform, spoken, strict=True)
    for number, event, at, recorded, channel, session, product, category, value, douyin, hide, member, dy, more in rows:
        properties: Message = {"channel": EVENT_CHANNELS[channel]}
        if session != NONE:
            properties["session_id"] = str(session)
        if product != NONE:
            properties["product_key"] = keys[product]
        if category != NONE:
            properties["category"] = CATEGORIES[category]
        if value == value:  # not NaN
            properties["value"] = value
        if more:
            properties |= json.loads(more)
        arrived = zero + timedelta(seconds=recorded)
        yield (
            arrived,
            {
                "type": "track",
                "messageId": str(number),
                **_person(douyin, hide, member, dy, number),
                "event": EVENTS[event],
                "properties": properties,
                "timestamp": _iso(zero + timedelta(seconds=at)),
                "sentAt": _iso(arrived),
            },
        )


_COLUMNS = ("event_id", "event", "at", "recorded", "channel", "session", "product", "category", "value")


def _person(on_douyin: bool, is_anonymous: bool, member: int, platform: str, number: int) -> Message:
    if on_douyin:
        return {"anonymousId": f"douyin:{platform}"}
    return {"anonymousId": f"visitor:{number}"} if is_anonymous else {"userId": str(member)}


def _identifies(week: list[Batch]) -> Iterator[Arrival]:
    """Yield the profiles that were new or changed in the week; the first week brings those the shop already had."""
    rows = [row for batch in week for row in profile_tables(batch)["profiles"].to_pylist()]
    start = min(batch.moments(np.array([batch.first_day * 86_400]))[0].as_py() for batch in week)
    rows.sort(key=lambda row: (max(row["updated_at"], start), row["member_no"]))
    for row in rows:
        changed = row.pop("updated_at")
        member = str(row.pop("member_no"))
        happened = changed.replace(tzinfo=UTC) - UTC_OFFSET
        arrived = max(changed, start).replace(tzinfo=UTC) - UTC_OFFSET + _IDENTIFY_AFTER
        traits = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
        yield (
            arrived,
            {
                "type": "identify",
                "messageId": f"profile-{member}-{changed:%Y%m%d%H%M%S}",
                "userId": member,
                "traits": {name: value for name, value in traits.items() if value is not None},
                "timestamp": _iso(happened),
                "sentAt": _iso(arrived),
            },
        )


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
