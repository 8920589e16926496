"""Levels now, why thresholds lie where they lie, who is fading, and how past warnings came out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from liuke.app.http.dependencies import Build, SignedInUser
from liuke.app.http.models import EarlyWarning

router = APIRouter(prefix="/api/early-warning", tags=["early warning"])


@router.get("", operation_id="getEarlyWarning")
def get_early_warning(user: SignedInUser, build: Build) -> EarlyWarning:
    """Return the early warning as of the current build."""
    document = build.early_warning
    stages = {item["value"]: item for tag in build.tags if tag["key"] == "lifecycle" for item in tag["values"]}
    weeks = document["backtest"]
    return EarlyWarning.model_validate(
        {
            **document,
            "as_of": build.status["as_of"],
            "thresholds": [{**row, **_stage_words(row["stage"], stages)} for row in document["thresholds"]],
            "backtest_as_of": weeks[0]["as_of"] if weeks else None,
            "note": build.status["notes"].get("churn"),
        }
    )


def _stage_words(stage: str, stages: dict[str, Any]) -> dict[str, str]:
    words = stages.get(stage, {"zh": stage or "未分阶段", "en": stage or "no stage"})
    return {"zh": words["zh"], "en": words["en"]}
