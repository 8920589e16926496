"""What was bought in each world: the one that happened, and the same one without some of its contacts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa

from liuke_sim.assortment import UNIT_COST_MINOR
from liuke_sim.columns import SECONDS_A_DAY, Columns, Ints, length
from liuke_sim.fulfilment import CANCELLED, PAID, REFUNDED, RETURNED

World = Literal["actual", "untouched"] | tuple[Literal["without"], str]
"""A shop's possible past: as it was, without any contact, or without those of one campaign."""

METRICS = ("repurchase", "margin")
"""Share of customers who buy in the window; their margin in it, fen."""
CONTROL = "control"
"""The arm that is not contacted."""


def counted_purchases(lines: Columns, facts: Columns) -> Columns:
    """Return a week's counted orders: paid, and not sent back or refunded in full.

    Returns
    -------
    Columns
        By order number: `customer`, `order_no`, `day` (of the payment, from the shop's start), `net` (after refunds)
        and `margin` (fen); a partial refund takes its share of the margin, as the product reckons.
    """
    sold = lines["sign"] > 0 if length(lines) else np.zeros(0, dtype=bool)
    if not sold.any():
        return {}
    order_no, first, order = np.unique(lines["order_no"][sold], return_index=True, return_inverse=True)
    n = len(order_no)
    net = np.bincount(order, lines["net"][sold], n)
    cost = np.bincount(order, (UNIT_COST_MINOR[lines["product"]] * lines["quantity"])[sold], n)
    paid_at = lines["at"][sold][first].copy()
    back = np.zeros(n)
    if length(facts):
        place = np.searchsorted(order_no, facts["order_no"])
        paid, refunded = facts["fact"] == PAID, facts["fact"] == REFUNDED
        paid_at[place[paid]] = facts["at"][paid]
        back[place[refunded]] = facts["amount"][refunded]
        undone = np.isin(facts["fact"], (CANCELLED, RETURNED))
        back[place[undone]] = net[place[undone]]
    counts = back < net
    left = np.where(counts, (net - back) / net, 0.0)
    columns: Columns = {
        "customer": lines["customer"][sold][first],
        "order_no": order_no,
        "day": paid_at // SECONDS_A_DAY,
        "net": (net - back).astype(np.int64),
        "margin": np.round((net - cost) * left).astype(np.int64),
    }
    return {name: column[counts] for name, column in columns.items()}


def purchase_table(rows: Columns, start: date) -> pa.Table:
    """Return purchases with dates, by day and order number."""
    names = {"customer": "customer", "order_no": "order_no", "net": "net_minor", "margin": "margin_minor"}
    empty: Ints = np.zeros(0, dtype=np.int64)
    columns = {name: rows.get(name, empty) for name in (*names, "day")}
    order = np.lexsort([columns["order_no"], columns["day"]])
    days = np.datetime64(start, "D") + columns["day"][order].astype("timedelta64[D]")
    table = pa.table({names[name]: columns[name][order] for name in names})
    return table.add_column(2, "occurred_on", pa.array(days, pa.date32()))


def effects_table(
    entries: pa.Table, actual: Columns, without: dict[str, Columns], horizon_days: int, start: date, today: date
) -> pa.Table:
    """Compare what the entered customers did with what they would have done without the campaign's contacts.

    Parameters
    ----------
    entries : pyarrow.Table
        `campaign`, `customer`, `arm`, `entered_on`; of a customer's entries in a campaign the first counts.
    actual, without : Columns, dict of Columns
        The purchases that happened, and per campaign those in the world without it.
    horizon_days : int
        The window is the day of entry and the days after it, as many as this.
    start, today : date
        The shop's first day, and the first not yet lived.

    Returns
    -------
    pyarrow.Table
        Per campaign, arm (the control arm has none) and metric: `effect`, `n`, `pending` (windows not over: left out)
        and `deviation`, the standard deviation of the individual effects (null below two).
    """
    results: list[dict[str, object]] = []
    for (campaign, arm), members in sorted(_treated(entries).items()):
        complete = sorted(one for one in members if one[1] + timedelta(days=horizon_days) <= today)
        who = np.array([customer for customer, _ in complete], dtype=np.int64)
        since = np.array([(entered_on - start).days for _, entered_on in complete], dtype=np.int64)
        happened = _outcomes(actual, who, since, horizon_days)
        would_have = _outcomes(without.get(campaign, actual), who, since, horizon_days)
        for metric in METRICS:
            difference = happened[metric] - would_have[metric]
            n = len(who)
            results.append(
                {
                    "campaign": campaign,
                    "arm": arm,
                    "metric": metric,
                    "effect": float(difference.mean()) if n else None,
                    "n": n,
                    "pending": len(members) - n,
                    "deviation": float(difference.std(ddof=1)) if n > 1 else None,
                }
            )
    return pa.Table.from_pylist(results, EFFECTS)


def _treated(entries: pa.Table) -> dict[tuple[str, str], list[tuple[int, date]]]:
    """Return the first entries by campaign and arm, without the control arm: (customer, day)."""
    firsts: dict[tuple[str, int], tuple[date, str]] = {}
    for row in entries.select(["campaign", "customer", "arm", "entered_on"]).to_pylist():
        key = (row["campaign"], row["customer"])
        if key not in firsts or row["entered_on"] < firsts[key][0]:
            firsts[key] = (row["entered_on"], row["arm"])
    groups: dict[tuple[str, str], list[tuple[int, date]]] = {}
    for (campaign, customer), (entered_on, arm) in firsts.items():
        if arm != CONTROL:
            groups.setdefault((campaign, arm), []).append((customer, entered_on))
    return groups


EFFECTS = pa.schema(
    [
        ("campaign", pa.string()),
        ("arm", pa.string()),
        ("metric", pa.string()),
        ("effect", pa.float64()),
        ("n", pa.int64()),
        ("pending", pa.int64()),
        ("deviation", pa.float64()),
    ]
)


def _outcomes(purchases: Columns, who: Ints, since: Ints, horizon_days: int) -> dict[str, Ints]:
    """Return each metric for customers `who` (increasing) in the window that begins on day `since`."""
    bought, margin = np.zeros(len(who), dtype=np.int64), np.zeros(len(who), dtype=np.int64)
    if length(purchases) and len(who):
        place = np.minimum(np.searchsorted(who, purchases["customer"]), len(who) - 1)
        age = purchases["day"] - since[place]
        inside = (who[place] == purchases["customer"]) & (age >= 0) & (age < horizon_days)
        bought[place[inside]] = 1
        np.add.at(margin, place[inside], purchases["margin"][inside])
    return {"repurchase": bought, "margin": margin}
