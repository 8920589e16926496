"""Operational tables of the strategies room."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.store.operations import metadata

strategy_versions = sa.Table(
    "strategy_versions",
    metadata,
    sa.Column("strategy", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(16), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("first_used_on", sa.Date, nullable=False),
    comment="Immutable strategy documents (normalised JSON), by the hash of their meaning.",
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("strategy", sa.String(64), primary_key=True),
    sa.Column("customer_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("entry", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("arm", sa.String(32), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("entered_on", sa.Date, nullable=False),
    sa.Index("entries_by_day", "strategy", "entered_on"),
    sa.Index("entries_by_customer", "customer_id"),
    comment="One row per customer who entered a strategy, whatever the arm: the basis of every effect.",
)
