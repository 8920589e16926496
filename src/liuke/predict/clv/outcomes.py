"""What did customers bring after a cutoff? The answer sheet of value models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.predict.clv.ports import Moment

# A customer known at the cutoff may have been merged into another by the time the outcome is read.
OUTCOME_SQL = """
SELECT s.customer_id, count(DISTINCT p.occurred_on)::DOUBLE AS purchases,
       coalesce(sum(p.margin_minor), 0)::DOUBLE AS margin_minor
FROM subjects s
LEFT JOIN identity_map m ON m.identity_id = s.customer_id
LEFT JOIN purchases p ON p.customer_id = coalesce(m.customer_id, s.customer_id)
                     AND p.occurred_on >= $start AND p.occurred_on < $stop
GROUP BY s.customer_id ORDER BY s.customer_id
"""


@dataclass(frozen=True)
class ValueOutcomes:
    """What customers did in a period; float64 arrays of shape (n_customers,), ordered by customer id.

    Attributes
    ----------
    purchases
        Days with a purchase.
    margin_minor
        Margin, minor units.
    """

    purchases: npt.NDArray[np.float64]
    margin_minor: npt.NDArray[np.float64]


def read_value_outcomes(
    later: Moment, customer_id: npt.NDArray[np.int64], start: date, horizon_days: int
) -> ValueOutcomes:
    """Read the ``horizon_days`` days from ``start`` on, as they are known at a later moment.

    Parameters
    ----------
    later : Moment
        Of ``start + horizon_days`` or later.
    customer_id : int64 array, shape (n_customers,), ascending
    """
    stop = start + timedelta(days=horizon_days)
    if later.as_of < stop:
        raise ValueError(f"outcomes up to {stop} can't be read at {later.as_of}")
    engine = later.connection  # its views are temporary: a cursor of its own would not see them
    engine.register("subjects", pa.table({"customer_id": customer_id}))
    try:
        rows = engine.execute(OUTCOME_SQL, {"start": start, "stop": stop}).fetchnumpy()
    finally:
        engine.unregister("subjects")
    return ValueOutcomes(
        np.asarray(rows["purchases"], dtype=np.float64), np.asarray(rows["margin_minor"], dtype=np.float64)
    )
