"""What is left of every order, read slowly, a customer and a day at a time: the rule in `collect.history`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
NOTE = {"returned", "refunded"}


def total(facts: Sequence[Row], kind: str) -> int:
    """Return the sum of what is known of one kind."""
    return sum(row["amount_minor"] or 0 for row in facts if row["fact"] == kind)


def nets(facts: Sequence[Row], gross: Mapping[int, int | None]) -> dict[int, int | None]:
    """Return the net of each order that counts; None where what was paid is unknown.

    Parameters
    ----------
    facts : sequence of mapping
        ``customer_id``, ``order_id``, ``fact``, ``amount_minor``, ``occurred_at``, ``occurred_on``.
    gross : mapping of order to int
        What was paid for each order with a payment, in minor units; None: unknown.
    """
    orders: dict[int, list[Row]] = defaultdict(list)
    for row in facts:
        orders[row["order_id"]].append(row)
    net = {}
    for number, rows in orders.items():
        if number in gross and not any(row["fact"] == "cancelled" for row in rows):
            back = max(total(rows, "returned"), total(rows, "refunded"))
            paid = gross[number]
            if paid is None or paid == 0 or paid > back:
                net[number] = None if paid is None else max(paid - back, 0)
    free = {number for number, amount in net.items() if not amount}
    notes = [row for rows in orders.values() if {row["fact"] for row in rows} <= NOTE for row in rows]
    bought: dict[int, list[tuple[Any, Any, int]]] = defaultdict(list)
    for number in net:
        paid = [row for row in orders[number] if row["fact"] == "paid"]
        whose = min(row["customer_id"] for row in paid)
        bought[whose].append((min(row["occurred_on"] for row in paid), min(row["occurred_at"] for row in paid), number))
    for customer in {row["customer_id"] for row in notes}:
        _take_off(net, sorted(bought[customer]), [row for row in notes if row["customer_id"] == customer])
    return {number: amount for number, amount in net.items() if amount or number in free}


def _take_off(net: dict[int, int | None], bought: list[tuple[Any, Any, int]], notes: list[Row]) -> None:
    """Take a customer's credits off the purchases of up to their day, the latest first."""
    taken = 0
    for day in sorted({row["occurred_on"] for row in notes}):
        so_far = [row for row in notes if row["occurred_on"] <= day]
        back = max(total(so_far, "returned"), total(so_far, "refunded"))
        credit, taken = back - taken, back
        for paid_on, _, number in reversed(bought):
            if paid_on <= day:
                if net[number] is None:
                    continue  # nothing can be taken off what is unknown
                part = min(credit, net[number])
                net[number] -= part
                credit -= part
