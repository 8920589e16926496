"""Which fields a mapping can give to each table, and what a value must be to become a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from liuke.collect.sources.sql import literal
from liuke.collect.sources.tables import CANONICAL

FACTS = ("deposit", "paid", "cancelled", "refunded", "returned")
GENDERS = ("female", "male")
NUMBER, AMOUNT, A_DATE = "a number", "an amount", "a date"
OPERATIONAL = frozenset({"profiles", "consents"})  # personal: they never reach the lake
SPECS = {spec.name: spec for spec in CANONICAL}


@dataclass(frozen=True)
class Field:
    """One field of a target.

    Parameters
    ----------
    kind : str
        What its value must be, in words for the reader of a reason.
    convert : callable
        From an SQL expression to one of the column's type; NULL where the value isn't of the kind.
    required : bool
    """

    kind: str
    convert: Callable[[str], str]
    required: bool = False


@dataclass(frozen=True)
class Target:
    """A table that a mapping can fill. ``timed`` tables must know when a row happened."""

    fields: dict[str, Field] = field(default_factory=dict)
    timed: bool = False
    personal: bool = True


def cast_to(sql_type: str) -> Callable[[str], str]:
    """Return the conversion that casts, or gives NULL."""
    return lambda value: f"TRY_CAST({value} AS {sql_type})"


def _finite(value: str) -> str:
    return f"CASE WHEN isfinite(TRY_CAST({value} AS DOUBLE)) THEN TRY_CAST({value} AS DOUBLE) END"


def _filled(value: str) -> str:
    return f"nullif(CAST({value} AS VARCHAR), '')"


def _month(value: str) -> str:
    return f"date_trunc('month', TRY_CAST({value} AS DATE))::DATE"


def _one_of(values: tuple[str, ...]) -> Callable[[str], str]:
    listed = ", ".join(literal(value) for value in values)
    return lambda value: f"CASE WHEN CAST({value} AS VARCHAR) IN ({listed}) THEN CAST({value} AS VARCHAR) END"


def _text(required: bool = False) -> Field:
    return Field("text", _filled, required)


def _enumeration(values: tuple[str, ...], required: bool = False) -> Field:
    return Field("one of " + ", ".join(values), _one_of(values), required)


def _texts(*names: str) -> dict[str, Field]:
    return {name: _text() for name in names}


_NUMBER = Field(NUMBER, _finite)
_DECIMAL = Field(AMOUNT, cast_to("DECIMAL(18,4)"))
_MINOR = Field("a whole number of minor units", cast_to("BIGINT"))
_MAJOR = Field(AMOUNT, cast_to("DECIMAL(22,6)"))  # six decimals: a quantity × a price of £0.001
_INT = Field("a whole number", cast_to("INT"))
_BIGINT = Field("a whole number", cast_to("BIGINT"))
_DATE = Field(A_DATE, cast_to("DATE"))
_MONTH = Field(A_DATE, _month)
_BOOLEAN = Field("true or false", cast_to("BOOLEAN"))


def _money(*names: str) -> dict[str, Field]:
    return {**dict.fromkeys(names, _MAJOR), **{f"{name}_minor": _MINOR for name in names}}


TARGETS: dict[str, Target] = {
    "customers": Target(
        {"registered": _DATE, "gender": _enumeration(GENDERS), "birth": _MONTH, "member_since": _DATE}
        | _texts("province", "city", "channel", "member_tier", "language")
    ),
    "children": Target(
        {"child_no": _INT, "birth": _MONTH, "due": _MONTH, "gender": _enumeration(GENDERS)}
        | {"guardian_consent": _BOOLEAN}
    ),
    "products": Target(
        {"product_key": _text(required=True), "list_price": _DECIMAL, "unit_cost": _DECIMAL}
        | _texts("name", "brand", "category", "subcategory", "stage")
        | {"units_per_pack": _NUMBER, "daily_use": _NUMBER, "min_age_months": _INT, "max_age_months": _INT},
        personal=False,
    ),
    "orders": Target({"order_key": _text(required=True)} | _texts("channel", "store"), timed=True),
    "order_facts": Target(
        {"order_key": _text(required=True), "fact": _enumeration(FACTS, required=True)} | _money("amount"), timed=True
    ),
    "order_items": Target(
        {"order_key": _text(required=True), "line_no": _BIGINT, "product_key": _text(), "quantity": _NUMBER}
        | {"unit_price": _DECIMAL}
        | _money("net", "discount", "cost"),
        timed=True,
    ),
    "events": Target(
        {"event": _text(required=True), "value": _NUMBER, "message_id": _BIGINT}
        | _texts("channel", "session_key", "product_key", "category", "properties"),
        timed=True,
    ),
    "touches": Target({"channel": _text(required=True)} | _texts("campaign", "status"), timed=True),
    "profiles": Target(_texts("name", "phone", "email", "address", "member_no")),
    "consents": Target(
        {"purpose": _text(required=True), "channel": _text(required=True)}
        | {"granted": Field("true or false", cast_to("BOOLEAN"), required=True)}
        | _texts("policy_version", "evidence"),
        timed=True,
    ),
}
