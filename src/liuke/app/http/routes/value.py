"""What customers are worth and what they may take with them: all, by level, stage and segment."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from liuke.app.http.dependencies import Build, SignedInUser
from liuke.app.http.models import ShopValue

router = APIRouter(prefix="/api", tags=["value"])


@router.get("/value", operation_id="getValue")
def get_value(
    user: SignedInUser,
    build: Build,
    grouping: Annotated[list[Literal["all", "level", "stage", "segment"]] | None, Query()] = None,
) -> ShopValue:
    """Return values and value at risk of groups, with their intervals and the model behind them."""
    found = build.value
    groups = [row for row in found["groups"] if not grouping or row["grouping"] in grouping]
    note = None if found["groups"] else build.status["notes"].get("value")
    return ShopValue.model_validate({**found, "as_of": build.status["as_of"], "groups": groups, "note": note})
