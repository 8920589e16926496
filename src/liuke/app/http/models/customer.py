"""One customer's page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from liuke.app.http.models.common import Id, Level, Model, Note, TagKind, Value, Words
from liuke.app.http.models.value import CustomerValue


class Contactable(Model):
    """Personal values, as the role may see them."""

    visible: Literal["clear", "masked", "hidden"]
    name: str | None
    phone: str | None
    email: str | None
    member_no: str | None


class Child(Model):
    """What is known of one child; months only."""

    birth_month: date | None
    due_month: date | None
    gender: str | None


class Profile(Model):
    """Who the customer is."""

    contactable: Contactable
    registered_on: date | None
    gender: str | None
    birth_month: date | None
    province: str | None
    city: str | None
    channel: str | None
    member_tier: str | None
    member_since_on: date | None
    first_seen_on: date | None
    n_orders: int
    n_unpriced: int = Field(0, description="Orders without a known amount: the sums are of the others, at least.")
    net_minor: int | None = Field(description="Null where no order has a known amount.")
    margin_minor: int | None
    first_order_on: date | None
    last_order_on: date | None
    children: list[Child]


class CustomerTag(Model):
    """One tag of a customer."""

    key: str
    zh: str
    en: str
    explanation_zh: str
    explanation_en: str
    kind: TagKind
    value: Value
    value_zh: str | None
    value_en: str | None


class TagFamily(Model):
    """Tags that answer one question."""

    family: str
    zh: str
    en: str
    tags: list[CustomerTag]


class Reason(Model):
    """One reason why the risk is as it is."""

    family: str
    direction: str
    weight: float = Field(
        description="Attribution plus evidence: how much the reason weighs against others of its kind."
    )
    tag: str | None = None
    value: Any = None
    zh: str
    en: str
    evidence: float = Field(0.0, description="Strength of what the data themselves say; 0: only the model leans on it.")


class Risk(Model):
    """The customer's risk; all empty when the model does not score this customer."""

    level: Level | None
    probability: float | None
    horizon_days: int | None
    expected_margin_minor: int | None
    value_at_risk_minor: int | None
    model_version: str | None
    reasons: list[Reason]


class Arm(Model):
    """Which arm of an experiment the customer is in."""

    experiment: str
    arm: str
    probability: float
    assigned_on: date


class Contact(Model):
    """One message to the customer."""

    message_id: Id
    strategy: str
    channel: str | None
    state: str
    reason: str | None
    planned_on: date | None
    sent_at: datetime | None


class CustomerDetail(Model):
    """One customer's page."""

    as_of: date
    customer_id: Id
    profile: Profile
    families: list[TagFamily]
    risk: Risk
    note: Note | None = Field(description="Why nobody is scored, when nobody is.")
    value: CustomerValue | None = Field(description="Null for who never bought, and where there are no values.")
    value_note: Note | None = Field(description="Why nobody has a value, when nobody has.")
    arms: list[Arm]
    strategy_words: dict[str, Words]
    contacts: list[Contact]
