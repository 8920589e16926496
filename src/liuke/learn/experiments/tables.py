"""Tables of the experiments room: arms and units, trials with their reports and money (operational); effects (lake)."""

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

trial_units = sa.Table(
    "trial_units",
    metadata,
    sa.Column("experiment", sa.String(80), primary_key=True),
    sa.Column("customer_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("unit_id", sa.BigInteger, nullable=False),  # the customer, or the household, region or block drawn
    sa.Column("stratum", sa.String(200), nullable=False, server_default=""),
    sa.Column("seat", sa.BigInteger),  # NULL where the point is the unit's own hash
    sa.Column("point", sa.Float, nullable=False),
    sa.Column("released_on", sa.Date),  # control customers whom a larger share reached after their window
    sa.Index("trial_units_by_unit", "experiment", "unit_id"),
    comment="Where each customer of a staged, stratified or clustered trial stands in [0, 1).",
)

trials = sa.Table(
    "trials",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("strategy", sa.String(64), nullable=False),
    sa.Column("strategy_version", sa.String(16), nullable=False, server_default=""),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("by_default", sa.Boolean, nullable=False),
    sa.Column("salt", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(32), nullable=False, server_default=""),
    sa.Column("stage", sa.Integer, nullable=False, server_default="0"),
    sa.Column("stage_since", sa.Date),
    sa.Column("growing", sa.Boolean, nullable=False, server_default=sa.true()),  # False after a roll-back by a person
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("started_on", sa.Date),
    sa.Column("ended_on", sa.Date),
    sa.Index("trials_by_strategy", "strategy", "state"),
    comment="Trials: document fixed by its hash at the start, state, stage.",
)

trial_events = sa.Table(
    "trial_events",
    metadata,
    sa.Column("trial", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("stage", sa.Integer, nullable=False),
    sa.Column("treated_share", sa.Float, nullable=False),
    sa.Column("zh", sa.Text, nullable=False, server_default=""),
    sa.Column("en", sa.Text, nullable=False, server_default=""),
    comment="What happened to a trial, by whom, and why.",
)

trial_reports = sa.Table(
    "trial_reports",
    metadata,
    sa.Column("trial", sa.String(64), primary_key=True),
    sa.Column("as_of", sa.Date, primary_key=True),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("report", sa.Text, nullable=False),
    comment="The read-out of a trial as of a day, as JSON.",
)

trial_gains = sa.Table(
    "trial_gains",
    metadata,
    sa.Column("trial", sa.String(64), primary_key=True),
    sa.Column("strategy", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("treated_n", sa.BigInteger, nullable=False),
    sa.Column("gain_minor", sa.BigInteger, nullable=False),
    sa.Column("gain_low_minor", sa.BigInteger, nullable=False),
    sa.Column("gain_high_minor", sa.BigInteger, nullable=False),
    sa.Column("cost_minor", sa.BigInteger, nullable=False),
    sa.Column("booked_minor", sa.BigInteger, nullable=False),
    sa.Column("level", sa.Float, nullable=False),
    comment="Money of each trial as last read: booked only what the control group has proven.",
)

trial_facts = sa.Table(
    "trial_facts",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),  # planning, regions
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    comment="What planning starts from: the shop's own rates and its regions, as last computed.",
)

ASSIGNMENTS = TableSpec(
    name="assignments",
    grain="first assignment of a customer in an experiment",
    key=("experiment", "customer_id"),
    columns=(
        ColumnSpec("experiment", "VARCHAR", "A strategy's or trial's id, or `global_control`.", required=True),
        ColumnSpec("customer_id", "BIGINT", "The customer.", personal=PersonalData.PSEUDONYM, required=True),
        ColumnSpec("arm", "VARCHAR", "`global_control`/`open` in the first draw, then `control`/`treated`."),
        ColumnSpec("probability", "DOUBLE", "Chance of this arm in its own draw.", unit="share"),
        ColumnSpec("assigned_on", "DATE", "Shop-local day of the draw."),
        ColumnSpec("conflict", "BOOLEAN", "Merged with a customer whose older assignment in another arm stands."),
        ColumnSpec("exposed_on", "DATE", "Day (UTC) of the first message of the strategy that was really sent."),
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
        ColumnSpec(
            "verdict",
            "VARCHAR",
            "`works`, `does_not_pay` (at a loss), `does_not_work` or `too_early`.",
        ),
        ColumnSpec("reason", "VARCHAR", "Why, as JSON {zh, en}."),
    ),
    doc="What each strategy changed, read from treated against control as randomised.",
)
