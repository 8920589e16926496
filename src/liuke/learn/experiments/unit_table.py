"""One row per draw of a customer: arm, chance, day of entry, what happened in the window, what was known before.

Everything is read from one moment: outcomes of complete windows only, facts before entry for covariates and segments.
A customer counts with the first entry of the trial, under whatever id it happened. While the share grows, control
customers who enter again after their window are drawn again; each such draw is a row of its own, compared only with
draws at the same chance, until the customer is treated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from liuke.learn.experiments.document import Trial
from liuke.learn.experiments.outcomes import OUTCOMES
from liuke.learn.experiments.ports import MomentLike

UNITS = "liuke_units"
COVARIATES = ("pre_orders", "pre_margin", "pre_recency_days")
SEGMENTS = ("province", "channel", "orders_before", "child_stage")
_INPUTS = {"liuke_entries": "entries", "liuke_contacts": "contacts", "liuke_places": "places", "liuke_costs": "costs"}

# Sums stay whole numbers: the same entries give the same last digit.
_SQL = """
CREATE OR REPLACE TEMP TABLE liuke_units AS
WITH entered AS (
    SELECT coalesce(m.customer_id, e.customer_id) AS customer_id, e.customer_id AS entered_as, e.arm, e.entered_on,
           CASE e.arm WHEN 'treated' THEN e.probability ELSE 1 - e.probability END AS treated_chance,
           row_number() OVER known AS turn,
           count(*) FILTER (e.arm = 'treated') OVER (known ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS treated,
           lag(e.entered_on) OVER known AS last_on
    FROM liuke_entries e LEFT JOIN identity_map m ON m.identity_id = e.customer_id
    WHERE e.arm IN ('control', 'treated') AND e.entered_on >= $started_on AND e.entered_on < $as_of
    WINDOW known AS (
        PARTITION BY coalesce(m.customer_id, e.customer_id) ORDER BY e.entered_on, e.entry, e.customer_id
    )
),
firsts AS (
    SELECT * FROM entered
    WHERE turn = 1 OR ($drawn_again AND treated = 0 AND round(treated_chance, 6) > 0 AND round(treated_chance, 6) < 1
                       AND entered_on >= last_on + $horizon_days)
),
bought AS (
    SELECT f.customer_id, f.turn,
           count(p.order_id) FILTER (p.occurred_on >= f.entered_on) AS orders,
           coalesce(sum(p.margin_minor) FILTER (p.occurred_on >= f.entered_on), 0)::HUGEINT AS margin,
           coalesce(sum(p.net_minor) FILTER (p.occurred_on >= f.entered_on), 0)::HUGEINT AS revenue,
           count(p.order_id) FILTER (p.occurred_on < f.entered_on) AS pre_orders,
           coalesce(sum(p.margin_minor) FILTER (p.occurred_on < f.entered_on), 0)::HUGEINT AS pre_margin,
           max(p.occurred_on) FILTER (p.occurred_on < f.entered_on) AS bought_last
    FROM firsts f
    JOIN purchases p ON p.customer_id = f.customer_id
     AND p.occurred_on >= f.entered_on - $covariate_days AND p.occurred_on < f.entered_on + $horizon_days
    GROUP BY f.customer_id, f.turn
),
ever AS (
    SELECT f.customer_id, f.turn, count(p.order_id) AS orders_ever
    FROM firsts f JOIN purchases p ON p.customer_id = f.customer_id AND p.occurred_on < f.entered_on
    GROUP BY f.customer_id, f.turn
),
signals AS (
    SELECT f.customer_id, f.turn, bool_or(v.event = 'unsubscribed') AS unsubscribed,
           bool_or(v.event = 'complaint_opened') AS complained
    FROM firsts f
    JOIN (SELECT customer_id, event, occurred_on FROM events WHERE event IN ('unsubscribed', 'complaint_opened')) v
      ON v.customer_id = f.customer_id
     AND v.occurred_on >= f.entered_on AND v.occurred_on < f.entered_on + $horizon_days
    GROUP BY f.customer_id, f.turn
),
returns AS (
    SELECT DISTINCT f.customer_id, f.turn
    FROM firsts f
    JOIN (SELECT customer_id, occurred_on FROM order_facts WHERE fact IN ('refunded', 'returned')) r
      ON r.customer_id = f.customer_id
     AND r.occurred_on >= f.entered_on AND r.occurred_on < f.entered_on + $horizon_days
),
family AS (
    SELECT f.customer_id, f.turn, max(coalesce(c.birth_month, c.due_month)) AS youngest
    FROM firsts f JOIN children c ON c.customer_id = f.customer_id GROUP BY f.customer_id, f.turn
),
sent AS (
    SELECT f.customer_id, f.turn, min(c.sent_at)::DATE AS exposed_on, count(*) AS messages,
           coalesce(sum(k.cost_minor), 0) AS cost
    FROM firsts f
    JOIN (SELECT coalesce(m.customer_id, c.customer_id) AS customer_id, c.channel, c.sent_at, c.planned_on
          FROM liuke_contacts c LEFT JOIN identity_map m ON m.identity_id = c.customer_id
          WHERE c.state = 'sent' AND c.strategy = $strategy) c
      ON c.customer_id = f.customer_id
     AND c.planned_on >= f.entered_on AND c.planned_on < f.entered_on + $horizon_days
    LEFT JOIN liuke_costs k ON k.channel = c.channel
    GROUP BY f.customer_id, f.turn
),
places AS (
    SELECT customer_id AS entered_as, any_value(unit_id) AS unit_id, any_value(stratum) AS stratum
    FROM liuke_places GROUP BY customer_id
)
SELECT f.customer_id, f.turn, f.customer_id::VARCHAR || CASE WHEN f.turn = 1 THEN '' ELSE '/' || f.turn END AS draw,
       f.arm, f.entered_on, f.treated_chance,
       f.entered_on + $horizon_days <= $as_of AS complete,
       coalesce(l.unit_id, f.entered_as)::VARCHAR AS drawn_unit, coalesce(l.stratum, '') AS stratum,
       (coalesce(b.orders, 0) > 0)::INTEGER AS repurchase,
       coalesce(b.margin, 0)::BIGINT AS margin, coalesce(b.revenue, 0)::BIGINT AS revenue,
       coalesce(b.orders, 0) AS orders,
       coalesce(s.unsubscribed, false)::INTEGER AS unsubscribed, coalesce(s.complained, false)::INTEGER AS complained,
       (r.customer_id IS NOT NULL)::INTEGER AS refunded,
       coalesce(b.pre_orders, 0) AS pre_orders, coalesce(b.pre_margin, 0)::BIGINT AS pre_margin,
       coalesce(f.entered_on - b.bought_last, $covariate_days + 1)::BIGINT AS pre_recency_days,
       coalesce(u.province, '–') AS province, coalesce(u.channel, '–') AS channel,
       CASE WHEN coalesce(e.orders_ever, 0) = 0 THEN '0' WHEN e.orders_ever = 1 THEN '1'
            WHEN e.orders_ever <= 4 THEN '2–4' ELSE '5+' END AS orders_before,
       CASE WHEN k.youngest IS NULL THEN '–' WHEN k.youngest > f.entered_on THEN 'unborn'
            WHEN date_diff('month', k.youngest, f.entered_on) < 6 THEN '0–5 m'
            WHEN date_diff('month', k.youngest, f.entered_on) < 12 THEN '6–11 m'
            WHEN date_diff('month', k.youngest, f.entered_on) < 36 THEN '12–35 m' ELSE '36+ m' END AS child_stage,
       coalesce(x.cost, 0)::DOUBLE AS cost, coalesce(x.messages, 0) AS messages, x.exposed_on
FROM firsts f
LEFT JOIN bought b USING (customer_id, turn)
LEFT JOIN ever e USING (customer_id, turn)
LEFT JOIN signals s USING (customer_id, turn)
LEFT JOIN returns r USING (customer_id, turn)
LEFT JOIN family k USING (customer_id, turn)
LEFT JOIN sent x USING (customer_id, turn)
LEFT JOIN places l USING (entered_as)
LEFT JOIN (SELECT DISTINCT ON (customer_id) customer_id, province, channel FROM customers) u USING (customer_id)
"""


@dataclass(frozen=True, slots=True)
class UnitInputs:
    """What a moment does not hold.

    Parameters
    ----------
    entries
        The strategy's: ``customer_id, entry, arm, probability, entered_on``.
    contacts
        ``strategy, customer_id, channel, state, planned_on, sent_at``.
    places
        ``customer_id, unit_id, stratum`` of the trial; empty for a plain one.
    cost_minor
        Of one message by medium, minor units.
    """

    entries: pa.Table
    contacts: pa.Table
    places: pa.Table
    cost_minor: Mapping[str, float]

    @property
    def costs(self) -> pa.Table:
        """Costs as a table."""
        schema = pa.schema([("channel", pa.string()), ("cost_minor", pa.float64())])
        rows = [{"channel": name, "cost_minor": cost} for name, cost in self.cost_minor.items()]
        return pa.Table.from_pylist(rows, schema=schema)


@dataclass(frozen=True, slots=True)
class Cell:
    """Draws of one arm at one chance: complete windows, all who entered, messages and their cost."""

    treated_chance: float
    arm: str
    complete: int
    entered: int
    exposed: int
    cost: float


@contextmanager
def unit_table(moment: MomentLike, trial: Trial, started_on: Any, inputs: UnitInputs) -> Iterator[tuple[Cell, ...]]:
    """Build the temporary table ``liuke_units`` in the moment's engine for the length of the block.

    Yields
    ------
    tuple of Cell
        Counts by chance and arm, so that the caller knows what can be compared.
    """
    connection = moment.connection
    parameters = {
        "as_of": moment.as_of,
        "started_on": started_on,
        "horizon_days": trial.horizon_days,
        "covariate_days": trial.covariate_days,
        "strategy": trial.strategy,
        "drawn_again": trial.unit.by == "customer" and len(trial.rollout.stages) > 1,
    }
    for name, part in _INPUTS.items():
        connection.register(name, getattr(inputs, part))
    try:
        connection.execute(_SQL, parameters)
        yield _cells(moment)
    finally:
        for name in _INPUTS:
            connection.unregister(name)
        connection.execute(f"DROP TABLE IF EXISTS {UNITS}")


def _cells(moment: MomentLike) -> tuple[Cell, ...]:
    query = f"""
        SELECT round(treated_chance, 6) AS chance, arm, count(*) FILTER (complete), count(*),
               count(*) FILTER (complete AND exposed_on IS NOT NULL), coalesce(sum(cost) FILTER (complete), 0)
        FROM {UNITS} GROUP BY ALL ORDER BY ALL"""
    return tuple(Cell(*row) for row in moment.connection.execute(query).fetchall())


def silent_metrics(moment: MomentLike, trial: Trial) -> tuple[str, ...]:
    """Return guard-rails of which nothing has happened to anybody: there is nothing to compare, and no harm."""
    watched = [
        one.metric
        for one in trial.metrics.guardrails
        if one.metric != trial.metrics.primary and not OUTCOMES[one.metric].higher_is_better
    ]
    if not watched:
        return ()
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in watched)
    [row] = moment.connection.execute(f"SELECT {sums} FROM {UNITS} WHERE complete").fetchall()
    return tuple(name for name, total in zip(watched, row, strict=True) if total == 0)


def telling_covariates(moment: MomentLike, chances: tuple[float, ...]) -> tuple[str, ...]:
    """Return the covariates that differ between customers: one that is the same of all explains nothing."""
    listed = ", ".join(repr(chance) for chance in chances) or "NULL"
    spans = ", ".join(f"min({name}) < max({name})" for name in COVARIATES)
    query = f"SELECT {spans} FROM {UNITS} WHERE complete AND round(treated_chance, 6) IN ({listed})"
    [row] = moment.connection.execute(query).fetchall()
    return tuple(name for name, differs in zip(COVARIATES, row, strict=True) if differs)


def select_units(metrics: tuple[str, ...], chances: tuple[float, ...]) -> str:
    """Return the query that an analysis reads: complete windows at chances that leave both arms open."""
    listed = ", ".join(repr(chance) for chance in chances)
    return f"""
        SELECT draw, arm, entered_on, drawn_unit, round(treated_chance, 6)::VARCHAR || ' ' || stratum AS stratum,
               {", ".join(metrics)}, {", ".join(COVARIATES)}, {", ".join(SEGMENTS)}
        FROM {UNITS} WHERE complete AND round(treated_chance, 6) IN ({listed}) ORDER BY customer_id, turn"""
