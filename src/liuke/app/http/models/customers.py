"""The list of customers and what it can be filtered by."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from liuke.app.http.models.common import Id, Level, Model, TagKind


class CustomerRow(Model):
    """One line of the customer list."""

    customer_id: Id
    name: str | None = Field(description="Masked or absent, by the role of who asks.")
    phone: str | None = Field(description="Masked or absent, by the role of who asks.")
    member_tier: str | None
    province: str | None
    city: str | None
    n_orders: int
    net_minor: int | None = Field(description="Null where no order has a known amount.")
    last_order_on: date | None
    level: Level | None
    probability: float | None
    value_at_risk_minor: int | None
    n_contacts: int


class CustomerPage(Model):
    """One page of the customer list."""

    as_of: date
    total: int
    page: int
    page_size: int
    rows: list[CustomerRow]


class TagValue(Model):
    """One value that a filter offers."""

    value: str
    zh: str
    en: str
    customers: int


class TagDefinition(Model):
    """One tag as the filter shows it."""

    key: str
    family: str
    family_zh: str
    family_en: str
    zh: str
    en: str
    explanation_zh: str
    explanation_en: str
    kind: TagKind
    customers: int
    values: list[TagValue]


class TagList(Model):
    """All tags of the build."""

    as_of: date
    tags: list[TagDefinition]
