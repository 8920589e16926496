"""The first page: key figures, cohorts, risk, strategies; and the tags that filters offer."""

from __future__ import annotations

from fastapi import APIRouter

from liuke.app.http.dependencies import Build, SignedInUser
from liuke.app.http.models import Overview, TagList

router = APIRouter(prefix="/api", tags=["overview"])


@router.get("/overview", operation_id="getOverview")
def get_overview(user: SignedInUser, build: Build) -> Overview:
    """Return the first page as of the current build."""
    status = build.status
    frame = {name: status[name] for name in ("as_of", "published_at", "notes")} | {"aside": status.get("aside", [])}
    return Overview.model_validate({**frame, **build.overview})


@router.get("/tags", operation_id="getTags")
def get_tags(user: SignedInUser, build: Build) -> TagList:
    """Return every tag with its words and the values that can be picked."""
    return TagList.model_validate({"as_of": build.status["as_of"], "tags": build.tags})
