"""A slow second opinion: every key figure, some tags and a strategy's effect, in plain Python over the lake's rows.

Written from the definitions (the formulas of the page of key figures, the words of the glossary), not from the
product's SQL; nothing of the rooms that compute them is imported. What is left of an order's money when some went back
says `books.nets`, as slowly.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from books import nets

Row = dict[str, Any]
Period = tuple[dt.date, dt.date]  # first day, first day after
Part = tuple[Any, Any]  # numerator, denominator (None for a plain number)
DAY = dt.timedelta(days=1)
SHARED_KINDS = {"phone", "email", "device", "address"}
MOST_SHARED = 4  # more records than that share a counter's phone, not a family's
USES = ("membership_activated", "benefit_used")
QUARTERLY = ("churn_rate", "repurchase_rate", "buy_back_rate")


@dataclass(frozen=True)
class Order:
    """One order that counts."""

    customer: int
    order: int
    day: dt.date
    net: int | None  # unknown where neither the payment nor a line has an amount
    margin: int | None


@dataclass
class ByHand:
    """What the shop knew at 00:00 of a day."""

    as_of: dt.date
    orders: list[Order]
    days_active: dict[int, set[dt.date]]
    registered: dict[int, dt.date]
    joined: dict[int, dt.date]
    tiers: dict[int, str]
    used: dict[int, dt.date]
    customers: set[int]
    dated: dict[str, list[dt.date]]  # the days of the record, by what it tells of

    def days_bought(self) -> dict[int, set[dt.date]]:
        found: dict[int, set[dt.date]] = defaultdict(set)
        for one in self.orders:
            found[one.customer].add(one.day)
        return found


def gross_of(facts: list[Row], lines: list[Row]) -> int | None:
    """Return what was paid for an order in minor units, else what its lines say; None where neither is known."""
    for known in (
        [one["amount_minor"] for one in facts if one["fact"] == "paid" and one["amount_minor"] is not None],
        [one["net_minor"] for one in lines if one["net_minor"] is not None],
    ):
        if known:
            return sum(known)
    return None


def margin_of(net: int | None, lines: list[Row], rate: Decimal, unit_cost: Callable[[Row], int | None]) -> int | None:
    """Return the margin of what is left of an order: of its lines in proportion, else a share; None: unknown."""
    if net is None:
        return None
    priced = [one for one in lines if one["net_minor"] is not None]
    booked = sum(one["net_minor"] for one in priced)
    if booked <= 0:
        return _round(float(net) * float(rate))
    earned = [one["net_minor"] - _or(unit_cost(one), one["net_minor"] * (1 - rate)) for one in priced]
    return _round(float(sum(map(Decimal, earned))) * (float(net) / float(booked)))


def _or(value: int | None, other: Decimal) -> int | Decimal:
    return other if value is None else value


def _round(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def read(
    tables: Mapping[str, list[Row]], as_of: dt.date, midnight: dt.datetime, rate: Decimal, started: Iterable[str]
) -> ByHand:
    """Read the lake's rows: what had happened before the day and was recorded by its midnight (UTC)."""
    begun = set(started)

    def seen(name: str) -> list[Row]:
        return [
            row for row in tables[name]
            if row["recorded_at"] <= midnight and ("occurred_on" not in row or row["occurred_on"] < as_of)
        ]  # fmt: skip

    owner = _joined_identities(seen("identities"))

    def customer(row: Row) -> int:
        return owner.get(row["identity_id"], row["identity_id"])

    facts = [row | {"customer_id": customer(row)} for row in seen("order_facts")]
    lines = _grouped(seen("order_items"), "order_id")
    priced = [row for row in _in_order(tables["products"]) if row["unit_cost"] is not None]
    costs = {row["product_id"]: row["unit_cost"] for row in priced}

    def unit_cost(line: Row) -> int | None:
        if line["cost_minor"] is not None:
            return int(line["cost_minor"])
        cost = costs.get(line["product_id"])
        return None if cost is None or line["quantity"] is None else _round(float(cost) * line["quantity"] * 100)

    active: dict[int, set[dt.date]] = defaultdict(set)
    everyone = {row["customer_id"] for row in facts}
    payments = _grouped([row for row in facts if row["fact"] == "paid"], "order_id")
    left = nets(facts, {order: gross_of(rows, lines.get(order, [])) for order, rows in payments.items()})
    orders = []
    for order, paid in payments.items():
        if "order_paid" in begun:  # ordering is an act, whatever becomes of the order
            for row in paid:
                active[row["customer_id"]].add(row["occurred_on"])
        if order in left:
            day, net = min(row["occurred_on"] for row in paid), left[order]
            margin = margin_of(net, lines.get(order, []), rate, unit_cost)
            orders.append(Order(min(row["customer_id"] for row in paid), order, day, net, margin))
    registered: dict[int, dt.date] = {}
    events: dict[int, dt.date] = {}
    used: dict[int, dt.date] = {}
    dated: dict[str, list[dt.date]] = defaultdict(list)
    for row in seen("events"):
        one, day = customer(row), row["occurred_on"]
        everyone.add(one)
        if row["event"] in begun:
            active[one].add(day)
            dated["events"].append(day)
        if row["event"] == "register":
            events[one] = min(day, events.get(one, day))
        if row["event"] in USES:
            dated["activations"].append(day)
            used[one] = min(day, used.get(one, day))
    joined: dict[int, dt.date] = {}
    tiers: dict[int, str] = {}
    for row in _in_order(seen("customers")):
        one = customer(row)
        everyone.add(one)
        for column, first in (("registered_on", registered), ("member_since_on", joined)):
            if row[column] is not None:  # what has begun isn't moved by a later record
                first[one] = min(row[column], first.get(one, row[column]))
        if row["member_tier"] is not None:
            tiers[one] = row["member_tier"]
    everyone |= {customer(row) for name in ("children", "touches") for row in seen(name)}
    registered = events | registered
    dated |= {"registrations": list(registered.values()), "members": list(joined.values())}
    dated["purchases"] = [one.day for one in orders]
    dated["amounts"] = dated["purchases"] if any(one.net for one in orders) else []
    return ByHand(as_of, orders, active, registered, joined, tiers, used, everyone, dated)


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["recorded_at"], row["load_id"], row["row_number"]))


