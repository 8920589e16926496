"""SQL of the views of a moment: plain SELECTs over files, portable and free of any clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from liuke.collect.history.syntax import DUCKDB, Syntax

CUSTOMER_ATTRIBUTES = (
    "gender",
    "birth_month",
    "province",
    "city",
    "channel",
    "member_tier",
)
FIRST_DAYS = ("registered_on", "member_since_on")  # of a customer: a later record can't move what has begun
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

# Takes credits off purchases. A customer's purchases lie on a pile in the order of their days; a credit takes from the
# top, and what it finds nothing for is lost: it gives back a purchase that isn't on record. `walk` is the height of the
# pile if it could sink below the floor, `level` the height it has; a purchase keeps what the level never fell below.
_PILE = """
        moves AS (
            SELECT customer_id, occurred_on, 0 AS is_credit, occurred_at, order_id, own_minor AS moved_minor
            FROM counted WHERE own_minor IS NOT NULL AND customer_id IN (SELECT customer_id FROM credits)
            UNION ALL SELECT customer_id, occurred_on, 1, NULL, NULL, -amount_minor FROM credits
        ), walked AS (
            SELECT *, sum(moved_minor) OVER (
                PARTITION BY customer_id ORDER BY occurred_on, is_credit, occurred_at, order_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS walk
            FROM moves
        ), levelled AS (
            SELECT *, walk - least(0, min(walk) OVER (
                PARTITION BY customer_id ORDER BY occurred_on, is_credit, occurred_at, order_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS level
            FROM walked
        ), lowest AS (
            SELECT *, min(level) OVER (
                PARTITION BY customer_id ORDER BY occurred_on, is_credit, occurred_at, order_id
                ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS floor_minor
            FROM levelled
        ), kept AS (
            SELECT order_id, cast(greatest(0, moved_minor - (level - floor_minor)) AS BIGINT) AS left_minor
            FROM lowest WHERE is_credit = 0
        )"""


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


def credits() -> str:
    """What went back, per customer and day, of orders of which nothing else is known; needs the view ``order_facts``.

    A credit note bears a number of its own, and so may the refund that follows it: of all that came back as goods and
    all that was paid back by a day, the larger counts.
    """
    return """
        WITH notes AS (
            SELECT customer_id, occurred_on,
                   coalesce(sum(amount_minor) FILTER (WHERE fact = 'returned'), 0) AS returned_minor,
                   coalesce(sum(amount_minor) FILTER (WHERE fact = 'refunded'), 0) AS refunded_minor
            FROM order_facts f
            WHERE NOT EXISTS (SELECT 1 FROM order_facts o
                              WHERE o.order_id = f.order_id AND o.fact NOT IN ('returned', 'refunded'))
            GROUP BY customer_id, occurred_on
        ), by_day AS (
            SELECT customer_id, occurred_on,
                   greatest(sum(returned_minor) OVER (PARTITION BY customer_id ORDER BY occurred_on),
                            sum(refunded_minor) OVER (PARTITION BY customer_id ORDER BY occurred_on)) AS back_minor
            FROM notes
        ), daily AS (
            SELECT customer_id, occurred_on, cast(back_minor - lag(back_minor, 1, 0)
                       OVER (PARTITION BY customer_id ORDER BY occurred_on) AS BIGINT) AS amount_minor
            FROM by_day
        )
        SELECT customer_id, occurred_on, amount_minor FROM daily WHERE amount_minor > 0"""


def purchases(scan_orders: str, cut: Cut, margin_rate: float) -> str:
    """One row per counted order; needs the views ``order_facts``, ``order_lines`` and ``credits``."""
    return f"""
        WITH paid AS (
            SELECT order_id, min(customer_id) AS customer_id, min(occurred_at) AS occurred_at,
                   min(occurred_on) AS occurred_on, sum(amount_minor) AS paid_minor
            FROM order_facts WHERE fact = 'paid' GROUP BY order_id
        ), back AS (
            SELECT order_id, greatest(coalesce(sum(amount_minor) FILTER (WHERE fact = 'returned'), 0),
                                      coalesce(sum(amount_minor) FILTER (WHERE fact = 'refunded'), 0)) AS back_minor,
                   bool_or(fact = 'cancelled') AS cancelled
            FROM order_facts WHERE fact IN ('cancelled', 'refunded', 'returned') GROUP BY order_id
        ), content AS (
            SELECT order_id, sum(net_minor) AS lines_minor, sum(discount_minor) AS discount_minor,
                   sum(quantity) AS quantity, count(*) AS n_items,
                   sum(coalesce(net_minor - cost_minor, net_minor * {_decimal(margin_rate)})) AS margin_minor
            FROM order_lines GROUP BY order_id
        ), placed AS (
            SELECT order_id, min(channel) AS channel FROM {scan_orders} WHERE {cut.happened} GROUP BY order_id
        ), priced AS (
            SELECT paid.order_id, customer_id, occurred_at, occurred_on,
                   cast(coalesce(paid_minor, lines_minor) AS BIGINT) AS gross_minor,
                   cast(coalesce(back_minor, 0) AS BIGINT) AS back_minor,
                   lines_minor, discount_minor, quantity, n_items, margin_minor, channel
            FROM paid LEFT JOIN back ON back.order_id = paid.order_id
                 LEFT JOIN content ON content.order_id = paid.order_id
                 LEFT JOIN placed ON placed.order_id = paid.order_id
            WHERE NOT coalesce(cancelled, false)
        ), counted AS (
            SELECT *, CASE WHEN gross_minor > back_minor THEN gross_minor - back_minor
                           WHEN gross_minor IS NOT NULL THEN 0 END AS own_minor FROM priced
            WHERE gross_minor IS NULL OR gross_minor > back_minor OR gross_minor = 0
        ), {_PILE}, netted AS (
            SELECT counted.*, coalesce(left_minor, own_minor) AS net_minor
            FROM counted LEFT JOIN kept ON kept.order_id = counted.order_id
        )
        SELECT customer_id, order_id, occurred_at, occurred_on, channel,
               cast(net_minor AS BIGINT) AS net_minor, cast(coalesce(discount_minor, 0) AS BIGINT) AS discount_minor,
               cast(round(CASE WHEN margin_minor IS NULL OR lines_minor IS NULL OR lines_minor <= 0
                               THEN net_minor * cast({_decimal(margin_rate)} AS DOUBLE)
                               ELSE cast(margin_minor AS DOUBLE)
                                    * (cast(net_minor AS DOUBLE) / cast(lines_minor AS DOUBLE)) END) AS BIGINT)
                   AS margin_minor,
               cast(coalesce(quantity, 0) AS DOUBLE) AS quantity, cast(coalesce(n_items, 0) AS BIGINT) AS n_items,
               CASE WHEN lines_minor > net_minor THEN cast(net_minor AS DOUBLE) / cast(lines_minor AS DOUBLE)
                    ELSE cast(1 AS DOUBLE) END AS kept_share
        FROM netted WHERE own_minor IS NULL OR own_minor = 0 OR net_minor > 0"""


def purchase_items(margin_rate: float) -> str:
    """Lines of counted orders, on the day of the purchase; amounts in proportion to what is left of the order."""
    return f"""
        SELECT p.customer_id, l.order_id, p.occurred_at, p.occurred_on, l.product_id,
               l.category, l.subcategory, l.brand, l.stage, l.quantity,
               cast(round(cast(l.net_minor AS DOUBLE) * p.kept_share) AS BIGINT) AS net_minor, l.discount_minor,
               cast(round(cast(coalesce(l.net_minor - l.cost_minor, l.net_minor * {_decimal(margin_rate)}) AS DOUBLE)
                          * p.kept_share) AS BIGINT) AS margin_minor
        FROM order_lines l JOIN purchases p ON p.order_id = l.order_id"""


def events(scan: str, cut: Cut) -> str:
    """Every behaviour."""
    columns = "event source occurred_at occurred_on channel session_id product_id category value properties message_id"
    return _resolved(", ".join(f"r.{name}" for name in columns.split()), scan, cut.happened)


def acts() -> str:
    """Everything that makes a customer active: behaviours, and each paid order as the behaviour `order_paid`.

    Which behaviours a customer starts says the catalogue. Ordering is an act whatever becomes of the order later: the
    days on which customers were active don't change when money goes back. Needs the views ``events`` and
    ``order_facts``.
    """
    return """
        SELECT customer_id, event, occurred_at, occurred_on FROM events
        UNION ALL
        SELECT customer_id, 'order_paid' AS event, occurred_at, occurred_on FROM order_facts WHERE fact = 'paid'"""


def touches(scan: str, cut: Cut) -> str:
    """Every contact that another tool made."""
    return _resolved("r.channel, r.campaign, r.status, r.occurred_at, r.occurred_on", scan, cut.happened)


def customers(scan: Callable[[str], str], cut: Cut) -> str:
    """Everyone of whom there is any row; profile attributes as last recorded, first days as the earliest of all.

    Who has no day of registration in a profile registered with their first event `register`.
    """
    columns = (*CUSTOMER_ATTRIBUTES, *FIRST_DAYS)
    profiles = _resolved(_of_record(*columns), scan("customers"), cut.recorded)
    found = ", ".join((_latest(CUSTOMER_ATTRIBUTES, cut), *(f"min({name}) AS {name}" for name in FIRST_DAYS)))
    return f"""
        WITH profiled AS (SELECT customer_id, {found} FROM ({profiles}) GROUP BY customer_id),
        behaved AS (
            SELECT customer_id, min(occurred_on) AS day,
                   min(occurred_on) FILTER (WHERE event = 'register') AS registered_on
            FROM events GROUP BY customer_id
        ),
        seen AS (
            SELECT customer_id, min(day) AS day FROM (
                SELECT customer_id, occurred_on AS day FROM order_facts
                UNION ALL SELECT customer_id, day FROM behaved
                UNION ALL SELECT customer_id, registered_on FROM profiled
                UNION ALL SELECT customer_id, NULL FROM children
                UNION ALL SELECT customer_id, occurred_on FROM touches
            ) GROUP BY customer_id
        )
        SELECT seen.customer_id, {", ".join(CUSTOMER_ATTRIBUTES)}, member_since_on,
               coalesce(profiled.registered_on, behaved.registered_on) AS registered_on, seen.day AS first_seen_on
        FROM seen LEFT JOIN profiled ON profiled.customer_id = seen.customer_id
             LEFT JOIN behaved ON behaved.customer_id = seen.customer_id"""


def _decimal(rate: float) -> str:
    """Return a rate as an exact literal: sums of it don't depend on the order of the rows."""
    return f"cast({rate:.6f} AS DECIMAL(9, 6))"


def _of_record(*columns: str) -> str:
    """Select columns of a record with what orders its versions."""
    return ", ".join(f"r.{name}" for name in (*columns, "recorded_at", "load_id", "row_number"))


def _latest(columns: Iterable[str], cut: Cut) -> str:
    """Aggregate each column to its last known value."""
    return ", ".join(cut.syntax.latest(name) for name in columns)
