"""What a shop knew at a moment, read slowly from its canonical rows: a reference of the views of `collect.history`."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from books import nets
from raw_shop import AS_OF, HIDDEN_LOAD, KNOWN_AT, SCORES, SHOP, RawShop, Row

from liuke.collect.history.views import CUSTOMER_ATTRIBUTES, FIRST_DAYS, PRODUCT_ATTRIBUTES
from liuke.kernel import midnight_utc

FLAGS = ("nulls", "ties", "midnight", "late arrival", "duplicates", "merges")


@dataclass
class Facts:
    """Rows by source, each with its `customer_id`; profiles by customer; which nasty cases each customer has where."""

    tables: dict[str, list[Row]]
    profiles: dict[int, Row]
    scores: list[Row]
    met: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def customers(self) -> list[int]:
        return sorted(self.profiles)


def read_facts(shop: RawShop, known_at: dt.datetime = KNOWN_AT) -> Facts:
    """Return what was known."""

    def recorded(row: Row) -> bool:
        return row["load_id"] != HIDDEN_LOAD and row["recorded_at"] <= known_at

    def happened(row: Row) -> bool:
        return recorded(row) and row["occurred_on"] < AS_OF

    customer = _identities([row for row in shop["identities"] if recorded(row)])

    def resolved(name: str, keep: Any) -> list[Row]:
        found = [row for row in shop[name] if keep(row)]
        return [row | {"customer_id": customer.get(row["identity_id"], row["identity_id"])} for row in found]

    products = {
        product: _latest(rows, PRODUCT_ATTRIBUTES)
        for product, rows in _by([r for r in shop["products"] if r["load_id"] != HIDDEN_LOAD], "product_id").items()
    }
    children = [
        {"customer_id": key[0], "child_no": key[1]}
        | _latest(rows, ["birth_month", "due_month", "gender", "guardian_consent"])
        for key, rows in _by(resolved("children", recorded), "customer_id", "child_no").items()
    ]
    facts, lines = resolved("order_facts", happened), resolved("order_items", happened)
    purchases = _purchases(facts, lines, [row for row in shop["orders"] if happened(row)])
    tables = {
        "children": children, "order_facts": facts, "purchases": purchases,
        "purchase_items": [_item(line, purchase, products) for purchase in purchases for line in lines
                           if line["order_id"] == purchase["order_id"]],
        "events": [_about(row, products) for row in resolved("events", happened)],
        "touches": resolved("touches", happened),
    }  # fmt: skip
    profiled = {
        c: _latest(rows, CUSTOMER_ATTRIBUTES) | _earliest(rows, FIRST_DAYS)
        for c, rows in _by(resolved("customers", recorded), "customer_id").items()
    }
    paid = [row | {"event": "order_paid"} for row in facts if row["fact"] == "paid"]
    tables["acts"] = [*tables["events"], *paid]
    for row in sorted(tables["events"], key=lambda row: row["occurred_on"]):
        if row["event"] == "register" and profiled.get(row["customer_id"], {}).get("registered_on") is None:
            profiled.setdefault(row["customer_id"], {})["registered_on"] = row["occurred_on"]
    everyone = {row["customer_id"] for name in ("children", "order_facts", "events", "touches") for row in tables[name]}
    found = Facts(tables, {c: profiled.get(c, {}) for c in everyone | set(profiled)}, shop[SCORES])
    _note(found, shop, customer, recorded, happened, known_at)
    return found


def _identities(links: list[Row]) -> dict[int, int]:
    """Return the customer of each linked identity: all who share an identifier, named by the first seen record."""
    groups: list[set[int]] = []
    for row in links:
        joined = {row["identity_id"], row["linked_identity_id"]}
        for group in [g for g in groups if g & joined]:
            groups.remove(group)
            joined |= group
        groups.append(joined)
    names = {}
    for group in groups:
        first = min((row["recorded_at"], row["identity_id"]) for row in links if row["identity_id"] in group)
        names |= dict.fromkeys(group, first[1])
    return names


def _by(rows: Iterable[Row], *keys: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys)].append(row)
    return found


def _latest(rows: list[Row], columns: Iterable[str]) -> Row:
    ordered = sorted(rows, key=lambda row: (row["recorded_at"], row["load_id"], row["row_number"]))
    return {c: next((row[c] for row in reversed(ordered) if row.get(c) is not None), None) for c in columns}


def _earliest(rows: list[Row], columns: Iterable[str]) -> Row:
    return {c: min((row[c] for row in rows if row.get(c) is not None), default=None) for c in columns}


def _purchases(facts: list[Row], lines: list[Row], orders: list[Row]) -> list[Row]:
    paid = _by([row for row in facts if row["fact"] == "paid"], "order_id")
    content = {order_id: [line for line in lines if line["order_id"] == order_id] for order_id in paid}
    gross = {}
    for order_id, rows in paid.items():
        amount = _sum(row["amount_minor"] for row in rows)
        gross[order_id] = _sum(line["net_minor"] for line in content[order_id]) if amount is None else amount
    found = []
    for order_id, net in nets(facts, gross).items():
        rows, mine = paid[order_id], content[order_id]
        channels = [row["channel"] for row in orders if row["order_id"] == order_id and row["channel"] is not None]
        known = _sum(line["net_minor"] for line in mine) or 0
        found.append({
            "customer_id": min(row["customer_id"] for row in rows), "order_id": order_id,
            "occurred_at": min(row["occurred_at"] for row in rows), "net_minor": net,
            "occurred_on": min(row["occurred_on"] for row in rows), "channel": min(channels, default=None),
            "discount_minor": _sum(line["discount_minor"] for line in mine) or 0, "n_items": len(mine),
            "quantity": float(_sum(line["quantity"] for line in mine) or 0),
            "margin_minor": _margin(net, [line["net_minor"] for line in mine]),
            "kept_share": net / known if net is not None and known > net else 1.0,
        })  # fmt: skip
    return found


def _margin(net: int | None, lines: list[int | None]) -> int | None:
    """Return the margin of what is left of an order; no cost is known in these shops, so it goes by the rate."""
    if net is None:
        return None
    known = [value for value in lines if value is not None]
    if not sum(known):
        return _rounded(net * SHOP.margin_rate)
    return _rounded(float(sum(value * SHOP.margin_rate for value in known)) * (net / sum(known)))


def _rounded(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def _sum(values: Iterable[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _about(row: Row, products: dict[int, Row]) -> Row:
    product = products.get(row.get("product_id"), {})
    return row | {f"product.{name}": value for name, value in product.items()}


def _item(line: Row, purchase: Row, products: dict[int, Row]) -> Row:
    product = products.get(line["product_id"], {})
    dated = {key: purchase[key] for key in ("customer_id", "occurred_at", "occurred_on")}
    same = {key: product.get(key) for key in ("category", "subcategory", "brand", "stage")}
    packs = (line["quantity"], product.get("units_per_pack"), product.get("daily_use"))
    supply = None if None in packs or not packs[2] else float(packs[0]) * packs[1] / packs[2]
    net = None if line["net_minor"] is None else _rounded(line["net_minor"] * purchase["kept_share"])
    return _about(line, products) | dated | same | {"product.supply_days": supply, "net_minor": net}


def _note(
    facts: Facts, shop: RawShop, customer: dict[int, int], recorded: Any, happened: Any, known_at: dt.datetime
) -> None:
    """Write down which nasty cases a customer's rows of a source hold."""
    feeds = {
        "events": ["events"], "touches": ["touches"], "order_facts": ["order_facts"], "children": ["children"],
        "customers": ["customers"], "purchases": ["order_facts", "orders"],
        "purchase_items": ["order_facts", "order_items"],
    }  # fmt: skip
    merged = {c for c in facts.customers if sum(1 for i, to in customer.items() if to == c and i < 1000) > 1}
    for source, raws in feeds.items():
        groups: dict[int, list[Row]] = defaultdict(list)
        for raw in raws:
            for row in shop[raw]:
                groups[customer.get(row["identity_id"], row["identity_id"])].append(row)
        for c, rows in groups.items():
            dated = "occurred_on" in rows[0]
            seen = [row for row in rows if (happened if dated else recorded)(row)]
            met = facts.met[source, c]
            instants = [row["occurred_at" if dated else "recorded_at"] for row in seen]
            midnights = {midnight_utc(row["occurred_on"], SHOP.zone) if dated else known_at for row in seen}
            bare = [tuple(v for k, v in row.items() if k != "row_number") for row in seen]
            if any(value is None for row in seen for value in row.values()):
                met.add("nulls")
            if len(set(instants)) < len(instants):
                met.add("ties")
            if midnights & set(instants):
                met.add("midnight")
            if any(row["recorded_at"] > known_at and row["load_id"] != HIDDEN_LOAD for row in rows):
                met.add("late arrival")
            if len(set(bare)) < len(bare):
                met.add("duplicates")
            if c in merged and seen:
                met.add("merges")
    for c in facts.customers:
        days = {row["as_of"] for row in shop[SCORES] if row["customer_id"] == c}
        met = facts.met["scores", c]
        if any(row["probability"] is None for row in shop[SCORES] if row["customer_id"] == c):
            met.add("nulls")
        if AS_OF in days:
            met.add("midnight")  # published for this very day, so not yet known at its 00:00
        if any(day > AS_OF for day in days):
            met.add("late arrival")
        if c in merged:
            met.add("merges")
