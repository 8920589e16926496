"""Who is asked the question at a moment, and what was the answer?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.predict.churn.ports import Moment
from liuke.predict.clv import PurchaseSummary

# A customer known at the cutoff may have been merged into another by the time the outcome is read.
OUTCOME_SQL = """
SELECT s.customer_id, count(p.order_id) > 0 AS bought, coalesce(sum(p.margin_minor), 0)::DOUBLE AS margin_minor
FROM subjects s
LEFT JOIN identity_map m ON m.identity_id = s.customer_id
LEFT JOIN purchases p ON p.customer_id = coalesce(m.customer_id, s.customer_id)
                     AND p.occurred_on >= $start AND p.occurred_on < $stop
GROUP BY s.customer_id ORDER BY s.customer_id
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
    """

    churned: npt.NDArray[np.float64]
    margin_minor: npt.NDArray[np.float64]


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
    engine.register("subjects", pa.table({"customer_id": customer_id}))
    try:
        rows = engine.execute(OUTCOME_SQL, {"start": cutoff, "stop": stop}).fetchnumpy()
    finally:
        engine.unregister("subjects")
    return Outcomes(
        churned=1.0 - np.asarray(rows["bought"], dtype=np.float64),
        margin_minor=np.asarray(rows["margin_minor"], dtype=np.float64),
    )
