"""Who is signed in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from liuke.app.http.models.common import Model, RoleName


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
    simulated: bool = Field(description="Whether true effects are known: see `/api/simulation`.")


class PreferenceChange(Model):
    """How the console should look for this user."""

    language: Literal["", "zh-CN", "en"]
    theme: Literal["", "light", "dark"]
