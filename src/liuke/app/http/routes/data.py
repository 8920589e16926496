"""Where do the numbers come from, and what could not be read?"""

from __future__ import annotations

from fastapi import APIRouter, Request

from liuke.app.publish import NothingPublished, PublishedReader

from .. import operational
from ..dependencies import Context, SignedInUser
from ..models import Data

router = APIRouter(prefix="/api/data", tags=["data"])


@router.get("", operation_id="getData")
def get_data(user: SignedInUser, request: Request, context: Context) -> Data:
    """Return lake tables, loads and quarantine; loads can be seen before anything is published."""
    reader: PublishedReader = request.app.state.reader
    try:
        status = reader.current().status
    except NothingPublished:
        status = {"as_of": None, "tables": []}
    document = {
        "as_of": status["as_of"],
        "tables": status["tables"],
        "loads": operational.loads(context.operations),
        "quarantine": operational.quarantine(context),
    }
    return Data.model_validate(document)
