"""SQL of the published tables: a moment's views and the loop's results, joined into what a page asks for.

Each function returns one SELECT. `results` maps a table of the loop (``churn_scores``, ``warnings`` …) to a
relation that holds the rows of the build's `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TIMELINE_DAYS = 730
"""Days of behaviour on a customer's page: two years show a seasonal shop twice, and keep the file small."""

TAG_PREFIX = "tag_"
"""Before each tag's key, so that a tag can never shadow a profile column."""


def quoted(identifier: str) -> str:
    """Quote an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def customers_sql(results: Mapping[str, str], tag_keys: Iterable[str]) -> str:
    """One row per customer: profile, purchases, risk, contacts and every tag as a column of its own."""
    tags = "".join(f",\n    t.{quoted(key)} AS {quoted(TAG_PREFIX + key)}" for key in tag_keys)
    return f"""
WITH bought AS (
    SELECT customer_id, count(DISTINCT order_id)::BIGINT AS n_orders,
           count(DISTINCT order_id) FILTER (net_minor IS NULL)::BIGINT AS n_unpriced,
           sum(net_minor)::BIGINT AS net_minor, sum(margin_minor)::BIGINT AS margin_minor,
           min(occurred_on) AS first_order_on, max(occurred_on) AS last_order_on
    FROM purchases GROUP BY customer_id
), born AS (
    SELECT customer_id, count(*)::BIGINT AS n_children,
           to_json(list(struct_pack(birth_month := birth_month, due_month := due_month, gender := gender)
                        ORDER BY child_no))::VARCHAR AS children
    FROM children GROUP BY customer_id
), contacted AS (
    SELECT customer_id, count(*)::BIGINT AS n_contacts, max(planned_on) AS last_contact_on
    FROM {results["contacts"]} GROUP BY customer_id
), arms AS (
    SELECT customer_id, to_json(list(struct_pack(experiment := experiment, arm := arm, probability := probability,
                                                 assigned_on := assigned_on) ORDER BY experiment))::VARCHAR AS arms
    FROM {results["assignments"]} GROUP BY customer_id
)
SELECT c.customer_id, c.registered_on, c.gender, c.birth_month, c.province, c.city, c.channel, c.member_tier,
    c.member_since_on, c.first_seen_on, coalesce(b.n_orders, 0) AS n_orders, coalesce(b.n_unpriced, 0) AS n_unpriced,
    CASE WHEN b.customer_id IS NULL THEN 0 ELSE b.net_minor END AS net_minor,  -- of orders without an amount: unknown
    CASE WHEN b.customer_id IS NULL THEN 0 ELSE b.margin_minor END AS margin_minor, b.first_order_on, b.last_order_on,
    coalesce(k.n_children, 0) AS n_children, k.children,
    s.probability, s.horizon_days, s.expected_margin_minor, s.model_version,
    coalesce(w.reasons, s.reasons)::VARCHAR AS reasons,
    w.level, w.value_at_risk_minor, v.value_minor, v.low_minor AS value_low_minor, v.high_minor AS value_high_minor,
    v.expected_purchases, v.horizon_days AS value_days, v.model AS value_model, v.margin_rate,
    coalesce(x.n_contacts, 0) AS n_contacts, x.last_contact_on, a.arms{tags}
FROM customers c
LEFT JOIN bought b USING (customer_id)
LEFT JOIN born k USING (customer_id)
LEFT JOIN {results["churn_scores"]} s USING (customer_id)
LEFT JOIN {results["warnings"]} w USING (customer_id)
LEFT JOIN {results["customer_values"]} v USING (customer_id)
LEFT JOIN contacted x USING (customer_id)
LEFT JOIN arms a USING (customer_id)
LEFT JOIN {results["customer_tags"]} t USING (customer_id)
ORDER BY c.customer_id"""


def timeline_sql(results: Mapping[str, str]) -> str:
    """Everything that happened to a customer, newest first, one customer's rows side by side."""
    return f"""
WITH items AS (
    SELECT i.order_id, to_json(list(struct_pack(name := coalesce(p.name, p.product_key), quantity := i.quantity,
               net_minor := i.net_minor) ORDER BY i.net_minor DESC, i.product_id)[:8])::VARCHAR AS detail
    FROM purchase_items i LEFT JOIN products p USING (product_id) GROUP BY i.order_id
), happened AS (
    SELECT o.customer_id, o.occurred_at, o.occurred_on, 'order' AS kind, 'order_paid' AS name, o.channel,
           o.net_minor AS amount_minor, items.detail
    FROM purchases o LEFT JOIN items USING (order_id)
    UNION ALL
    SELECT f.customer_id, NULL, f.occurred_on, 'order', f.fact, NULL, f.amount_minor, NULL
    FROM order_facts f WHERE f.fact IN ('cancelled', 'refunded', 'returned')
    UNION ALL
    SELECT e.customer_id, e.occurred_at, e.occurred_on, 'event', e.event, e.channel, NULL,
           CASE WHEN p.product_id IS NULL AND e.category IS NULL THEN NULL
                ELSE to_json(struct_pack(product := coalesce(p.name, p.product_key),
                                         category := e.category))::VARCHAR END
    FROM events e LEFT JOIN products p USING (product_id)
    LEFT JOIN (SELECT DISTINCT customer_id, occurred_on, 'order_paid' AS event, true AS told FROM purchases) o
           USING (customer_id, occurred_on, event)
    WHERE o.told IS NULL  -- the order's own row says it, with its items
    UNION ALL
    SELECT x.customer_id, x.sent_at, greatest(x.planned_on, x.sent_at::DATE), 'contact', x.strategy, x.channel, NULL,
           to_json(struct_pack(state := x.state, reason := nullif(x.reason, '')))::VARCHAR
    FROM {results["contacts"]} x
    UNION ALL
    SELECT t.customer_id, NULL, t.occurred_on, 'touch', t.campaign, t.channel, NULL,
           to_json(struct_pack(state := t.status))::VARCHAR
    FROM touches t
)
SELECT customer_id, coalesce(occurred_at, occurred_on::TIMESTAMP) AS occurred_at, occurred_at IS NOT NULL AS has_time,
       occurred_on, kind, name, channel, amount_minor, detail
FROM happened
WHERE occurred_on >= $as_of - {TIMELINE_DAYS}
ORDER BY customer_id, occurred_on DESC, occurred_at DESC, kind, name, detail"""


def contacts_sql(results: Mapping[str, str]) -> str:
    """Every message with its last known state, by customer."""
    return f"""
SELECT message_id, strategy, version, customer_id, entry, node, channel, state, reason, planned_on, sent_at
FROM {results["contacts"]} ORDER BY customer_id, planned_on DESC, message_id"""


def identities_sql(merged: str) -> str:
    """Merged identities, by customer."""
    return f"SELECT identity_id, customer_id FROM ({merged}) ORDER BY customer_id, identity_id"
