"""What do the data themselves say about why a customer may leave: incidents, words, changes of behaviour?

One query over a moment gives a row per customer and kind of evidence: how long ago the latest was, how many there
were. It adds to the attributions of the model what no model of a small shop learns: a sentence in a complaint, a
parcel that came late, a child who has outgrown what was bought. Evidence is what an agent can say; it proves no
cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.predict.churn.ports import Moment
from liuke.predict.churn.reason_words import ReasonWords, reason_words

# Evidence older than this says little about why somebody leaves now.
INCIDENT_DAYS = 60
# Its strength halves in so many days.
HALF_LIFE_DAYS = 45.0
# A shop that has seen fewer purchases by families with a known child can't tell at which age they usually stop.
MIN_AGED_PURCHASES = 300
# Fewer customers than this who left and said why don't show what is common. Complaints don't count there: who files a
# ticket had an incident; who leaves over the price files none.
MIN_SPEAKERS = 20
MOST_COMMON = 2
# Who asks when the parcel comes doesn't blame anybody; only the wish for advice is told in questions.
QUESTION = "请问|什么时候|多久|几天|怎么查|[吗呢][？?。~！!]*$|[？?]|when will|how long"

SQL = """
WITH lately AS (
    SELECT e.customer_id, e.event, e.occurred_on, $as_of - e.occurred_on AS ago, e.value,
           json_extract_string(e.properties, '$.topic') AS topic, json_extract_string(e.properties, '$.text') AS text,
           json_extract_string(e.properties, '$.keyword') AS keyword
    FROM asked s JOIN events e USING (customer_id)
    WHERE e.occurred_on >= $as_of - 180
      AND e.event IN ('complaint_opened', 'complaint_resolved', 'review', 'survey_answered', 'service_chat', 'search',
                      'delivery_late', 'coupon_claimed', 'coupon_used', 'livestream_watched', 'article_read',
                      'unsubscribed', 'app_removed', 'benefit_used', 'points_redeemed')
), voices AS (
    SELECT * FROM lately
    WHERE ago <= $incident AND (event IN ('complaint_opened', 'service_chat')
          OR (event = 'review' AND value <= 3) OR (event = 'survey_answered' AND value <= 6))
), cues AS (
    SELECT v.customer_id, c.family, v.event, v.ago FROM voices v JOIN cue_words c ON regexp_matches(v.text, c.words)
    WHERE c.family = 'guidance' OR NOT regexp_matches(v.text, $question)
), last_opened AS (
    SELECT customer_id, min(ago) FILTER (WHERE event = 'complaint_opened') AS opened,
           min(ago) FILTER (WHERE event = 'complaint_resolved') AS resolved
    FROM lately GROUP BY customer_id
), counted AS (
    SELECT customer_id,
           count(*) FILTER (WHERE event = 'coupon_claimed' AND ago <= 30) AS claimed,
           count(*) FILTER (WHERE event = 'coupon_used' AND ago <= 30) AS used,
           count(*) FILTER (WHERE event = 'service_chat' AND ago <= 30) AS chats,
           count(*) FILTER (WHERE event = 'livestream_watched' AND ago <= 30) AS streams,
           count(*) FILTER (WHERE event = 'livestream_watched' AND ago > 30 AND ago <= 120) / 3.0 AS streams_before,
           count(*) FILTER (WHERE event = 'article_read' AND ago <= 30) AS articles,
           count(*) FILTER (WHERE event = 'article_read' AND ago > 30 AND ago <= 120) / 3.0 AS articles_before,
           count(*) FILTER (WHERE event IN ('benefit_used', 'points_redeemed')) AS benefits
    FROM lately GROUP BY customer_id
), back AS (
    SELECT s.customer_id, f.fact, f.order_id, min($as_of - f.occurred_on) AS ago
    FROM asked s JOIN order_facts f USING (customer_id)
    WHERE f.fact IN ('returned', 'refunded') AND f.occurred_on >= $as_of - $incident GROUP BY ALL
), born AS (
    SELECT s.customer_id, max(c.birth_month) AS birth_month
    FROM asked s JOIN children c USING (customer_id) GROUP BY s.customer_id
    HAVING count(*) FILTER (WHERE c.birth_month IS NULL AND c.due_month >= $as_of) = 0 AND max(c.birth_month) <= $as_of
), aged AS (
    SELECT customer_id, birth_month,
           (year($as_of) - year(birth_month)) * 12 + month($as_of) - month(birth_month) AS months FROM born
), lines AS (
    SELECT i.customer_id, i.category, i.occurred_on, p.max_age_months,
           coalesce(nullif(p.stage, ''), p.subcategory, p.category) AS what
    FROM asked s JOIN purchase_items i USING (customer_id) JOIN products p ON p.product_id = i.product_id
    WHERE p.daily_use > 0 AND p.max_age_months IS NOT NULL AND i.occurred_on >= $as_of - 180
), worn AS (
    SELECT customer_id, category, max(max_age_months) AS until, arg_max(what, (max_age_months, what)) AS what
    FROM lines GROUP BY ALL
), next_stage AS (
    SELECT category, max(max_age_months) AS last FROM products WHERE daily_use > 0 GROUP BY category
), ages AS (
    SELECT quantile_disc((year(i.occurred_on) - year(c.birth_month)) * 12 + month(i.occurred_on) - month(c.birth_month),
                         0.98) AS range_end, count(*) AS n
    FROM purchase_items i JOIN products p ON p.product_id = i.product_id
         JOIN (SELECT customer_id, max(birth_month) AS birth_month FROM children GROUP BY 1) c USING (customer_id)
    WHERE i.occurred_on >= $as_of - 365 AND c.birth_month <= i.occurred_on AND p.daily_use > 0
)
SELECT customer_id, 'complaint_filed' AS kind, topic AS family, min(ago) AS days, count(*) AS n, max(ago) AS since,
       NULL AS what
