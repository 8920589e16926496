"""Tables of the outreach room: the outbox (operational) and its copy without addresses for the lake."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.kernel import ColumnSpec, PersonalData, TableSpec
from liuke.store.operations import metadata

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("strategy", sa.String(64), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("customer_id", sa.BigInteger, nullable=False),
    sa.Column("entry", sa.String(64), nullable=False),
    sa.Column("node", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("template", sa.String(64), nullable=False),
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("planned_on", sa.Date, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False, server_default=""),
    sa.Column("due_at", sa.DateTime),  # NULL: at once
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("worker", sa.String(64)),
    sa.Column("transport", sa.String(32)),
    sa.Column("claimed_at", sa.DateTime),
    sa.Column("sending_at", sa.DateTime),
    sa.Column("sent_at", sa.DateTime),
    sa.Column("inbox", sa.String(32)),  # keyed hash of the address, since the claim; NULL before
    sa.UniqueConstraint("strategy", "customer_id", "entry", "node", name="outbox_once"),
    sa.Index("outbox_by_state", "state", "due_at", "message_id"),
    sa.Index("outbox_by_customer", "customer_id"),
    sa.Index("outbox_by_inbox", "inbox"),
    comment="One row per message, whatever crashes. Holds no address: it is looked up at the moment of claiming.",
)

CONTACTS = TableSpec(
    name="contacts",
    grain="one message × as_of of its last state",
    key=("as_of", "message_id"),
    columns=(
        ColumnSpec("as_of", "DATE", "Messages planned before or on this day.", required=True),
        ColumnSpec("message_id", "BIGINT", "The message.", required=True),
        ColumnSpec("strategy", "VARCHAR", "The strategy's id."),
        ColumnSpec("version", "VARCHAR", "Version of the strategy that planned it."),
        ColumnSpec("customer_id", "BIGINT", "The customer.", personal=PersonalData.PSEUDONYM),
        ColumnSpec("entry", "VARCHAR", "Which entry of the customer."),
        ColumnSpec("node", "VARCHAR", "Which step of the strategy."),
        ColumnSpec("channel", "VARCHAR", "The medium, such as `email`."),
        ColumnSpec("state", "VARCHAR", "queued, claimed, sending, sent, failed, unknown or held."),
        ColumnSpec("reason", "VARCHAR", "Why it is held or failed; empty otherwise."),
        ColumnSpec("planned_on", "DATE", "Shop-local day."),
        ColumnSpec("sent_at", "TIMESTAMP", "UTC instant at which the provider accepted it."),
    ),
    doc="What was said to whom, without addresses.",
)