def _grouped(rows: list[Row], key: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _joined_identities(links: list[Row]) -> dict[int, int]:
    """Return the customer of each joined identity: all who share an identifier, named by the record seen first.

    A phone, e-mail address, device or address that more than four records share joins nobody.
    """
    records: dict[int, set[int]] = defaultdict(set)
    for row in links:
        records[row["linked_identity_id"]].add(row["identity_id"])
    links = [
        row for row in links
        if row["namespace"] not in SHARED_KINDS or len(records[row["linked_identity_id"]]) <= MOST_SHARED
    ]  # fmt: skip
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    first: dict[int, tuple[dt.datetime, int]] = {}
    for row in links:
        here, there = root(row["identity_id"]), root(row["linked_identity_id"])
        parent[max(here, there)] = min(here, there)
        mark = (row["recorded_at"], row["identity_id"])
        first[row["identity_id"]] = min(mark, first.get(row["identity_id"], mark))
    groups: dict[int, list[tuple[dt.datetime, int]]] = defaultdict(list)
    for one, mark in first.items():
        groups[root(one)].append(mark)
    return {one: min(groups[root(one)])[1] for one in parent if groups[root(one)]}


def beginning(days: Iterable[dt.date]) -> dt.date | None:
    """Return where a record begins; at most a hundredth of its rows before a silence of 90 days doesn't say."""
    ordered = sorted(days)
    begins = ordered[:1]
    for place in range(1, len(ordered)):
        if (ordered[place] - ordered[place - 1]).days > 90 and place <= len(ordered) / 100:
            begins = [ordered[place]]
    return begins[0] if begins else None


def months_before(day: dt.date, months: int) -> dt.date:
    """Return the first day of the month so many months before that of a day."""
    day = day.replace(day=1)
    for _ in range(months):
        day = (day - DAY).replace(day=1)
    return day


def periods(shop: ByHand, metric: str, kept: int, window: int, second: int) -> list[Period]:
    """Return the periods of a key figure, newest first, that are over and that the record reaches back to."""
    months = 3 if metric in QUARTERLY else 1
    later = {"second_purchase_rate": second, "retention_1d": 1, "retention_7d": 7, "retention_30d": 30}.get(metric, 0)
    ends = [months_before(shop.as_of, months * number) for number in range(kept // months)]
    found = [(months_before(end, months), end) for end in ends if end + later * DAY <= shop.as_of]
    if metric in ("paid_member_share", "free_member_share"):  # of a tier only the last record is known
        found = found[:1]
    begins = [beginning(shop.dated[kind]) for kind in _told_by(metric)]
    return [one for one in found if all(day and day <= _needed(metric, one, months, window) for day in begins)]


def _told_by(metric: str) -> list[str]:
    if metric.startswith("retention"):
        return ["registrations", "events"]
    if metric in ("daily_active", "monthly_active", "stickiness"):
        return ["events"]
    if "member" in metric:
        return ["registrations", "members", *(["activations"] if metric == "activated_member_share" else [])]
    return ["purchases", *(["amounts"] if metric in ("revenue", "margin", "average_order_value") else [])]


def _needed(metric: str, period: Period, months: int, window: int) -> dt.date:
    """Return the day at which the record has to have begun."""
    start, stop = period
    if "member" in metric:
        return stop - DAY  # counted up to the end of the period
    if metric in ("churn_rate", "active_buyers"):
        return (start if metric == "churn_rate" else stop) - window * DAY
    return months_before(start, months) if metric in ("buy_back_rate", "returning_buyer_share", "new_buyers") else start


def figures(shop: ByHand, period: Period, before: Period, window: int, second: int) -> dict[str, Part]:
    """Return numerator and denominator of every key figure in a period; `before` is the period before it."""
    start, stop = period
    days, orders = shop.days_bought(), shop.orders

    def buyers(low: dt.date, high: dt.date) -> set[int]:
        return {one for one, own in days.items() if any(low <= day < high for day in own)}

    here = [one for one in orders if start <= one.day < stop]
    now, ever = buyers(start, stop), buyers(dt.date.min, stop)
    first = {one: min(own) for one, own in days.items()}
    newcomers = {one for one in now if start <= first[one]}
    base, last = buyers(start - window * DAY, start), buyers(*before)
    owned = _by_customer(orders)
    later = {one: sorted((order.day, order.order) for order in owned[one])[1:2] for one in newcomers}
    again = {one for one, found in later.items() if found and (found[0][0] - first[one]).days <= second}
    often = {one for one in now if len({day for day in days[one] if start <= day < stop}) >= 2}
    known = {one for one, day in shop.registered.items() if day < stop}
    members = {one for one in known if shop.joined.get(one, stop) < stop}
    outside = {one for one, day in shop.registered.items() if day < start and shop.joined.get(one, stop) >= start}
    arrived = {one for one, day in shop.registered.items() if start <= day < stop}
    met = sum(start <= day < stop for own in shop.days_active.values() for day in own)
    awake = sum(any(start <= day < stop for day in own) for own in shop.days_active.values())
    retained = {
        f"retention_{n}d": (sum(shop.registered[one] + n * DAY in shop.days_active.get(one, ()) for one in arrived),
                            len(arrived))
        for n in (1, 7, 30)
    }  # fmt: skip
    return {
        "churn_rate": (len(base - now), len(base)),
        "repurchase_rate": (len(often), len(now)),
        "monthly_repurchase_rate": (len(often), len(now)),
        "buy_back_rate": (len(last & now), len(last)),
        "second_purchase_rate": (len(again), len(newcomers)),
        "one_time_buyer_share": (sum(len({d for d in days[one] if d < stop}) == 1 for one in ever), len(ever)),
        "returning_buyer_share": (len(now - newcomers), len(now)),
        "active_buyers": (len(buyers(stop - window * DAY, stop)), None),
        "revenue": (_known_sum(one.net for one in here), None),
        "margin": (_known_sum(one.margin for one in here), None),
        "average_order_value": (_known_sum(one.net for one in here), sum(one.net is not None for one in here)),
        "buyers": (len(now), None),
        "new_buyers": (len(newcomers), None),
        "member_share": (len(members), len(known)),
        "activated_member_share": (sum(shop.used.get(one, stop) < stop for one in members), len(known)),
        "member_conversion": (sum(shop.joined.get(one, stop) < stop for one in outside), len(outside)),
        "daily_active": (met, (stop - start).days),
        "monthly_active": (awake, None),
        "stickiness": (met, awake * (stop - start).days),
        **retained,
    }


def _known_sum(amounts: Iterable[int | None]) -> int | None:
    """Return the sum of what is known; None where there is something, and nothing of it is known."""
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    return sum(known) if known or not found else None


def kinds_of_members(shop: ByHand, stop: dt.date, paid: set[str]) -> dict[str, Part]:
    """Return paid and free members of the newest month, by the tier that is known of them."""
    known = [one for one, day in shop.registered.items() if day < stop]
    members = [one for one in known if shop.joined.get(one, stop) < stop]
    paying = sum(shop.tiers.get(one) in paid for one in members)
    return {"paid_member_share": (paying, len(known)), "free_member_share": (len(members) - paying, len(known))}


def tags(shop: ByHand) -> dict[int, Row]:
    """Return some tags of every customer."""
    orders = _by_customer(shop.orders)
    found = {}
    for one in shop.customers:
        own, active = orders.get(one, []), {day for day in shop.days_active.get(one, ()) if day < shop.as_of}
        days = {order.day for order in own}
        recency = (shop.as_of - max(days)).days if days else None
        age = (shop.as_of - min(days)).days if days else None
        year = shop.as_of - 365 * DAY
        lately = len({day for day in active if day >= shop.as_of - 30 * DAY})
        here = (shop.as_of - shop.registered[one]).days if one in shop.registered else None
        since = (shop.as_of - max(active)).days if active else None
        found[one] = {
            "active_days_30d": lately,
            "activity": "high" if lately >= 9 else "medium" if lately >= 3 else "low" if lately else "none",
            "last_active_days": since,
            "recency_days": recency,
            "frequency_365d": len({day for day in days if day >= year}),
            "monetary_365d": _known_sum(order.net for order in own if order.day >= year),
            "lifetime_spend": _known_sum(order.net for order in own),
            "purchase_days": len(days),
            "customer_age_days": age,
            "lifecycle": _stage(recency, age, len(days)),
            "registered_days": here,
            "never_returned": here is not None and 2 <= here <= 30 and (since is None or since >= here),
            "member_days": (shop.as_of - shop.joined[one]).days if one in shop.joined else None,
            "one_time_buyer": len(days) == 1 and recency is not None and recency > 90,
        }
    return found


def _by_customer(orders: list[Order]) -> dict[int, list[Order]]:
    found: dict[int, list[Order]] = defaultdict(list)
    for one in orders:
        found[one.customer].append(one)
    return found


def _stage(recency: int | None, age: int | None, days: int) -> str:
    if recency is None or age is None:
        return "prospect"
    if recency > 90:
        return "lost" if recency > 180 else "dormant"
    if age <= 60 and days == 1:
        return "new"
    return "growing" if days < 4 else "mature"


def effect(shop: ByHand, entries: list[Row], horizon: int) -> dict[str, tuple[Fraction, Fraction]]:
    """Return mean repurchase and margin of treated and control: entries whose days are over, as they were drawn."""
    orders = _by_customer(shop.orders)
    found: dict[str, list[tuple[int, int]]] = {"treated": [], "control": []}
    for entry in entries:
        end = entry["entered_on"] + horizon * DAY
        if end <= shop.as_of:
            bought = [one for one in orders.get(entry["customer_id"], []) if entry["entered_on"] <= one.day < end]
            found[entry["arm"]].append((int(bool(bought)), sum(one.margin or 0 for one in bought)))

    def mean(arm: str, place: int) -> Fraction:
        return Fraction(sum(one[place] for one in found[arm]), len(found[arm]))

    return {
        metric: (mean("treated", place), mean("control", place))
        for place, metric in enumerate(("repurchase", "margin"))
    }
