"""The table of customer values."""

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
        ColumnSpec("high_minor", "BIGINT", "upper end", unit="minor currency units"),
    ),
    doc="Customer lifetime value (CLV): what each buyer is expected to bring, with a prediction interval.",
)
