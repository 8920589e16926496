"""Settings of the early warning: the ``[warning]`` section of ``liuke.toml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WarningSettings(BaseModel):
    """How many warnings the shop can act on, what acting costs and brings, and when a silence is a drift."""

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
    red_save_share: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="ASSUMPTION: share (0 to 1) of leaving customers whom a call keeps. Shown beside every threshold; "
        "replace it by what the shop's own trials measure.",
    )
    orange_save_share: float = Field(
        default=0.08,
        ge=0,
        le=1,
        description="ASSUMPTION: share (0 to 1) of leaving customers whom an own offer keeps. Half a call's: a message "
        "is easily overlooked.",
    )
    red_cost_minor: int = Field(
        default=400,
        ge=0,
        le=100_000_000,
        description="Cost of a call, in minor currency units (fen): six minutes of an agent at 40 yuan an hour.",
    )
    orange_cost_minor: int = Field(
        default=100,
        ge=0,
        le=100_000_000,
        description="Cost of an offer, in minor currency units (fen): the message, and a 20 yuan coupon that one in "
        "twenty redeems.",
    )
    hysteresis: float = Field(
        default=0.25,
        ge=0,
        le=2,
        description="A level is lost only when a customer falls this far (0.25 = 25 %) below its threshold.",
    )
    drift_days: int = Field(
        default=28,
        ge=7,
        le=91,
        description="Days of the recent window of the silent-decline detectors; four weeks even out weekdays.",
    )
    drift_past_windows: int = Field(
        default=3,
        ge=2,
        le=12,
        description="The windows before the recent one that are a customer's own past: enough for a habit, short "
        "enough for a child's stage.",
    )
    drift_significance: float = Field(
        default=0.05,
        gt=0,
        le=0.2,
        description="A decline counts only if chance would show one as large this rarely (0 to 1), per customer and "
        "behaviour.",
    )
    drift_min_drop: float = Field(
        default=0.4,
        ge=0,
        lt=1,
        description="And only if it is at least this large (0.4 = 40 % below the own past, after the shop's movement).",
    )
