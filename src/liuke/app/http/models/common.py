"""Words that several pages share: the base of all payloads, ids, names, reasons."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Id = Annotated[str, BeforeValidator(lambda value: value if value is None else str(value))]
Level = Literal["red", "orange", "yellow", "blue"]
Unit = Literal["share", "count", "money", "days", "number"]
TagKind = Literal["text", "number", "money", "share", "days", "boolean", "date", "list"]
RoleName = Literal["admin", "operator", "analyst"]
Value = str | float | int | bool | list[str] | None


class Model(BaseModel):
    """Base of all payloads: unknown keys are dropped, so a build may know more than the API shows."""

    model_config = ConfigDict(extra="ignore")


class Problem(Model):
    """Every error looks like this."""

    code: str = Field(description="Stable name of the problem, such as `not_signed_in`.")
    message: str = Field(description="What is wrong.")
    hint: str = Field("", description="What to do about it.")
    zh: str = Field("", description="Message and hint in Chinese, where an operator may meet the problem.")


class Words(Model):
    """One name in both languages."""

    zh: str
    en: str


class AsideNote(Model):
    """A definition that the run could not use; all others were."""

    kind: str
    name: str
    zh: str
    en: str


class Note(Model):
    """Why a part of the page is empty: a result, not an error."""

    reason_zh: str
    reason_en: str
    have: float
    need: float
