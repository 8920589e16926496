"""The tables that this room owns: memberships in the lake; documents and frozen sets in the operational store."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.kernel.tables import ColumnSpec, PersonalData, TableSpec
from liuke.store.operations import metadata

_AS_OF = ColumnSpec("as_of", "DATE", "Evaluated at 00:00 of this shop-local day", required=True)
_SEGMENT = ColumnSpec("segment", "VARCHAR", "Key of the segment", required=True)
_VERSION = ColumnSpec("version", "VARCHAR", "Hash of what the segment means", required=True)
_CUSTOMER = ColumnSpec("customer_id", "BIGINT", "Customer", personal=PersonalData.PSEUDONYM, required=True)

SEGMENT_MEMBERSHIP = TableSpec(
    name="segment_membership",
    grain="segment × customer × as_of",
    key=("as_of", "segment", "customer_id"),
    columns=(_AS_OF, _SEGMENT, _VERSION, _CUSTOMER),
    doc="Who is in each dynamic segment, day by day",
)

SEGMENT_CHANGES = TableSpec(
    name="segment_changes",
    grain="customer who entered or left a segment × as_of",
    key=("as_of", "segment", "customer_id"),
    columns=(
        _AS_OF,
        _SEGMENT,
        _VERSION,
        _CUSTOMER,
        ColumnSpec("change", "VARCHAR", "`entered` or `left`, since the latest earlier day", required=True),
        ColumnSpec(
            "because", "VARCHAR", "`data`: the customer changed; `definition`: the rule did; `first`: first day",
            required=True,
        ),
    ),
    doc="Changes of membership as events; a change because of `definition` says nothing about the customer",
)  # fmt: skip

SEGMENT_SIZES = TableSpec(
    name="segment_sizes",
    grain="segment × as_of",
    key=("as_of", "segment"),
    columns=(
        _AS_OF,
        _SEGMENT,
        _VERSION,
        ColumnSpec("customers", "BIGINT", "Members", required=True),
        ColumnSpec("entered", "BIGINT", "Members who were none on the latest earlier day", required=True),
        ColumnSpec("left", "BIGINT", "Former members who are none any more", required=True),
        ColumnSpec("because", "VARCHAR", "As in `segment_changes`", required=True),
    ),
    doc="How large each dynamic segment was; a row says that it was evaluated, even if nobody was in it",
)

segment_versions = sa.Table(
    "segment_versions",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("segment", sa.String(63), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("saved_at", sa.DateTime, nullable=False),
    sa.Column("saved_by", sa.String(120), nullable=False),
    sa.Index("segment_versions_by_key", "segment", "position"),
    comment="Segments made in the console, append-only; the last row of a key stands.",
)

segment_snapshots = sa.Table(
    "segment_snapshots",
    metadata,
    sa.Column("snapshot", sa.String(120), primary_key=True),
    sa.Column("segment", sa.String(63), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    sa.Column("frozen_at", sa.DateTime, nullable=False),
    sa.Column("frozen_by", sa.String(120), nullable=False),
    comment="Frozen sets of customers; a row appears once all its members are written.",
)

segment_snapshot_members = sa.Table(
    "segment_snapshot_members",
    metadata,
    sa.Column("snapshot", sa.String(120), primary_key=True),
    sa.Column("customer_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Index("segment_snapshot_members_by_customer", "customer_id"),
    comment="Members of a frozen set, by pseudonymous id.",
)
