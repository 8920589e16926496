"""What was sent, what waits, what is held back, and why."""

from __future__ import annotations

from fastapi import APIRouter

from liuke.app.http import operational
from liuke.app.http.dependencies import Build, Context, SignedInUser
from liuke.app.http.models import Outreach

router = APIRouter(prefix="/api/outreach", tags=["outreach"])


@router.get("", operation_id="getOutreach")
def get_outreach(user: SignedInUser, build: Build, context: Context) -> Outreach:
    """Return strategies with their effect (as of the build) and the outbox as it stands now."""
    document = {
        "as_of": build.status["as_of"],
        "strategies": build.overview["strategies"],
        "outbox": operational.outbox_states(context.operations),
    }
    return Outreach.model_validate(document)
