"""Whom did a strategy try to keep at the time? They don't count; a random control group stands for them.

A contact changes the outcome that a model of churn learns from: who was won back looks as if they had never been at
risk, and the model forgets exactly those whom the shop acts upon. So customers of the treated arm of a strategy that
was at work around a cutoff are left out of training and judging, and so is everybody who got a message outside a trial.
The control arm was drawn at random from the same customers: each of its members stands for one divided by its share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.store.lake import connect

FloatArray = npt.NDArray[np.float64]

# A control share below this would let a handful of customers speak for the whole shop.
SMALLEST_SHARE = 0.05

ASSIGNMENTS = pa.schema(
    [
        ("experiment", pa.string()),
        ("customer_id", pa.int64()),
        ("arm", pa.string()),
        ("probability", pa.float64()),
        ("assigned_on", pa.date32()),
        ("exposed_on", pa.date32()),
    ]
)
CONTACTS = pa.schema([("customer_id", pa.int64()), ("sent_on", pa.date32())])

WEIGHT_SQL = """
WITH at_work AS (
    SELECT DISTINCT experiment FROM assignments WHERE exposed_on >= $start AND exposed_on < $stop
), drawn AS (
    SELECT customer_id,
           bool_or(arm <> 'control') AS treated,
           product(CASE WHEN arm = 'control' THEN 1 / greatest(probability, $smallest) ELSE 1 END) AS weight
    FROM assignments SEMI JOIN at_work USING (experiment)
    WHERE assigned_on < $stop AND arm IN ('control', 'treated') GROUP BY customer_id
), touched AS (
    SELECT DISTINCT customer_id FROM contacts WHERE sent_on >= $start AND sent_on < $stop
)
SELECT s.customer_id,
       CASE WHEN t.customer_id IS NOT NULL OR coalesce(d.treated, false) THEN 0.0
            ELSE coalesce(d.weight, 1.0) END AS weight
FROM subjects s LEFT JOIN drawn d USING (customer_id) LEFT JOIN touched t USING (customer_id)
ORDER BY s.customer_id
"""


@dataclass(frozen=True)
class Treated:
    """What is known of the shop's own contacts.

    Attributes
    ----------
    assignments : pyarrow.Table
        ``ASSIGNMENTS``: who was drawn into which arm (``treated`` or ``control``), with the chance of that arm, and the
        first day of a message that was really sent.
    contacts : pyarrow.Table
        ``CONTACTS``: messages that were really sent.
    """

    assignments: pa.Table
    contacts: pa.Table

    @classmethod
    def nobody(cls) -> Treated:
        """A shop that has never contacted anybody through a strategy."""
        return cls(ASSIGNMENTS.empty_table(), CONTACTS.empty_table())

    def weights(self, customer_id: npt.NDArray[np.int64], cutoff: date, horizon_days: int) -> FloatArray:
        """Return for how many customers each one stands at a cutoff; 0: left out, as treated.

        Parameters
        ----------
        customer_id : int64 array, shape (n_customers,), ascending
        cutoff : date
            A strategy is at work around it if it sent something in the horizon before or in the horizon after.
        """
        if not (self.assignments.num_rows or self.contacts.num_rows):
            return np.ones(customer_id.size)
        length = timedelta(days=horizon_days)
        wanted = {"start": cutoff - length, "stop": cutoff + length, "smallest": SMALLEST_SHARE}
        with connect() as engine:
            engine.register("assignments", self.assignments)
            engine.register("contacts", self.contacts)
            engine.register("subjects", pa.table({"customer_id": customer_id}))
            rows = engine.execute(WEIGHT_SQL, wanted).fetchnumpy()
        weights: FloatArray = np.asarray(rows["weight"], dtype=np.float64)
        return weights
