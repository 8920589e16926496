"""The stored assignments as a table for the lake: arm, chance, whether a merge contradicts it, first real message."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from liuke.learn.experiments.tables import assignments, trials
from liuke.store.lake import connect

_SCHEMA = pa.schema(
    [
        ("experiment", pa.string()),
        ("customer_id", pa.int64()),
        ("arm", pa.string()),
        ("probability", pa.float64()),
        ("assigned_on", pa.date32()),
    ]
)
_NO_MAP = pa.schema([("identity_id", pa.int64()), ("customer_id", pa.int64())]).empty_table()
_NO_CONTACTS = pa.schema(
    [("strategy", pa.string()), ("customer_id", pa.int64()), ("state", pa.string()), ("sent_at", pa.timestamp("us"))]
).empty_table()
_STRATEGIES = pa.schema([("experiment", pa.string()), ("strategy", pa.string())])

# Of a merged customer's assignments the oldest stands; another arm drawn later is a conflict. Ties break as in the
# allocator.
_LOG = """
WITH known AS (
    SELECT a.*, coalesce(m.customer_id, a.customer_id) AS person, coalesce(s.strategy, a.experiment) AS strategy
    FROM assigned a
    LEFT JOIN merged m ON m.identity_id = a.customer_id
    LEFT JOIN strategies s USING (experiment)
),
exposed AS (
    SELECT c.strategy, coalesce(m.customer_id, c.customer_id) AS person, min(c.sent_at)::DATE AS exposed_on
    FROM contacts c LEFT JOIN merged m ON m.identity_id = c.customer_id
    WHERE c.state = 'sent' AND c.sent_at IS NOT NULL
    GROUP BY ALL
)
SELECT k.experiment, k.customer_id, k.arm, k.probability, k.assigned_on,
       k.arm <> first_value(k.arm) OVER (
           PARTITION BY k.experiment, k.person ORDER BY k.assigned_on, k.arm, k.customer_id
       ) AS conflict,
       e.exposed_on
FROM known k LEFT JOIN exposed e ON e.strategy = k.strategy AND e.person = k.person AND k.arm = 'treated'
ORDER BY k.experiment, k.customer_id
"""


def export_assignments(
    connection: sa.Connection, identity_map: pa.Table | None = None, contacts: pa.Table | None = None
) -> pa.Table:
    """Return every stored assignment, shaped like the lake table ``assignments``.

    Parameters
    ----------
    connection
        Of the operational store.
    identity_map
        ``identity_id, customer_id`` of merged customers; by default nobody was merged.
    contacts
        Messages (``strategy, customer_id, state, sent_at``); by default none was sent.
    """
    columns = assignments.c
    stored = connection.execute(sa.select(assignments).order_by(columns.experiment, columns.customer_id))
    rows = pa.Table.from_pylist([dict(row._mapping) for row in stored], schema=_SCHEMA)
    salts = connection.execute(sa.select(trials.c.strategy, trials.c.salt).distinct()).all()
    # a salt ends with the experiment's name; of most trials that is the strategy itself
    named = sorted({(salt.rpartition("/")[2], strategy) for strategy, salt in salts})
    strategies = pa.Table.from_pylist([{"experiment": e, "strategy": s} for e, s in named], schema=_STRATEGIES)
    with connect() as engine:
        engine.register("assigned", rows)
        engine.register("strategies", strategies)
        engine.register("merged", _NO_MAP if identity_map is None else identity_map)
        engine.register("contacts", _NO_CONTACTS if contacts is None else contacts)
        log: Any = engine.sql(_LOG).to_arrow_table()
    return log