FROM voices WHERE event = 'complaint_opened' AND topic IS NOT NULL GROUP BY ALL
UNION ALL
SELECT customer_id, 'said', family, min(ago), count(*), max(ago), arg_min(event, (ago, event)) FROM cues
GROUP BY customer_id, family
UNION ALL
SELECT customer_id, 'late_delivery', NULL, min(ago), count(*), max(ago), NULL FROM lately
WHERE event = 'delivery_late' AND ago <= $incident GROUP BY customer_id
UNION ALL
SELECT customer_id, 'complaint_open', NULL, opened, 1, opened, NULL FROM last_opened
WHERE opened >= 3 AND opened <= $incident AND coalesce(resolved > opened, true)
UNION ALL
SELECT customer_id, 'goodbye', NULL, min(ago), count(*), max(ago), NULL FROM lately
WHERE event IN ('unsubscribed', 'app_removed') AND ago <= $incident GROUP BY customer_id
UNION ALL
SELECT customer_id, 'bargain_search', NULL, min(ago), count(*), max(ago), NULL FROM lately
WHERE event = 'search' AND ago <= $incident
  AND regexp_matches(lower(keyword), '优惠|折扣|便宜|特价|打折|领券|coupon|discount|sale|cheap')
GROUP BY customer_id
UNION ALL
SELECT customer_id, 'low_stars', NULL, min(ago), cast(arg_min(value, (ago, value)) AS BIGINT), max(ago),
       NULL
FROM lately
WHERE event = 'review' AND value <= 2 AND text IS NULL AND ago <= $incident GROUP BY customer_id
UNION ALL
SELECT customer_id, CASE fact WHEN 'returned' THEN 'returned' ELSE 'refunded' END, NULL, min(ago), count(*), max(ago),
       NULL
FROM back b WHERE fact = 'returned' OR NOT EXISTS (SELECT 1 FROM back r WHERE r.order_id = b.order_id
                                                   AND r.fact = 'returned')
GROUP BY customer_id, fact
UNION ALL
SELECT customer_id, 'coupons_unused', NULL, 0, claimed, 30, NULL FROM counted WHERE claimed >= 2 AND used = 0
UNION ALL
SELECT customer_id, 'chats', NULL, 0, chats, 30, NULL FROM counted WHERE chats >= 2
UNION ALL
SELECT customer_id, 'livestreams', NULL, 0, streams, 30, NULL FROM counted
WHERE streams >= 1 AND streams > 2 * streams_before
UNION ALL
SELECT customer_id, 'articles', NULL, 0, articles, 30, NULL FROM counted
WHERE articles >= 2 AND articles > 2 * articles_before
UNION ALL
SELECT c.customer_id, 'benefits_unused', NULL, $as_of - c.member_since_on, 0, 180, NULL
FROM asked s JOIN customers c USING (customer_id) LEFT JOIN counted k USING (customer_id)
WHERE c.member_since_on <= $as_of - 30 AND coalesce(k.benefits, 0) = 0
  AND (SELECT count(*) FROM events WHERE event IN ('benefit_used', 'points_redeemed')) > 0
UNION ALL
SELECT w.customer_id, 'outgrown', NULL, 0, a.months, 0, arg_min(w.what, (w.category, w.what))
FROM worn w JOIN aged a USING (customer_id) JOIN next_stage n USING (category)
WHERE a.months > w.until AND a.months <= w.until + 4 AND n.last >= a.months GROUP BY w.customer_id, a.months
UNION ALL
SELECT a.customer_id, 'graduated', NULL, 0, a.months, 0, cast(g.range_end AS VARCHAR)
FROM aged a CROSS JOIN ages g WHERE g.n >= $aged AND a.months > g.range_end
  AND NOT EXISTS (SELECT 1 FROM lines l WHERE l.customer_id = a.customer_id AND l.occurred_on >= $as_of - $incident)
