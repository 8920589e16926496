"""Who is signed in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from liuke.app.http.models.common import Model, Note, RoleName


class Credentials(Model):
    """Who wants in."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256)


class Session(Model):
    """Who is signed in, and what frames every page."""

    user: str
    role: RoleName
    permissions: list[str]
    language: str
    theme: str
    shop: str
    currency: str
    currency_exponent: int
    zone: str
    as_of: date | None
    published_at: datetime | None
    simulated_day: date | None = Field(description="Where time is simulated: the day on which the shop stands.")
    next_day_command: str | None = Field(description="What simulates the next day, on the machine of the workspace.")
    stale: Note | None = Field(description="Why figures of the last days are unknown: the shop's files are old.")
    simulated: bool = Field(description="Whether true effects are known: see `/api/simulation`.")


class PreferenceChange(Model):
    """How the console should look for this user."""

    language: Literal["", "zh-CN", "en"]
    theme: Literal["", "light", "dark"]
