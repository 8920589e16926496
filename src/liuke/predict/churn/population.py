"""Who is asked the question at a moment, and what was the answer?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.predict.churn.ports import Moment
from liuke.predict.clv import PurchaseSummary

# From this age on a child has outgrown a mother-and-baby shop's range: the default of the tag `outgrown`.
GRADUATION_MONTHS = 72

# A customer known at the cutoff may have been merged into another by the time the outcome is read. A customer has
# graduated if all children known at the later moment were old enough when the horizon ended, and none was expected.
OUTCOME_SQL = """
WITH found AS (
    SELECT s.customer_id AS subject, coalesce(m.customer_id, s.customer_id) AS customer_id
    FROM subjects s LEFT JOIN identity_map m ON m.identity_id = s.customer_id
), families AS (
    SELECT customer_id, count(birth_month) = count(*) AND max(birth_month) <= $grown_before AS graduated
    FROM children GROUP BY customer_id
), bought AS (
    SELECT customer_id, min(occurred_on) AS first_on, sum(margin_minor) AS margin_minor
    FROM purchases WHERE occurred_on >= $start AND occurred_on < $stop GROUP BY customer_id
)
SELECT f.subject, b.first_on IS NOT NULL AS bought, coalesce(b.margin_minor, 0)::DOUBLE AS margin_minor,
       (b.first_on - $start)::DOUBLE AS days, coalesce(families.graduated, false) AS graduated
FROM found f LEFT JOIN bought b USING (customer_id) LEFT JOIN families USING (customer_id)
ORDER BY f.subject
"""


@dataclass(frozen=True)
class Outcomes:
    """What customers did in the horizon; arrays of shape (n_customers,), ordered by customer id.

    Attributes
    ----------
    churned : float64
        1 without a purchase in the horizon, else 0.
    margin_minor : float64
        Margin of purchases in the horizon, minor units.
    days : float64
        Days from the cutoff to the first purchase; NaN without one: the time is censored at the horizon.
    graduated : bool
        No purchase, and by the end of the horizon every known child had outgrown the range: no loss, counted apart.
    """

    churned: npt.NDArray[np.float64]
    margin_minor: npt.NDArray[np.float64]
    days: npt.NDArray[np.float64]
    graduated: npt.NDArray[np.bool_]


def active_buyers(summary: PurchaseSummary, window_days: int) -> npt.NDArray[np.bool_]:
    """Mark who bought within the ``window_days`` days before the moment."""
    active: npt.NDArray[np.bool_] = summary.since_last_days <= window_days
    return active


def read_outcomes(later: Moment, customer_id: npt.NDArray[np.int64], cutoff: date, horizon_days: int) -> Outcomes:
    """Read what the customers of a cutoff did in the ``horizon_days`` days from it on.

    Parameters
    ----------
    later : Moment
        Of ``cutoff + horizon_days`` or later.
    customer_id : int64 array, shape (n_customers,), ascending
    cutoff : date
    """
    stop = cutoff + timedelta(days=horizon_days)
    if later.as_of < stop:
        raise ValueError(f"outcomes up to {stop} can't be read at {later.as_of}")
    engine = later.connection  # its views are temporary: a cursor of its own would not see them
    wanted = {"start": cutoff, "stop": stop, "grown_before": months_before(stop, GRADUATION_MONTHS)}
    engine.register("subjects", pa.table({"customer_id": customer_id}))
    try:
        rows = engine.execute(OUTCOME_SQL, wanted).fetchnumpy()
    finally:
        engine.unregister("subjects")
    churned = 1.0 - np.asarray(rows["bought"], dtype=np.float64)
    return Outcomes(
        churned=churned,
        margin_minor=np.asarray(rows["margin_minor"], dtype=np.float64),
        days=np.ma.filled(np.ma.asarray(rows["days"], dtype=np.float64), np.nan),
        graduated=np.asarray(rows["graduated"], dtype=np.bool_) & (churned == 1),
    )


def months_before(day: date, months: int) -> date:
    """Return the first day of the month so many months before a day's month."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)
