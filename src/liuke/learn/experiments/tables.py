"""Tables of the experiments room: first assignments (operational, copied to the lake) and effects (lake)."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.kernel import ColumnSpec, PersonalData, TableSpec
from liuke.store.operations import metadata

assignments = sa.Table(
    "assignments",
    metadata,
    sa.Column("experiment", sa.String(80), primary_key=True),
    sa.Column("customer_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("arm", sa.String(32), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("assigned_on", sa.Date, nullable=False),
    sa.Index("assignments_by_customer", "customer_id"),
    comment="The first assignment of a customer in an experiment; it stands whatever changes later.",
)

ASSIGNMENTS = TableSpec(
    name="assignments",
    grain="first assignment of a customer in an experiment",
    key=("experiment", "customer_id"),
    columns=(
        ColumnSpec("experiment", "VARCHAR", "A strategy's id, or `global_control`.", required=True),
        ColumnSpec("customer_id", "BIGINT", "The customer.", personal=PersonalData.PSEUDONYM, required=True),
        ColumnSpec("arm", "VARCHAR", "`global_control`/`open` in the first draw, then `control`/`treated`."),
        ColumnSpec("probability", "DOUBLE", "Chance of this arm in its own draw.", unit="share"),
        ColumnSpec("assigned_on", "DATE", "Shop-local day of the draw."),
    ),
    doc="Propensity log: every later estimate starts from it.",
)

EFFECTS = TableSpec(
    name="effects",
    grain="strategy × metric × as_of",
    key=("as_of", "strategy", "metric"),
    columns=(
        ColumnSpec("as_of", "DATE", "Outcomes of days before it.", required=True),
        ColumnSpec("strategy", "VARCHAR", "The strategy's id.", required=True),
        ColumnSpec("metric", "VARCHAR", "`repurchase` or `margin`.", required=True),
        ColumnSpec("treated_n", "BIGINT", "Treated customers with a complete window."),
        ColumnSpec("treated_mean", "DOUBLE", "Mean of the metric among them.", unit="share or minor units"),
        ColumnSpec("control_n", "BIGINT", "Control customers with a complete window."),
        ColumnSpec("control_mean", "DOUBLE", "Mean of the metric among them.", unit="share or minor units"),
        ColumnSpec("difference", "DOUBLE", "Treated minus control.", unit="share or minor units"),
        ColumnSpec("low", "DOUBLE", "Lower end of the confidence interval.", unit="share or minor units"),
        ColumnSpec("high", "DOUBLE", "Upper end of the confidence interval.", unit="share or minor units"),
        ColumnSpec("level", "DOUBLE", "Coverage of the interval.", unit="share"),
        ColumnSpec("srm_p", "DOUBLE", "p-value of the arms' sizes under the draw."),
        ColumnSpec("pending_n", "BIGINT", "Customers left out: their window is not complete."),
        ColumnSpec("verdict", "VARCHAR", "`works`, `does_not_work` or `too_early`."),
        ColumnSpec("reason", "VARCHAR", "Why, as JSON {zh, en}."),
    ),
    doc="What each strategy changed, read from treated against control as randomised.",
)
