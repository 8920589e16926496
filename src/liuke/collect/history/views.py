"""SQL of the views of a moment: plain SELECTs over files, portable and free of any clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from liuke.collect.history.syntax import DUCKDB, Syntax

CUSTOMER_ATTRIBUTES = (
    "registered_on",
    "gender",
    "birth_month",
    "province",
    "city",
    "channel",
    "member_tier",
    "member_since_on",
)
PRODUCT_ATTRIBUTES = (
    "product_key",
    "name",
    "brand",
    "category",
    "subcategory",
    "stage",
    "unit_cost",
    "currency",
    "units_per_pack",
    "daily_use",
    "min_age_months",
    "max_age_months",
)
LINE_COLUMNS = (
    "order_id",
    "source",
    "load_id",
    "row_number",
    "product_id",
    "quantity",
    "net_minor",
    "discount_minor",
    "occurred_on",
)

# What a fact takes off an order: all three name money that went back or will never come.
_BACK = "fact IN ('cancelled', 'refunded', 'returned')"


@dataclass(frozen=True)
class Cut:
    """The moment's three conditions.

    Parameters
    ----------
    as_of : date
        Rows of this day and later are unseen.
    known_at : datetime
        Rows recorded later (naive UTC) are unseen.
    hidden_loads : tuple of int
        Loads that weren't valid at ``known_at``.
    syntax : Syntax
        Of the engine that reads the views.
    """

    as_of: date
    known_at: datetime
    hidden_loads: tuple[int, ...]
    syntax: Syntax = DUCKDB

    @property
    def recorded(self) -> str:
        """Condition for rows without a time of their own, such as profiles."""
        return f"recorded_at <= {self.syntax.instant(self.known_at)} AND {self.visible}"

    @property
    def happened(self) -> str:
        """Condition for dated rows."""
        return f"occurred_on < DATE '{self.as_of}' AND {self.recorded}"

    @property
    def visible(self) -> str:
        """Condition on the load alone."""
        if not self.hidden_loads:
            return "true"
        return f"load_id NOT IN ({', '.join(map(str, self.hidden_loads))})"


def _resolved(columns: str, relation: str, where: str) -> str:
    """Select ``columns`` with identities resolved to customers; ``columns`` never contains the identity."""
    return (
        f"SELECT coalesce(m.customer_id, r.identity_id) AS customer_id, {columns} "
        f"FROM (SELECT * FROM {relation} WHERE {where}) r LEFT JOIN identity_map m ON m.identity_id = r.identity_id"
    )


def products(scan: str, cut: Cut) -> str:
    """One row per product: the latest record of each attribute."""
    latest = _latest(PRODUCT_ATTRIBUTES, cut)
    return f"SELECT product_id, {latest} FROM {scan} WHERE {cut.visible} GROUP BY product_id"


def children(scan: str, cut: Cut) -> str:
    """One row per child of a customer."""
    attributes = ("birth_month", "due_month", "gender", "guardian_consent")
    latest = _latest(attributes, cut)
    inner = _resolved(_of_record("child_no", *attributes), scan, cut.recorded)
    return f"SELECT customer_id, child_no, {latest} FROM ({inner}) GROUP BY customer_id, child_no"


def order_facts(scan: str, cut: Cut) -> str:
    """Every dated fact about an order."""
    return _resolved("r.order_id, r.fact, r.amount_minor, r.occurred_at, r.occurred_on", scan, cut.happened)


def order_lines(scan: str, cut: Cut, minor_per_major: int) -> str:
    """Every line of an order with its product's attributes and its cost, where known."""
    lines = _resolved(", ".join(f"r.{name}" for name in (*LINE_COLUMNS, "cost_minor")), scan, cut.happened)
    known = ", ".join(f"l.{name}" for name in ("customer_id", *LINE_COLUMNS))
    return f"""
        SELECT {known}, p.category, p.subcategory, p.brand, p.stage,
               coalesce(l.cost_minor, cast(round(p.unit_cost * l.quantity * {minor_per_major}) AS BIGINT)) AS cost_minor
        FROM ({lines}) l LEFT JOIN products p ON p.product_id = l.product_id"""


