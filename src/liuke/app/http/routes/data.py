"""Where do the numbers come from, and what could not be read?"""

from __future__ import annotations

from fastapi import APIRouter, Request

from liuke.app.http import operational
from liuke.app.http.dependencies import Context, SignedInUser
from liuke.app.http.models import Data
from liuke.app.publish import NothingPublishedError, PublishedReader

router = APIRouter(prefix="/api/data", tags=["data"])


@router.get("", operation_id="getData")
def get_data(user: SignedInUser, request: Request, context: Context) -> Data:
    """Return lake tables, loads and quarantine; loads can be seen before anything is published."""
    reader: PublishedReader = request.app.state.reader
    try:
        status = reader.current().status
    except NothingPublishedError:
        status = {"as_of": None, "tables": []}
    document = {
        "as_of": status["as_of"],
        "tables": status["tables"],
        "loads": operational.loads(context.operations),
        "quarantine": operational.quarantine(context),
    }
    return Data.model_validate(document)
