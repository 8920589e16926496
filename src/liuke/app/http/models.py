"""What the API answers: one model per payload, ids as strings, amounts in minor units, `as_of` on each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

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


class Health(Model):
    """Is the process up, and is there something to show?"""

    status: Literal["ok"] = "ok"
    published: bool
    as_of: date | None


class Words(Model):
    """One name in both languages."""

    zh: str
    en: str


class Note(Model):
    """Why a part of the page is empty: a result, not an error."""

    reason_zh: str
    reason_en: str
    have: float
    need: float


# ---- session


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


class PreferenceChange(Model):
    """How the console should look for this user."""

    language: Literal["", "zh-CN", "en"]
    theme: Literal["", "light", "dark"]


# ---- overview


class Point(Model):
    """One period of a key figure."""

    period_start: date
    value: float | None


class Metric(Model):
    """One key figure: its latest period, the two it is compared with, and its recent course."""

    metric: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    unit: Unit
    better: Literal["up", "down", "neither"]
    period_start: date
    period_end: date
    value: float | None
    numerator: float | None
    denominator: float | None
    final_on: date | None
    note: str | None
    previous: float | None
    year_ago: float | None
    series: list[Point]


class CohortCell(Model):
    """Customers of a cohort who bought again in that month."""

    month_index: int
    active: int


class Cohort(Model):
    """Customers whose first purchase fell into one month."""

    cohort: date
    customers: int
    active: list[CohortCell]


class RiskLevel(Model):
    """One level of the early warning."""

    level: Level
    customers: int
    value_at_risk_minor: int
    mean_probability: float | None


class Effect(Model):
    """Treated against control on one outcome."""

    metric: str
    treated_n: int
    treated_mean: float | None
    control_n: int
    control_mean: float | None
    difference: float | None
    low: float | None
    high: float | None
    level: float | None
    srm_p: float | None
    pending_n: int | None = Field(description="Customers left out: their window is not complete.")
    verdict: str | None
    reason: Words | None


class Strategy(Model):
    """One strategy: what it wants, what it sent, what it changed."""

    strategy: str
    zh: str
    en: str
    goal_zh: str
    goal_en: str
    contacts: dict[str, int]
    effects: list[Effect]


class Totals(Model):
    """Sizes behind the page."""

    customers: int
    buyers: int
    scored: int
    value_at_risk_minor: int
    horizon_days: int | None
    model_version: str | None


class Overview(Model):
    """The first page."""

    as_of: date
    published_at: datetime
    totals: Totals
    metrics: list[Metric]
    cohorts: list[Cohort]
    levels: list[RiskLevel]
    strategies: list[Strategy]
    notes: dict[str, Note]


# ---- customers


class CustomerRow(Model):
    """One line of the customer list."""

    customer_id: Id
    name: str | None = Field(description="Masked or absent, by the role of who asks.")
    phone: str | None = Field(description="Masked or absent, by the role of who asks.")
    member_tier: str | None
    province: str | None
    city: str | None
    n_orders: int
    net_minor: int
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
    net_minor: int
    margin_minor: int
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
    weight: float
    tag: str | None = None
    value: Any = None
    zh: str
    en: str


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
    arms: list[Arm]
    strategy_words: dict[str, Words]
    contacts: list[Contact]


class TimelineEntry(Model):
    """One thing that happened."""

    occurred_at: datetime
    has_time: bool
    occurred_on: date
    kind: Literal["order", "event", "contact", "touch"]
    name: str
    words: Words
    channel: str | None
    amount_minor: int | None
    detail: Any = None


class Timeline(Model):
    """One page of a customer's timeline, newest first."""

    as_of: date
    total: int
    counts: dict[str, int]
    page: int
    page_size: int
    rows: list[TimelineEntry]


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


# ---- outreach, data, administration


class OutboxState(Model):
    """How many messages stand in one state."""

    strategy: str
    channel: str
    state: str
    reason: str
    messages: int


class Outreach(Model):
    """The outreach page."""

    as_of: date
    strategies: list[Strategy]
    outbox: list[OutboxState]


class LakeTable(Model):
    """One table of the lake when the build was made."""

    name: str
    rows: int
    bytes: int | None = None
    snapshot_id: Id | None = None
    committed_at: datetime | None = None


class Load(Model):
    """One version of one file."""

    load_id: Id
    source: str
    file: str
    state: str
    rows: int | None
    loaded: int | None
    filtered: dict[str, int] = Field(description="Rows left out on purpose, by reason.")
    quarantined: dict[str, int] = Field(description="Rows that could not be read, by reason.")
    loaded_at: datetime | None


class QuarantineCount(Model):
    """Rows held back for one reason."""

    source: str
    file: str
    reason: str
    rows: int


class Data(Model):
    """The data page."""

    as_of: date | None
    tables: list[LakeTable]
    loads: list[Load]
    quarantine: list[QuarantineCount]


class Run(Model):
    """One step of the daily loop."""

    run_id: Id
    as_of: date | None
    step: str
    state: str
    started_at: datetime | None
    seconds: float | None
    note: str


class UserRow(Model):
    """One user."""

    name: str
    role: RoleName
    created_at: datetime
    last_signed_in_at: datetime | None


class AuditRow(Model):
    """One action in the audit chain."""

    position: int
    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


class Administration(Model):
    """The administration page."""

    as_of: date | None
    build: str | None
    published_at: datetime | None
    runs: list[Run]
    users: list[UserRow]
    audit: list[AuditRow]
    audit_intact: bool
