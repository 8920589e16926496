"""What customers are worth, and what they may take with them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from liuke.app.http.models.common import Model, Note


class CustomerValue(Model):
    """One customer's expected discounted margin, with an interval of what one such customer may bring."""

    value_minor: int
    value_low_minor: int
    value_high_minor: int
    expected_purchases: float
    value_days: int = Field(description="Days ahead that count.")
    value_model: str
    margin_rate: float = Field(description="Assumed margin where a product's cost is unknown, 0 to 1.")


class GroupValue(Model):
    """A group's value and value at risk, each with a prediction interval."""

    grouping: Literal["all", "level", "stage", "segment"]
    member_of: str = Field(description="Which level, lifecycle stage or segment.")
    customers: int
    value_minor: int
    value_low_minor: int
    value_high_minor: int
    horizon_days: int
    scored: int
    at_risk_minor: int | None = Field(description="P(churn) × expected margin if they stay; null: nobody is scored.")
    at_risk_low_minor: int | None
    at_risk_high_minor: int | None
    at_risk_days: int | None
    level: float = Field(description="Coverage of the intervals.")


class ValueModel(Model):
    """Which model is used, and why."""

    model: str
    purchases: str
    judged_from: date | None
    period_days: int
    reason_zh: str
    reason_en: str


class ShopValue(Model):
    """Values of the shop's groups."""

    as_of: date
    groups: list[GroupValue]
    model: ValueModel | None
    total_error: float | None = Field(description="How far totals missed in past periods, relative.")
    margin_rate: float
    note: Note | None = Field(description="Why there are no values, when there are none.")
