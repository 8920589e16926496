"""The table of quarantined rows."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.collect.quality.reasons import LONGEST
from liuke.store.operations import metadata

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("load_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("row_number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("file_key", sa.String(500), nullable=False),
    sa.Column(
        "reason", sa.String(LONGEST), nullable=False
    ),  # of `because`: no values, so that it may be shown and counted
    sa.Column("field", sa.String(200)),  # the column that was at fault, where one was
    sa.Column("raw", sa.LargeBinary, nullable=False),  # personal: JSON of the row, sealed
    sa.Column("released_by", sa.BigInteger),  # the load that brought the row in the end
    sa.Column("superseded_at", sa.DateTime),  # a corrected file has replaced the one it stood in
    sa.Index("quarantine_by_reason", "source", "reason"),
    comment="Rows that could not be loaded, as they stood in the file.",
)