ORDER BY ALL
"""

COMMON_SQL = """
WITH days AS (SELECT DISTINCT customer_id, occurred_on FROM purchases),
bought AS (SELECT customer_id, count(*) = 1 AS once, max(occurred_on) AS last_on FROM days GROUP BY customer_id),
spoken AS (
    SELECT b.customer_id, b.once, json_extract_string(e.properties, '$.text') AS text
    FROM bought b JOIN events e USING (customer_id)
    WHERE b.last_on < $as_of - $incident AND b.last_on >= $as_of - 365 AND e.occurred_on >= b.last_on - $incident
      AND (e.event = 'service_chat' OR (e.event = 'review' AND e.value <= 3)
           OR (e.event = 'survey_answered' AND e.value <= 6))
), named AS (
    SELECT DISTINCT customer_id, once, family FROM spoken JOIN cue_words ON regexp_matches(text, words)
    WHERE family = 'guidance' OR NOT regexp_matches(text, $question)
)
SELECT once, family, count(*) AS n,
       (SELECT count(DISTINCT customer_id) FROM named a WHERE a.once = named.once) AS everyone
FROM named GROUP BY once, family ORDER BY once, n DESC, family
"""
ONCE_SQL = """
SELECT customer_id, count(DISTINCT occurred_on) = 1 AS once FROM asked JOIN purchases USING (customer_id)
GROUP BY customer_id ORDER BY customer_id
"""


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence about one customer.

    Attributes
    ----------
    family : str
        Key of a family of reasons.
    kind : str
        Key under ``evidence`` of ``reason_families.yaml``.
    strength : float
        3 said in so many words, 2 incident, 1 changed behaviour, below 1 circumstance; less the older it is.
    value : float
        Count, stars or months.
    """

    family: str
    kind: str
    strength: float
    value: float
    zh: str
    en: str


def read_evidence(moment: Moment, customer_id: npt.NDArray[np.int64]) -> dict[int, tuple[Evidence, ...]]:
    """Return what a moment's data say about the asked-for customers, strongest first; nobody without evidence.

    Equal data give equal evidence: the rows are put in a total order.
    """
    words = reason_words()
    engine = moment.connection
    engine.register("asked", pa.table({"customer_id": customer_id}))
    engine.register("cue_words", pa.table({"family": list(words.spoken), "words": list(words.spoken.values())}))
    try:
        wanted = {"as_of": moment.as_of, "incident": INCIDENT_DAYS, "question": QUESTION}
        rows = engine.execute(SQL, wanted | {"aged": MIN_AGED_PURCHASES}).fetchall()
        common = _common(words, engine.execute(COMMON_SQL, wanted).fetchall())
        once = engine.execute(ONCE_SQL).fetchall() if common else []
    finally:
        engine.unregister("asked")
        engine.unregister("cue_words")
    found: dict[int, list[Evidence]] = {}
    for customer, *row in rows:
        one = _evidence(words, *row)
        if one is not None:
            found.setdefault(customer, []).append(one)
    for customer, bought_once in once:
        own = found.setdefault(customer, [])
        own += [one for one in common.get(bought_once, ()) if all(one.family != known.family for known in own)]
    return {
        customer: tuple(sorted(many, key=lambda one: (-one.strength, one.family, one.kind)))
        for customer, many in found.items()
        if many
    }


def _common(words: ReasonWords, rows: list[tuple[bool, str, int, int]]) -> dict[bool, list[Evidence]]:
    """Return what those who left named most, for one-time and for repeat buyers: what to ask where nothing is known."""
    told = words.evidence["others_say"]
    common: dict[bool, list[Evidence]] = {}
    for once, family, n, everyone in rows:
        known = common.setdefault(once, [])
        if everyone < MIN_SPEAKERS or family not in words.families or len(known) == MOST_COMMON:
            continue
        own = words.families[family]
        slots = {"share": f"{n / everyone:.0%}", "n": everyone}
        zh, en = told["zh"].format(**slots, topic=own.zh), told["en"].format(**slots, topic=own.en)
        strength = round(told["strength"] * n / everyone, 4)
        known.append(Evidence(family, "others_say", strength, round(n / everyone, 4), zh, en))
    return common


def _evidence(
    words: ReasonWords, kind: str, topic: str | None, days: int, n: int, since: int, what: str | None
) -> Evidence | None:
    told = words.evidence[kind]
    family = told.get("family", topic)
    if family not in words.families:  # a heading of the shop's own that names no family
        return None
    own = words.families[family]
    form: Any = told["many"] if n > 1 and "many" in told else told
    slots = {"days": days, "n": n, "since": since}
    spoken = words.says.get(what or "", {})
    fading = 0.5 ** (days / HALF_LIFE_DAYS) if kind != "benefits_unused" else 1.0
    return Evidence(
        family=family,
        kind=kind,
        strength=round(told["strength"] * fading, 4),
        value=float(n),
        zh=form["zh"].format(**slots, topic=own.zh, what=spoken.get("zh", what)),
        en=form["en"].format(**slots, topic=own.en, what=spoken.get("en", what)),
    )