def purchases(scan_orders: str, cut: Cut, margin_rate: float) -> str:
    """One row per counted order; needs the views ``order_facts`` and ``order_lines``."""
    return f"""
        WITH paid AS (
            SELECT order_id, min(customer_id) AS customer_id, min(occurred_at) AS occurred_at,
                   min(occurred_on) AS occurred_on, sum(amount_minor) AS paid_minor
            FROM order_facts WHERE fact = 'paid' GROUP BY order_id
        ), back AS (
            SELECT order_id, sum(amount_minor) AS back_minor,
                   bool_or(fact = 'cancelled' AND amount_minor IS NULL) AS cancelled
            FROM order_facts WHERE {_BACK} GROUP BY order_id
        ), content AS (
            SELECT order_id, sum(net_minor) AS lines_minor, sum(discount_minor) AS discount_minor,
                   sum(quantity) AS quantity, count(*) AS n_items,
                   sum(coalesce(net_minor - cost_minor, net_minor * {_decimal(margin_rate)})) AS margin_minor
            FROM order_lines GROUP BY order_id
        ), placed AS (
            SELECT order_id, min(channel) AS channel FROM {scan_orders} WHERE {cut.happened} GROUP BY order_id
        ), priced AS (
            SELECT paid.order_id, customer_id, occurred_at, occurred_on,
                   coalesce(paid_minor, lines_minor) AS gross_minor,
                   coalesce(paid_minor, lines_minor) - coalesce(back_minor, 0) AS net_minor,
                   coalesce(cancelled, false) AS cancelled,
                   lines_minor, discount_minor, quantity, n_items, margin_minor, channel
            FROM paid LEFT JOIN back ON back.order_id = paid.order_id
                 LEFT JOIN content ON content.order_id = paid.order_id
                 LEFT JOIN placed ON placed.order_id = paid.order_id
        )
        SELECT customer_id, order_id, occurred_at, occurred_on, channel,
               cast(net_minor AS BIGINT) AS net_minor, cast(coalesce(discount_minor, 0) AS BIGINT) AS discount_minor,
               cast(round(CASE WHEN margin_minor IS NULL OR lines_minor = 0 OR lines_minor IS NULL
                               THEN net_minor * cast({_decimal(margin_rate)} AS DOUBLE)
                               ELSE cast(margin_minor AS DOUBLE)
                                    * (cast(net_minor AS DOUBLE) / cast(lines_minor AS DOUBLE)) END) AS BIGINT)
                   AS margin_minor,
               cast(coalesce(quantity, 0) AS DOUBLE) AS quantity, cast(coalesce(n_items, 0) AS BIGINT) AS n_items
        FROM priced
        WHERE NOT cancelled AND NOT coalesce(gross_minor > 0 AND net_minor <= 0, false)"""


def credits() -> str:
    """Money that went back without naming a paid order; needs the view ``order_facts``."""
    return f"""
        SELECT customer_id, order_id, occurred_on, cast(amount_minor AS BIGINT) AS amount_minor FROM order_facts f
        WHERE {_BACK} AND amount_minor IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM order_facts p WHERE p.fact = 'paid' AND p.order_id = f.order_id)"""


def purchase_items(margin_rate: float) -> str:
    """Lines of counted orders, on the day of the purchase."""
    return f"""
        SELECT p.customer_id, l.order_id, p.occurred_at, p.occurred_on, l.product_id,
               l.category, l.subcategory, l.brand, l.stage, l.quantity, l.net_minor, l.discount_minor,
               cast(round(coalesce(l.net_minor - l.cost_minor, l.net_minor * {_decimal(margin_rate)})) AS BIGINT)
                   AS margin_minor
        FROM order_lines l JOIN purchases p ON p.order_id = l.order_id"""


def events(scan: str, cut: Cut) -> str:
    """Every behaviour."""
    columns = "event source occurred_at occurred_on channel session_id product_id category value properties message_id"
    return _resolved(", ".join(f"r.{name}" for name in columns.split()), scan, cut.happened)


def touches(scan: str, cut: Cut) -> str:
    """Every contact that another tool made."""
    return _resolved("r.channel, r.campaign, r.status, r.occurred_at, r.occurred_on", scan, cut.happened)


def customers(scan: Callable[[str], str], cut: Cut) -> str:
    """Everyone of whom there is any row; profile attributes as last recorded."""
    profiles = _resolved(_of_record(*CUSTOMER_ATTRIBUTES), scan("customers"), cut.recorded)
    latest = _latest(CUSTOMER_ATTRIBUTES, cut)
    return f"""
        WITH profiled AS (SELECT customer_id, {latest} FROM ({profiles}) GROUP BY customer_id),
        seen AS (
            SELECT customer_id, min(day) AS day FROM (
                SELECT customer_id, occurred_on AS day FROM order_facts
                UNION ALL SELECT customer_id, min(occurred_on) FROM events GROUP BY customer_id
                UNION ALL SELECT customer_id, registered_on FROM profiled
                UNION ALL SELECT customer_id, NULL FROM children
                UNION ALL SELECT customer_id, occurred_on FROM touches
            ) GROUP BY customer_id
        )
        SELECT seen.customer_id, {", ".join(CUSTOMER_ATTRIBUTES)}, seen.day AS first_seen_on
        FROM seen LEFT JOIN profiled ON profiled.customer_id = seen.customer_id"""


def _decimal(rate: float) -> str:
    """Return a rate as an exact literal: sums of it don't depend on the order of the rows."""
    return f"cast({rate:.6f} AS DECIMAL(9, 6))"


def _of_record(*columns: str) -> str:
    """Select columns of a record with what orders its versions."""
    return ", ".join(f"r.{name}" for name in (*columns, "recorded_at", "load_id", "row_number"))


def _latest(columns: Iterable[str], cut: Cut) -> str:
    """Aggregate each column to its last known value."""
    return ", ".join(cut.syntax.latest(name) for name in columns)
