"""Settings of the key figures."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MetricSettings(BaseModel):
    """What a shop may change about its key figures; the formula shown beside a number names these values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active_window_days: int = Field(
        default=90, ge=7, le=730, description="A customer is an active buyer for this many days after a purchase."
    )
    second_purchase_days: int = Field(
        default=90, ge=7, le=730, description="Days within which a second order counts as one."
    )
    settle_days: int = Field(
        default=30,
        ge=0,
        le=365,
        description="Days after a period in which its orders may still be cancelled, returned or refunded; until "
        "then figures about purchases are provisional.",
    )
    paid_tiers: list[str] = Field(
        default_factory=list,
        description="Member tiers that customers pay for, as the sources name them; empty: not known, and paid and "
        "free members are not told apart.",
    )
    months_kept: int = Field(
        default=25,
        ge=3,
        le=120,
        description="Months measured back from the last complete one: 25 show a year and its year before.",
    )
