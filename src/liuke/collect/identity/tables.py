"""Tables of the identity room: links and their resolution in the lake, profiles in the operational store."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.kernel import ColumnSpec, PersonalData, TableSpec
from liuke.store.operations import metadata

_PSEUDONYM = PersonalData.PSEUDONYM

IDENTITIES = TableSpec(
    "identities",
    "one identifier of a record",
    ("load_id", "row_number", "namespace", "linked_identity_id"),
    (
        ColumnSpec("identity_id", "BIGINT", "The record of a source.", "", _PSEUDONYM, required=True),
        ColumnSpec("namespace", "VARCHAR", "Kind of the other identifier.", required=True),
        ColumnSpec("linked_identity_id", "BIGINT", "The other identifier.", "", _PSEUDONYM, required=True),
        ColumnSpec("rule", "VARCHAR", "Why they belong together: exact equality of that key.", required=True),
        ColumnSpec("load_id", "BIGINT", "Load that brought the link.", required=True),
        ColumnSpec("row_number", "BIGINT", "Row of the file, from 1.", required=True),
        ColumnSpec("source", "VARCHAR", "Name of the mapping.", required=True),
        ColumnSpec("recorded_at", "TIMESTAMP", "When the shop could have known it.", "UTC", required=True),
    ),
)

IDENTITY_MAP = TableSpec(
    "identity_map",
    "one merged identity",
    ("identity_id",),
    (
        ColumnSpec("identity_id", "BIGINT", "An identity that is part of another customer.", "", _PSEUDONYM, True),
        ColumnSpec("customer_id", "BIGINT", "The customer: its first seen identity.", "", _PSEUDONYM, True),
    ),
    doc="Identities that aren't in it are customers of their own.",
)

profiles = sa.Table(
    "profiles",
    metadata,
    sa.Column("load_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("row_number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("identity_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
    *(sa.Column(field, sa.LargeBinary) for field in ("name", "phone", "email", "address", "member_no")),
    *(sa.Column(f"{field}_index", sa.String(32), index=True) for field in ("name", "phone", "email", "member_no")),
    sa.Column("superseded_at", sa.DateTime),
    comment="Personal values, sealed. The *_index columns find an exact value without opening any.",
)
