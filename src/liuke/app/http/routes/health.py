"""Is the process up? The only question that needs no session."""

from __future__ import annotations

from fastapi import APIRouter, Request

from liuke.app.http.models import Health
from liuke.app.publish import NothingPublishedError, PublishedReader

router = APIRouter(prefix="/api/health", tags=["health"])


@router.get("", operation_id="health")
def health(request: Request) -> Health:
    """Answer without touching the operational database."""
    reader: PublishedReader = request.app.state.reader
    try:
        return Health(published=True, as_of=reader.current().status["as_of"])
    except NothingPublishedError:
        return Health(published=False, as_of=None)
