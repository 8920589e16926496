"""The tables of warnings, of their thresholds, and of how past warnings came out."""

from __future__ import annotations

from liuke.kernel.tables import ColumnSpec, PersonalData, TableSpec

_MINOR = "minor currency units"

WARNINGS = TableSpec(
    name="warnings",
    grain="scored customer × as_of",
    key=("as_of", "customer_id"),
    columns=(
        ColumnSpec("as_of", "DATE", "day at whose midnight the score was made", required=True),
        ColumnSpec("customer_id", "BIGINT", "the customer", personal=PersonalData.PSEUDONYM, required=True),
        ColumnSpec("level", "VARCHAR", "blue, yellow, orange or red", required=True),
        ColumnSpec("value_at_risk_minor", "BIGINT", "P(churn) × expected margin in the horizon if they stay", _MINOR),
        ColumnSpec("stage", "VARCHAR", "lifecycle stage that the customer was compared with"),
        ColumnSpec(
            "expected_profit_minor",
            "BIGINT",
            "value at risk × assumed share kept − cost, by the level's contact (blue and yellow: an offer)",
            _MINOR,
        ),
        ColumnSpec("lifted", "BOOLEAN", "stands above blue only because of a silent decline"),
        ColumnSpec("graduated", "BOOLEAN", "has outgrown the range: counted apart, never worth a win-back"),
        ColumnSpec(
            "drift",
            "VARCHAR",
            "JSON: {checked: behaviours with enough data, found: list of {behaviour, recent, usual, change, zh, en}}; "
            "missing if the detectors did not run",
        ),
        ColumnSpec("reasons", "VARCHAR", "JSON: reasons of churn_scores with silent drift in its place"),
    ),
    doc="Four warning levels by what a contact is expected to bring and by how many customers the shop can look after.",
)

WARNING_THRESHOLDS = TableSpec(
    name="warning_thresholds",
    grain="lifecycle stage × level × as_of",
    key=("as_of", "stage", "level"),
    columns=(
        ColumnSpec("as_of", "DATE", "day of the warnings", required=True),
        ColumnSpec("stage", "VARCHAR", "lifecycle stage", required=True),
        ColumnSpec("level", "VARCHAR", "red (a call) or orange (an offer)", required=True),
        ColumnSpec("scored", "BIGINT", "scored customers of the stage"),
        ColumnSpec("customers", "BIGINT", "of them, those at the level"),
        ColumnSpec("usual_probability", "DOUBLE", "mean churn probability of the stage", "share, 0 to 1"),
        ColumnSpec("margin_minor", "DOUBLE", "median margin at stake of the stage's customers", _MINOR),
        ColumnSpec(
            "pays_from", "DOUBLE", "probability from which the contact pays at that margin; missing: never", "share"
        ),
        ColumnSpec("profit_from_minor", "DOUBLE", "lowest expected profit that still got a place; 0: all did", _MINOR),
        ColumnSpec("lowest_probability", "DOUBLE", "lowest probability at the level; missing: nobody", "share, 0 to 1"),
        ColumnSpec("at_capacity", "BOOLEAN", "capacity ran out before all customers worth the contact had a place"),
        ColumnSpec("save_share", "DOUBLE", "assumed share of leaving customers whom the contact keeps", "share"),
        ColumnSpec("cost_minor", "BIGINT", "of one contact", _MINOR),
        ColumnSpec("capacity", "BIGINT", "contacts of this kind per run"),
    ),
    doc="Where the thresholds of the warning levels lay, per lifecycle stage, and why.",
)

WARNING_BACKTEST = TableSpec(
    name="warning_backtest",
    grain="past week × day of the backtest",
    key=("as_of", "week"),
    columns=(
        ColumnSpec("as_of", "DATE", "the day from which was looked back", required=True),
        ColumnSpec("week", "DATE", "day at whose midnight customers were warned, with what was known then"),
        ColumnSpec("horizon_days", "INT", "days without a purchase that count as having left", "days"),
        ColumnSpec("model_version", "VARCHAR", "the model, trained on or before the week"),
        ColumnSpec("final_on", "DATE", "first day on which the outcome is complete"),
        ColumnSpec("scored", "BIGINT", "active buyers who were scored"),
        ColumnSpec("warned", "BIGINT", "of them orange or red"),
        ColumnSpec("yellow", "BIGINT", "of them yellow"),
        ColumnSpec("churned", "BIGINT", "of the scored, those who left; missing before final_on"),
        ColumnSpec("warned_churned", "BIGINT", "of the warned, those who left"),
        ColumnSpec("yellow_churned", "BIGINT", "of the yellow, those who left"),
        ColumnSpec("missed", "BIGINT", "left without having been warned (yellow or blue)"),
        ColumnSpec("missed_paying", "BIGINT", "of the missed, those whom an offer would have paid: no capacity"),
        ColumnSpec("value_churned_minor", "BIGINT", "expected margin of those who left", _MINOR),
        ColumnSpec("value_warned_minor", "BIGINT", "of it, of the warned", _MINOR),
        ColumnSpec("first_warned", "BIGINT", "warned this week, not the week before, and left"),
        ColumnSpec("in_time", "BIGINT", "of them, at least 72 hours before their expected interval ended"),
        ColumnSpec("lead_days_low", "DOUBLE", "their lead time, lower quartile; negative is too late", "days"),
        ColumnSpec("lead_days_median", "DOUBLE", "median", "days"),
        ColumnSpec("lead_days_high", "DOUBLE", "upper quartile", "days"),
    ),
    doc="For each past week: how many were warned, how many of them left, how early, who was missed.",
)

INTERVENTIONS = TableSpec(
    name="interventions",
    grain="as_of",
    key=("as_of",),
    columns=(
        ColumnSpec("as_of", "DATE", "outcomes of days before it", required=True),
        ColumnSpec("period_start", "DATE", "those looked at were active buyers at its midnight"),
        ColumnSpec("period_end", "DATE", "they had not bought by then"),
        ColumnSpec("horizon_days", "INT", "days without a purchase that count as having left", "days"),
        ColumnSpec("value", "DOUBLE", "intervened in time: numerator ÷ denominator; missing if not known", "share"),
        ColumnSpec("numerator", "DOUBLE", "leavers contacted at least 72 hours before their expected interval ended"),
        ColumnSpec("denominator", "DOUBLE", "leavers, those held back and those who have outgrown the range left out"),
        ColumnSpec("held_back", "BIGINT", "left too, and in a control group: counted apart"),
        ColumnSpec("graduated", "BIGINT", "bought no more because they have outgrown the range: counted apart"),
        ColumnSpec("note", "VARCHAR", "why there is no value, in Chinese and English"),
    ),
    doc="Of those who left, how many were contacted in time (干预及时率).",
)
