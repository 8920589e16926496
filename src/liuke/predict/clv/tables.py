"""The tables of customer values."""

from __future__ import annotations

from liuke.kernel.tables import ColumnSpec, PersonalData, TableSpec

CUSTOMER_VALUES = TableSpec(
    name="customer_values",
    grain="buyer × as_of",
    key=("as_of", "customer_id"),
    columns=(
        ColumnSpec("as_of", "DATE", "day at whose midnight the value was computed", required=True),
        ColumnSpec("customer_id", "BIGINT", "the customer", personal=PersonalData.PSEUDONYM, required=True),
        ColumnSpec("horizon_days", "INT", "days ahead that count", unit="days"),
        ColumnSpec("expected_purchases", "DOUBLE", "expected days with a purchase in the horizon", unit="days"),
        ColumnSpec("value_minor", "BIGINT", "expected discounted margin in the horizon", unit="minor currency units"),
        ColumnSpec("low_minor", "BIGINT", "lower end of what one such customer may bring", unit="minor currency units"),
        ColumnSpec(
            "high_minor",
            "BIGINT",
            "upper end, at least the value",
            unit="minor currency units",
        ),
        ColumnSpec("model", "VARCHAR", "the model that was used"),
        ColumnSpec("margin_rate", "DOUBLE", "assumed margin where a product's cost is unknown", unit="share, 0 to 1"),
    ),
    doc="Customer lifetime value (CLV): what each buyer is expected to bring, with a prediction interval.",
)

GROUP_VALUES = TableSpec(
    name="group_values",
    grain="grouping × group × as_of",
    key=("as_of", "grouping", "member_of"),
    columns=(
        ColumnSpec("as_of", "DATE", "day at whose midnight the values were computed", required=True),
        ColumnSpec("grouping", "VARCHAR", "all, level, stage or segment", required=True),
        ColumnSpec("member_of", "VARCHAR", "which level, lifecycle stage or segment", required=True),
        ColumnSpec("customers", "BIGINT", "buyers in the group"),
        ColumnSpec("value_minor", "BIGINT", "their value together", unit="minor currency units"),
        ColumnSpec("value_low_minor", "BIGINT", "lower end of what they may bring", unit="minor currency units"),
        ColumnSpec("value_high_minor", "BIGINT", "upper end", unit="minor currency units"),
        ColumnSpec("horizon_days", "INT", "days ahead of the value", unit="days"),
        ColumnSpec("scored", "BIGINT", "customers of the group with a churn score"),
        ColumnSpec(
            "at_risk_minor",
            "BIGINT",
            "sum of P(churn) × expected margin in the horizon if they stay; empty where nobody is scored",
            unit="minor currency units",
        ),
        ColumnSpec("at_risk_low_minor", "BIGINT", "lower end of what may be lost", unit="minor currency units"),
        ColumnSpec("at_risk_high_minor", "BIGINT", "upper end", unit="minor currency units"),
        ColumnSpec("at_risk_days", "INT", "days ahead of the churn score", unit="days"),
        ColumnSpec("level", "DOUBLE", "coverage of the intervals", unit="share, 0 to 1"),
    ),
    doc="What groups of customers are worth and what they may take with them, with prediction intervals.",
)
