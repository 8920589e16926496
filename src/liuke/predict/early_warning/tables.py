"""The table of warnings."""

from __future__ import annotations

from liuke.kernel.tables import ColumnSpec, PersonalData, TableSpec

WARNINGS = TableSpec(
    name="warnings",
    grain="scored customer × as_of",
    key=("as_of", "customer_id"),
    columns=(
        ColumnSpec("as_of", "DATE", "day at whose midnight the score was made", required=True),
        ColumnSpec("customer_id", "BIGINT", "the customer", personal=PersonalData.PSEUDONYM, required=True),
        ColumnSpec("level", "VARCHAR", "blue, yellow, orange or red", required=True),
        ColumnSpec(
            "value_at_risk_minor",
            "BIGINT",
            "P(churn) × expected margin in the horizon if they stay",
            unit="minor currency units",
        ),
    ),
    doc="Four warning levels by value at stake and by how many customers the shop can look after.",
)
