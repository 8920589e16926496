"""Settings of the experiments room: the ``[experiments]`` section of ``liuke.toml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ExperimentSettings(BaseModel):
    """How customers are held out and when a result may be called one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    global_control_share: float = Field(
        0.05, ge=0, le=0.5, description="Share of customers that no strategy may touch (0 to 1); drawn first."
    )
    seed: str = Field(
        "", max_length=64, description="Text mixed into every draw; shops with different seeds draw independently."
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Coverage of the intervals shown beside every difference.")
    min_units_per_arm: int = Field(
        100, ge=2, description="Customers with a complete window that each arm needs before a verdict."
    )
    min_buyers: int = Field(
        20, ge=1, description="Customers who bought, over both arms, before a verdict: below it intervals mislead."
    )
    worthwhile_repurchase: float = Field(
        0.01, ge=0, le=1, description="Smallest rise in the share that buys again worth acting on (0.01 = 1 point)."
    )
    worthwhile_margin_minor: float = Field(
        0, ge=0, description="Smallest rise in margin per customer worth acting on (minor units)."
    )
    srm_alarm_p: float = Field(
        0.001,
        gt=0,
        lt=0.1,
        description="Below this p the arms' sizes do not fit the draw and no verdict is given; "
        "0.001 because the check is repeated daily.",
    )
    default_stages: tuple[float, ...] = Field(
        (1.0,),
        min_length=1,
        description="Treated shares through which a new strategy grows when nobody has planned its trial; (0.05, 0.2, "
        "0.5, 1.0) starts small, [1.0] treats all but its control group at once.",
    )
    accepted_unsubscribes: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Rise of the share that unsubscribes beyond which a trial stops (0.01 = 1 point).",
    )
    cost_per_contact_minor: dict[str, float] = Field(
        {"email": 0.0, "sms": 5.0},
        description="What one message costs on each medium, in minor units; a medium that is not named costs nothing.",
    )
