"""What every part has to know about the shop it works for."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from liuke.kernel.text import one_line


class ShopProfile(BaseModel):
    """The ``[shop]`` section of ``liuke.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("My shop", description="Name shown in the console and in messages.")
    zone: str = Field("Asia/Shanghai", description="Time zone whose midnight ends a day (IANA name).")
    currency: str = Field("CNY", pattern="^[A-Z]{3}$", description="Currency of all amounts (ISO 4217).")
    margin_rate: float = Field(
        0.30,
        ge=0,
        le=1,
        description="Share of net revenue that is margin where a product's cost is unknown; shown as an assumption.",
    )

    @field_validator("name")
    @classmethod
    def _on_one_line(cls, value: str) -> str:
        return one_line(value)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"'{value}' is no time zone; use an IANA name such as Asia/Shanghai") from None
        return value
