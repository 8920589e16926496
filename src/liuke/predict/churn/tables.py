"""The table of churn scores."""

from __future__ import annotations

from liuke.kernel.tables import ColumnSpec, PersonalData, TableSpec

CHURN_SCORES = TableSpec(
    name="churn_scores",
    grain="active buyer × as_of",
    key=("as_of", "customer_id"),
    columns=(
        ColumnSpec("as_of", "DATE", "day at whose midnight the score was made", required=True),
        ColumnSpec("customer_id", "BIGINT", "the customer", personal=PersonalData.PSEUDONYM, required=True),
        ColumnSpec(
            "probability", "DOUBLE", "calibrated probability of no purchase in the horizon", unit="share, 0 to 1"
        ),
        ColumnSpec("horizon_days", "INT", "length of the horizon", unit="days"),
        ColumnSpec(
            "expected_margin_minor",
            "BIGINT",
            "expected margin in the horizon if the customer stays, that is buys at least once",
            unit="minor currency units",
        ),
        ColumnSpec("model_version", "VARCHAR", "which model; its file lies in the workspace's models folder"),
        ColumnSpec(
            "reasons",
            "VARCHAR",
            "JSON: list of {family, direction, weight, tag, value, zh, en}; "
            "empty beyond the customers with most at stake",
        ),
        ColumnSpec(
            "expected_days",
            "INT",
            "days by which a purchase is as likely as not; missing if not within the horizon",
            unit="days",
        ),
    ),
    doc="Who will not buy again within the horizon, with what probability and for which reasons.",
)
