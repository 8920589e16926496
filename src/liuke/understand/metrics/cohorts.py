"""Customers by the month of their first purchase, and how many of them bought in each month since."""

from __future__ import annotations

import datetime as dt

import duckdb
import pyarrow as pa

from liuke.understand.metrics.periods import months_before


def cohort_table(connection: duckdb.DuckDBPyConnection, as_of: dt.date) -> pa.Table:
    """Return the cohorts of all complete months.

    Returns
    -------
    pa.Table
        `as_of, cohort, month_index, customers, active`, ordered by cohort and month; a month without a buyer is a row
        with 0. The running month is left out, as a cohort and as a month of older ones.
    """
    end = months_before(as_of, 0)
    return connection.sql(f"""
        WITH months AS (
            SELECT DISTINCT customer_id, (year(occurred_on) * 12 + month(occurred_on))::BIGINT AS number FROM purchases
            WHERE occurred_on < DATE '{end}'
        ),
        born AS (SELECT customer_id, min(number) AS born FROM months GROUP BY customer_id),
        sizes AS (SELECT born, count(*) AS customers FROM born GROUP BY born),
        cells AS (
            SELECT born, number, count(*) AS active FROM months JOIN born USING (customer_id) GROUP BY born, number
        ),
        grid AS (
            SELECT born, customers, unnest(range(born, {end.year * 12 + end.month})) AS number FROM sizes
        )
        SELECT DATE '{as_of}' AS as_of, make_date(((born - 1) // 12)::INT, ((born - 1) % 12 + 1)::INT, 1) AS cohort,
               (number - born)::BIGINT AS month_index, customers::BIGINT AS customers,
               coalesce(active, 0)::BIGINT AS active
        FROM grid LEFT JOIN cells USING (born, number) ORDER BY cohort, month_index""").to_arrow_table()
