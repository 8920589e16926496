"""Settings of customer lifetime value: the ``[clv]`` section of ``liuke.toml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ValueSettings(BaseModel):
    """What a shop can change; the defaults need no attention."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_days: int = Field(default=365, ge=28, le=1825, description="Days ahead that count into a customer's value.")
    annual_discount: float = Field(
        default=0.10, ge=0, lt=1, description="How much less money is worth a year later (0.10 = 10 %)."
    )
    min_buyers: int = Field(default=100, ge=2, description="With fewer repeat buyers no value is computed.")
    level: float = Field(default=0.90, gt=0.5, lt=1, description="Coverage of the intervals.")
    covariates: bool = Field(
        default=True, description="Try the model with covariates; it is used only where it is better beyond chance."
    )
    review_days: int = Field(default=28, ge=1, le=365, description="Days until the models are compared again.")
