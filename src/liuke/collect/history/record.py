"""From which day to which day does the shop keep a record? A lone row far from all others doesn't say.

A typing error of a year (2001 for 2021) is a plausible date, so no bound at the door refuses it. What gives it away is
that it stands alone: a long silence, and next to nothing beyond it.
"""

from __future__ import annotations

from datetime import date

import duckdb

SILENCE_DAYS = 90  # a shop that rests does so for a season at most
STRAY_SHARE = 0.01  # of all rows; so a shop with fewer than a hundred never loses one of them


def record_days(connection: duckdb.DuckDBPyConnection, dated: str) -> tuple[date, date] | None:
    """Return the first and the last day of a record, without strays; None if there is no row.

    Parameters
    ----------
    connection : DuckDBPyConnection
    dated : str
        SELECT of a column ``day``.

    Examples
    --------
    >>> days = "SELECT DATE '2025-01-01' + i::INTEGER AS day FROM range(200) t(i) UNION ALL SELECT DATE '2001-05-05'"
    >>> [str(day) for day in record_days(duckdb.connect(), days)]
    ['2025-01-01', '2025-07-19']
    """
    first, last = connection.execute(f"""
        WITH days AS (SELECT day, count(*) AS n FROM ({dated}) WHERE day IS NOT NULL GROUP BY day),
        placed AS (
            SELECT day, day - lag(day) OVER (ORDER BY day) AS silent_before,
                   lead(day) OVER (ORDER BY day) - day AS silent_after,
                   sum(n) OVER (ORDER BY day) - n AS n_before, sum(n) OVER (ORDER BY day DESC) - n AS n_after,
                   sum(n) OVER () * {STRAY_SHARE} AS few
            FROM days
        )
        SELECT coalesce(max(day) FILTER (silent_before > {SILENCE_DAYS} AND n_before <= few), min(day)),
               coalesce(min(day) FILTER (silent_after > {SILENCE_DAYS} AND n_after <= few), max(day))
        FROM placed""").fetchall()[0]
    return (first, last) if first is not None else None
