"""Operational tables of the access room; no personal value of a customer is in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, String, Table, Text

from liuke.store.operations import metadata

users = Table(
    "users",
    metadata,
    Column("user_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    Column("language", String(8), nullable=False, server_default=""),
    Column("theme", String(8), nullable=False, server_default=""),
    Column("created_at", DateTime, nullable=False),
    Column("last_signed_in_at", DateTime),
    comment="One person who may sign in.",
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.user_id"), nullable=False, index=True),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False, index=True),
    comment="One browser that is signed in; the token itself is only in its cookie.",
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("subject", String(160), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_failed_at", DateTime, nullable=False),
    comment="Recent failures per user name and per network address.",
)

audit = Table(
    "audit",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    comment="One chained row per action; each row's hash covers the row before it.",
)
