"""The console's questions about customers, as queries over one build."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from liuke.app.publish.reader import OpenBuild
from liuke.app.publish.tables import TAG_PREFIX, quoted
from liuke.kernel.errors import UsageError

SORTS = {
    "value_at_risk": "value_at_risk_minor",
    "probability": "probability",
    "revenue": "net_minor",
    "orders": "n_orders",
    "last_order": "last_order_on",
    "contacts": "n_contacts",
    "id": "customer_id",
}
Sort = Literal["value_at_risk", "probability", "revenue", "orders", "last_order", "contacts", "id"]

_NUMBERS = ("number", "money", "share", "days")


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Customers whose tag has one of the values, or lies in a range (bounds included, either may be open)."""

    key: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class CustomerQuery:
    """Which customers, in which order."""

    ids: tuple[int, ...] | None = None
    levels: tuple[str, ...] = ()
    tags: tuple[TagFilter, ...] = ()
    sort: Sort = "value_at_risk"
    descending: bool = True
    page: int = 1
    page_size: int = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page and how many there are in all."""

    total: int
    rows: list[dict[str, Any]] = field(default_factory=list)


def parse_tag_filter(build: OpenBuild, text: str) -> TagFilter:
    """Read ``key:value``, ``key:value|value`` or, for a number, ``key:low..high``.

    Raises
    ------
    UsageError
        Unknown tag, or a range that is none.
    """
    key, colon, wanted = text.partition(":")
    known = {tag["key"]: tag for tag in build.tags}
    if not colon or not wanted or key not in known:
        raise UsageError(
            f"“{text}” is no filter by a tag of this shop.", hint="Write key:value; /api/tags lists the keys."
        )
    if known[key]["kind"] in _NUMBERS and ".." in wanted:
        low, _, high = wanted.partition("..")
        try:
            return TagFilter(key, low=float(low) if low else None, high=float(high) if high else None)
        except ValueError as error:
            raise UsageError(
                f"“{wanted}” is no range of numbers.", hint="Write low..high, such as 100..500."
            ) from error
    return TagFilter(key, values=tuple(wanted.split("|")))


def find_customers(build: OpenBuild, query: CustomerQuery) -> Page:
    """Return one page of the customers that fit, in a total order (ties by id)."""
    where, parameters = _conditions(build, query)
    direction = "DESC" if query.descending else "ASC"
    total = build.rows(f"SELECT count(*) AS n FROM customers WHERE {where}", parameters)[0]["n"]
    found = build.rows(
        f"""SELECT customer_id, member_tier, province, city, n_orders, net_minor, last_order_on, level, probability,
                   value_at_risk_minor, n_contacts
            FROM customers WHERE {where}
            ORDER BY {SORTS[query.sort]} {direction} NULLS LAST, customer_id
            LIMIT ? OFFSET ?""",
        [*parameters, query.page_size, (query.page - 1) * query.page_size],
    )
    return Page(total, found)


def one_customer(build: OpenBuild, customer_id: int) -> dict[str, Any] | None:
    """Return the customer's published row, JSON columns read, or ``None``."""
    found = build.rows("SELECT * FROM customers WHERE customer_id = ?", [customer_id])
    if not found:
        return None
    row = found[0]
    for column in ("reasons", "children", "arms"):
        row[column] = json.loads(row[column]) if row[column] else []
    row["tags"] = {tag["key"]: row.pop(TAG_PREFIX + tag["key"]) for tag in build.tags}
    return row


def timeline(
    build: OpenBuild, customer_id: int, kinds: Sequence[str], page: int, page_size: int
) -> tuple[Page, dict[str, int]]:
    """Return one page of what happened, newest first, and how many entries there are of each kind."""
    counted = build.rows(
        "SELECT kind, count(*) AS n FROM timeline WHERE customer_id = ? GROUP BY kind ORDER BY kind", [customer_id]
    )
    counts = {row["kind"]: row["n"] for row in counted}
    wanted = [kind for kind in kinds if kind in counts] if kinds else list(counts)
    found = build.rows(
        """SELECT occurred_at, has_time, occurred_on, kind, name, channel, amount_minor, detail
           FROM timeline WHERE customer_id = ? AND list_contains(?, kind)
           ORDER BY occurred_on DESC, occurred_at DESC, kind, name, detail LIMIT ? OFFSET ?""",
        [customer_id, wanted, page_size, (page - 1) * page_size],
    )
    for row in found:
        row["detail"] = json.loads(row["detail"]) if row["detail"] else None
    return Page(sum(counts[kind] for kind in wanted), found), counts


def contacts_of(build: OpenBuild, customer_id: int) -> list[dict[str, Any]]:
    """Return the customer's messages, newest first."""
    return build.rows(
        "SELECT * FROM contacts WHERE customer_id = ? ORDER BY planned_on DESC, message_id LIMIT 200", [customer_id]
    )


def identities_of(build: OpenBuild, customer_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return all identities of each customer; the customer's own id is one of them."""
    identities = {customer_id: [customer_id] for customer_id in customer_ids}
    found = build.rows(
        "SELECT customer_id, identity_id FROM identities WHERE list_contains(?::BIGINT[], customer_id) ORDER BY ALL",
        [list(customer_ids)],
    )
    for row in found:
        if row["identity_id"] != row["customer_id"]:
            identities[row["customer_id"]].append(row["identity_id"])
    return identities


def persons_of(build: OpenBuild, identity_ids: Sequence[int]) -> dict[int, int]:
    """Return the customer that each identity belongs to."""
    found = build.rows(
        """SELECT asked.identity_id, coalesce(i.customer_id, asked.identity_id) AS customer_id
           FROM (SELECT unnest(?::BIGINT[]) AS identity_id) asked LEFT JOIN identities i USING (identity_id)""",
        [list(identity_ids)],
    )
    return {row["identity_id"]: row["customer_id"] for row in found}


def customers_of(build: OpenBuild, identity_ids: Sequence[int]) -> tuple[int, ...]:
    """Return the customers that these identities belong to."""
    return tuple(sorted(set(persons_of(build, identity_ids).values()))) if identity_ids else ()


def _conditions(build: OpenBuild, query: CustomerQuery) -> tuple[str, list[object]]:
    terms: list[str] = []
    parameters: list[object] = []
    if query.ids is not None:
        terms.append("list_contains(?::BIGINT[], customer_id)")
        parameters.append(list(query.ids))
    if query.levels:
        terms.append("list_contains(?, coalesce(level, 'none'))")
        parameters.append(list(query.levels))
    kinds = {tag["key"]: tag["kind"] for tag in build.tags}
    for tag in query.tags:
        term, values = _tag_condition(tag, kinds[tag.key])
        terms.append(term)
        parameters += values
    return " AND ".join(terms) or "true", parameters


def _tag_condition(tag: TagFilter, kind: str) -> tuple[str, list[object]]:
    column = quoted(TAG_PREFIX + tag.key)
    if tag.values and kind == "list":
        return f"list_has_any({column}, ?)", [list(tag.values)]
    if tag.values:
        return f"list_contains(?, {column}::VARCHAR)", [list(tag.values)]
    bounds = [(">=", tag.low), ("<=", tag.high)]
    given = [(sign, bound) for sign, bound in bounds if bound is not None]
    term = " AND ".join(f"{column} {sign} ?" for sign, _ in given) or f"{column} IS NOT NULL"
    return f"({term})", [bound for _, bound in given]
