"""The administration page: runs, users, audit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from liuke.app.http.models.common import Id, Model, RoleName, Words


class Run(Model):
    """One step of the daily loop."""

    run_id: Id
    as_of: date | None
    step: str
    state: str
    started_at: datetime | None
    seconds: float | None
    note: Words


class UserRow(Model):
    """One user."""

    name: str
    role: RoleName
    created_at: datetime
    last_signed_in_at: datetime | None


class AuditRow(Model):
    """One action in the audit chain."""

    position: int
    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


class Administration(Model):
    """The administration page."""

    as_of: date | None
    build: str | None
    published_at: datetime | None
    runs: list[Run]
    users: list[UserRow]
    audit: list[AuditRow]
    audit_intact: bool
