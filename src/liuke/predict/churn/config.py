"""Settings of churn prediction: the ``[churn]`` section of ``liuke.toml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ChurnSettings(BaseModel):
    """What a shop can change; the defaults need no attention."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_days: int | None = Field(
        default=None,
        ge=7,
        le=365,
        description="Days without a purchase that count as churn; empty: proposed from the shop's data.",
    )
    window_days: int | None = Field(
        default=None, ge=7, le=730, description="Who bought within so many days is an active buyer; empty: the horizon."
    )
    repurchase_share: float = Field(
        default=0.80,
        gt=0.5,
        lt=1,
        description="The proposed horizon is the time by which this share of repurchases happened.",
    )
    min_horizon_days: int = Field(default=28, ge=7, description="Shorter horizons leave no time to act on a warning.")
    max_horizon_days: int = Field(default=182, ge=7, description="Longer horizons say nothing about this season.")
    min_repeat_buyers: int = Field(
        default=100, ge=2, description="With fewer customers who ever came back nothing is predicted."
    )
    min_class: int = Field(
        default=30,
        ge=2,
        description="Each stage needs so many who churned and so many who stayed, or nothing is predicted.",
    )
    max_train_origins: int = Field(default=4, ge=1, description="Past moments to learn from at most; bounds the cost.")
    retrain_days: int = Field(
        default=7, ge=1, description="A model is used for scoring for so many days, then trained anew."
    )
    max_model_age_days: int = Field(
        default=182,
        ge=1,
        description="Where too few customers are left to train anew, the model in use scores on for so many days.",
    )
    num_threads: int = Field(default=2, ge=1, description="Threads of the learner.")
    n_reasons: int = Field(default=3, ge=1, le=8, description="Reasons kept per customer.")
    max_explained: int = Field(
        default=50_000, ge=1, description="So many customers, those with most at stake, get reasons with their scores."
    )
    max_customers: int = Field(
        default=100_000,
        ge=1_000,
        description="So many customers of each past moment, drawn by id, are learnt from and judged by; bounds memory.",
    )
