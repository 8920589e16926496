"""Settings of the early warning: the ``[warning]`` section of ``liuke.toml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WarningSettings(BaseModel):
    """How many warnings the shop can act on, and how firmly a level is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    red_capacity: int | None = Field(
        default=None,
        ge=0,
        description="Customers whom staff can call per run; empty: red_share of the scored customers.",
    )
    orange_capacity: int | None = Field(
        default=None,
        ge=0,
        description="Further customers worth an own offer per run; empty: orange_share of the scored.",
    )
    red_share: float = Field(
        default=0.02, ge=0, le=1, description="Share of the scored customers who may be red (0 to 1)."
    )
    orange_share: float = Field(
        default=0.08, ge=0, le=1, description="Share of the scored customers who may be orange (0 to 1)."
    )
    hysteresis: float = Field(
        default=0.25,
        ge=0,
        le=2,
        description="A level is lost only when a customer falls this far (0.25 = 25 %) below its threshold.",
    )
