"""Read what purchase models need from a moment's ``purchases`` view."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import duckdb
import numpy as np

from liuke.predict.clv.contracts import PurchaseSummary

# Several orders on one day are one purchase: split parcels and second thoughts are no repeat purchase. Days without a
# known amount count as days; who has no other is taken for one of all.
SUMMARY_SQL = """
WITH days AS (
    SELECT customer_id, occurred_on, sum(margin_minor) AS margin_minor
    FROM purchases WHERE occurred_on < $as_of GROUP BY customer_id, occurred_on
)
, customers AS (
SELECT customer_id,
       count(*) - 1.0 AS frequency,
       (max(occurred_on) - min(occurred_on))::DOUBLE AS recency_days,
       ($as_of - min(occurred_on))::DOUBLE AS t_days,
       sum(margin_minor)::DOUBLE / count(margin_minor) AS mean_margin_minor
FROM days GROUP BY customer_id
)
SELECT * REPLACE (coalesce(mean_margin_minor, avg(mean_margin_minor) OVER (), 0.0) AS mean_margin_minor)
FROM customers ORDER BY customer_id
"""


class PurchaseMoment(Protocol):
    """What a summary needs of a moment."""

    @property
    def as_of(self) -> date:
        """The day at whose midnight history ends."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with the view ``purchases``."""


def priced(moment: PurchaseMoment) -> bool:
    """Say whether any order of a moment has a known amount."""
    [(n,)] = moment.connection.execute("SELECT count(margin_minor) FROM purchases").fetchall()
    return bool(n)


def summarise(moment: PurchaseMoment) -> PurchaseSummary:
    """Summarise the purchases known at a moment, one row per customer who has bought.

    Parameters
    ----------
    moment : Moment
        From ``liuke.collect.history``.
    """
    rows = moment.connection.execute(SUMMARY_SQL, {"as_of": moment.as_of}).fetchnumpy()
    return PurchaseSummary(
        customer_id=np.asarray(rows["customer_id"], dtype=np.int64),
        frequency=np.asarray(rows["frequency"], dtype=np.float64),
        recency_days=np.asarray(rows["recency_days"], dtype=np.float64),
        T_days=np.asarray(rows["t_days"], dtype=np.float64),
        mean_margin_minor=np.asarray(rows["mean_margin_minor"], dtype=np.float64),
    )
