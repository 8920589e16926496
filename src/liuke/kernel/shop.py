"""What every part has to know about the shop it works for."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

_CHINESE_ZONES = frozenset(
    f"Asia/{place}"
    for place in ("Shanghai", "Chongqing", "Chungking", "Harbin", "Urumqi", "Kashgar", "Hong_Kong", "Macau", "Taipei")
) | {"PRC", "Hongkong", "ROC"}  # the IANA names and their older aliases


class ShopProfile(BaseModel):
    """The ``[shop]`` section of ``liuke.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("My shop", description="Name shown in the console and in messages.")
    zone: str = Field("Asia/Shanghai", description="Time zone whose midnight ends a day (IANA name).")
    language: str = Field(
        "",
        pattern="^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$",
        description="Language of messages to customers whose own is unknown, such as zh or en; empty: zh where the "
        "zone is a Chinese one, else en.",
    )
    currency: str = Field("CNY", pattern="^[A-Z]{3}$", description="Currency of all amounts (ISO 4217).")
    margin_rate: float = Field(
        0.30,
        ge=0,
        le=1,
        description="Share of net revenue that is margin where a product's cost is unknown; shown as an assumption.",
    )

    @property
    def spoken(self) -> str:
        """The language in which the shop speaks to customers whose own it does not know."""
        return self.language or ("zh" if self.zone in _CHINESE_ZONES else "en")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"'{value}' is no time zone; use an IANA name such as Asia/Shanghai") from None
        return value
