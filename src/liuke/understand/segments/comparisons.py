"""How one value is compared: the operators of a condition, as data.

Two-valued logic: a missing value passes no test but `missing`; `ne` and `not_in` are the exact opposites of `eq` and
`in`, so a missing value passes them.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from liuke.kernel import checked_text, impossible, one_line
from liuke.understand.segments.config import MAX_LIST, MAX_TEXT


class Part(BaseModel):
    """Base of everything a rule is made of: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _typed(raw: Any) -> Any:
    """Days that YAML has read become text again; a text stays as it was typed, if it may stand in a file at all."""
    if isinstance(raw, dt.date):
        return raw.isoformat()
    return checked_text(raw) if isinstance(raw, str) else raw


def _name(raw: Any) -> Any:
    return one_line(raw) if isinstance(raw, str) else raw


Name = Annotated[str, BeforeValidator(_name), Field(min_length=1, max_length=MAX_TEXT)]
Text = Annotated[str, BeforeValidator(_typed), Field(min_length=1, max_length=MAX_TEXT)]
Number = (
    Annotated[int, Field(strict=True, ge=-(2**62), le=2**62)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
)
Scalar = Annotated[
    Annotated[bool, Field(strict=True)]
    | Number
    | Annotated[str, Field(strict=True, min_length=1, max_length=MAX_TEXT)],
    BeforeValidator(_typed),
]
Day = Annotated[
    str,
    BeforeValidator(_typed),
    Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A shop-local day, such as 2026-01-31."),
]


class Compare(Part):
    """Equal, not equal, smaller, larger."""

    op: Literal["eq", "ne", "lt", "lte", "gt", "gte"]
    value: Scalar


class Between(Part):
    """From `low` to `high`, both included."""

    op: Literal["between"] = "between"
    low: Scalar
    high: Scalar

    @model_validator(mode="after")
    def _in_order(self) -> Between:
        if impossible([("between", (self.low, self.high))]):
            raise ValueError(
                f"the range from {self.low} to {self.high} is empty: write the smaller end first / "
                f"区间 {self.low} 到 {self.high} 是空的：请把小的一端写在前面"
            )
        return self


class OneOf(Part):
    """One of the values, or none of them; of a tag that holds a list: any of its values, or none."""

    op: Literal["in", "not_in"]
    values: tuple[Scalar, ...] = Field(min_length=1, max_length=MAX_LIST)


class Known(Part):
    """Whether there is a value at all."""

    op: Literal["missing", "known"]


class TextTest(Part):
    """The text holds, or begins with, exactly these characters; of a list tag: it holds this value. Never a pattern."""

    op: Literal["contains", "starts_with"]
    text: Text


class DayTest(Part):
    """A date before or after a day, which is itself excluded."""

    op: Literal["before", "after"]
    day: Day

    @model_validator(mode="after")
    def _is_a_day(self) -> DayTest:
        dt.date.fromisoformat(self.day)  # 2026-02-30 fits the pattern
        return self


class WithinLast(Part):
    """A date in the last n whole days: [`as_of` − n, `as_of`)."""

    op: Literal["within_last"] = "within_last"
    days: int = Field(ge=1, le=36_600)


class Anniversary(Part):
    """A yearly return of the date, at least the first, falls on one of the n days from `as_of` on.

    29 February returns on 28 February in other years.
    """

    op: Literal["anniversary"] = "anniversary"
    days: int = Field(1, ge=1, le=365)


Comparison: TypeAlias = Compare | Between | OneOf | Known | TextTest | DayTest | WithinLast | Anniversary
AnyTest = Annotated[Comparison, Field(discriminator="op")]
FieldTest = Annotated[Compare | Between | OneOf | Known, Field(discriminator="op")]
"""What can be asked of a column of an event."""
NumberTest = Annotated[Compare | Between, Field(discriminator="op")]
"""What can be asked of a count or a sum."""
