"""The tables that this room owns."""

from __future__ import annotations

from liuke.kernel.tables import ColumnSpec, TableSpec

METRICS = TableSpec(
    name="metrics",
    grain="metric × period × as_of",
    key=("as_of", "metric", "period_start", "period_end"),
    columns=(
        ColumnSpec("as_of", "DATE", "The day at whose 00:00 it was measured", required=True),
        ColumnSpec("metric", "VARCHAR", "Key of the figure in catalogue.yaml", required=True),
        ColumnSpec("period_start", "DATE", "First day of the period", required=True),
        ColumnSpec("period_end", "DATE", "First day after the period", required=True),
        ColumnSpec("value", "DOUBLE", "The figure; missing where there is not enough data", unit="as in the catalogue"),
        ColumnSpec("numerator", "DOUBLE", "What was counted or summed"),
        ColumnSpec("denominator", "DOUBLE", "What it is divided by; missing for a plain count or amount"),
        ColumnSpec("final_on", "DATE", "From this day on what customers do does not move it any more"),
        ColumnSpec("changed_on", "DATE", "Day on which a figure that was final changed, by what was recorded later"),
        ColumnSpec("value_before", "DOUBLE", "What it was before that", unit="as in the catalogue"),
        ColumnSpec("note", "VARCHAR", "Why there is no value, in Chinese and English"),
    ),
    doc="Key figures of the shop",
)

COHORTS = TableSpec(
    name="cohorts",
    grain="first-purchase month × months since × as_of",
    key=("as_of", "cohort", "month_index"),
    columns=(
        ColumnSpec("as_of", "DATE", "The day at whose 00:00 it was measured", required=True),
        ColumnSpec("cohort", "DATE", "First day of the month of the first purchase", required=True),
        ColumnSpec("month_index", "BIGINT", "Months since then; 0 is the month itself", required=True),
        ColumnSpec("customers", "BIGINT", "Customers of the cohort"),
        ColumnSpec("active", "BIGINT", "Of them, those who bought in that month"),
    ),
    doc="Customers by first purchase, and how many of them still buy; months that are not complete are left out",
)
