"""The table of steps taken."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, DateTime, Float, Index, Integer, String, Table, Text

from liuke.store.operations import metadata

steps = Table(
    "steps",
    metadata,
    Column("step_id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, comment="the step's name in the daily loop"),
    Column("as_of", Date, nullable=False),
    Column("fingerprint", String(32), nullable=False, comment="hash of name, as_of, inputs, definition"),
    Column("definition", String(64), nullable=False, comment="hash of definitions and settings"),
    Column("state", String(16), nullable=False),
    Column("started_at", DateTime, nullable=False, comment="UTC"),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("inputs", JSON, nullable=False, comment="table → snapshot read"),
    Column("outputs", JSON, nullable=False, comment="table → snapshot written"),
    Column("counts", JSON, nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("detail", JSON, nullable=False, default={}, comment="what later steps and readers need of a passed step"),
    Index("steps_by_name", "name", "state", "step_id"),
)
