"""How long did the loop take, who may sign in, and what did they do?"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request

from liuke.app import access
from liuke.app.http import operational
from liuke.app.http.dependencies import Admin, Context
from liuke.app.http.models import Administration
from liuke.app.publish import NothingPublishedError, PublishedReader

router = APIRouter(prefix="/api/admin", tags=["admin"])

AUDIT_ROWS = 50


@router.get("", operation_id="getAdministration")
def get_administration(user: Admin, request: Request, context: Context) -> Administration:
    """Return steps of the loop, users and the end of the audit chain; for administrators."""
    reader: PublishedReader = request.app.state.reader
    status: dict[str, Any] = {}
    with suppress(NothingPublishedError):  # the page is useful before the first run, too
        status = reader.current().status
    with context.operations.read() as connection:
        entries = access.recent(connection, AUDIT_ROWS)
        intact = access.first_broken_entry(connection) is None
    document = {
        "as_of": status.get("as_of"),
        "build": status.get("build"),
        "published_at": status.get("published_at"),
        "runs": operational.runs(context),
        "users": [
            _fields(user, "name", "role", "created_at", "last_signed_in_at")
            for user in access.list_users(context.operations)
        ],
        "audit": [_fields(entry, "position", "at", "actor", "action", "detail") for entry in entries],
        "audit_intact": intact,
    }
    return Administration.model_validate(document)


def _fields(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}
