"""Operational tables of the consent room. Neither holds a personal value in the clear."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.store.operations import metadata

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("consent_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("identity_id", sa.BigInteger, nullable=False),
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("granted", sa.Boolean, nullable=False),
    sa.Column("policy_version", sa.String(64), nullable=False),
    sa.Column("occurred_at", sa.DateTime, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
    sa.Column("evidence", sa.String(200), nullable=False, default=""),
    sa.Column("load_id", sa.BigInteger),
    sa.Column("superseded_at", sa.DateTime),
    sa.Column("held_row", sa.BigInteger),  # a quarantined row of the load, from which a refusal was concluded
    sa.Index("consents_by_identity", "identity_id", "purpose", "channel"),
    sa.Index("consents_by_load", "load_id"),
    comment="Append-only ledger: one row per statement of a person; the last one stands, of equals the no.",
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("subject_hash", sa.String(128), primary_key=True),
    sa.Column("channel", sa.String(32), primary_key=True),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("since", sa.DateTime, nullable=False),
    comment="Who must not be contacted, by keyed hash: it outlives the deletion of the person it protects.",
)
