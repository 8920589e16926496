"""The relations that tags may be computed from: the views of a moment, with their columns and kinds.

The list repeats the views of `liuke.collect.history` on purpose: a definition is checked against it before any data is
there, and a column that is not listed here cannot be used by mistake.

Two families of columns are written with a dot: `product.brand` reads the product that a row is about, `property.colour`
an entry of an event's JSON. `product.supply_days` is counted from both: the line's quantity and what the product says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from liuke.understand.tags.errors import DefinitionError, unknown

Kind = Literal["integer", "double", "text", "date", "timestamp", "boolean", "list", "number_list", "property"]
SourceName = Literal["purchases", "purchase_items", "events", "acts", "touches", "order_facts", "children"]


@dataclass(frozen=True)
class Source:
    """One relation with a row per fact.

    Attributes
    ----------
    name : str
        View of the moment.
    columns : mapping of column name to kind
        `customer_id` is always there and is not listed.
    day : str or None
        Column with the shop-local day; None for facts without one (children).
    order : tuple of str
        Columns that put two rows of one customer in order of time, ties broken, for `first` and `last`.
    dimensions : frozenset of str
        Columns with few values; predicates on them are applied after grouping, which is what makes many counts cheap.
    about_products : bool
        True if a row names a product, so that `product.*` can be read.
    has_properties : bool
        True if a row has JSON properties, so that `property.*` can be read.
    large : bool
        True if a copy of the rows should not be kept in memory while the plan runs.
    names : mapping of column to tuple of str
        The texts of columns that can only be one of a few. Events are named by the shop's catalogue instead.
    """

    name: str
    columns: Mapping[str, Kind]
    day: str | None = "occurred_on"
    order: tuple[str, ...] = ("occurred_on",)
    dimensions: frozenset[str] = frozenset()
    about_products: bool = False
    has_properties: bool = False
    large: bool = False
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def kind(self, column: str) -> Kind:
        """Return the kind of a column, or refuse it with a hint."""
        if column == SUPPLY and "quantity" in self.columns and self.about_products:
            return "double"
        if column.startswith(PRODUCT) and self.about_products:
            name = column.removeprefix(PRODUCT)
            if name not in PRODUCT_COLUMNS:
                raise unknown("attribute", name, PRODUCT_COLUMNS, "products")
            return PRODUCT_COLUMNS[name]
        if column.startswith(PROPERTY) and self.has_properties:
            if not _PROPERTY_NAME.fullmatch(column.removeprefix(PROPERTY)):
                raise DefinitionError(
                    f"{column!r} cannot be read from properties",
                    hint="names of up to 64 letters, digits, spaces, - and _ can",
                )
            return "property"
        if column not in self.columns:
            raise unknown("column", column, self.columns, f"source {self.name}")
        return self.columns[column]


PRODUCT, PROPERTY = "product.", "property."
SUPPLY = "product.supply_days"
"""For how many days a line lasts one child: quantity × `units_per_pack` ÷ `daily_use`; missing where one is."""
_PROPERTY_NAME = re.compile(r"[\w -]{1,64}")

PRODUCT_COLUMNS: Mapping[str, Kind] = MappingProxyType({
    "product_key": "text", "name": "text", "brand": "text", "category": "text", "subcategory": "text", "stage": "text",
    "units_per_pack": "double", "daily_use": "double", "min_age_months": "integer", "max_age_months": "integer",
})  # fmt: skip
_FEW_VALUED = frozenset(f"{PRODUCT}{name}" for name in ("brand", "category", "subcategory", "stage"))

_PURCHASES: dict[str, Kind] = {
    "order_id": "integer", "occurred_at": "timestamp", "occurred_on": "date", "channel": "text", "net_minor": "integer",
    "discount_minor": "integer", "margin_minor": "integer", "quantity": "double", "n_items": "integer",
}  # fmt: skip
_ITEMS: dict[str, Kind] = {
    "order_id": "integer", "occurred_at": "timestamp", "occurred_on": "date", "product_id": "integer",
    "category": "text", "subcategory": "text", "brand": "text", "stage": "text", "quantity": "double",
    "net_minor": "integer", "discount_minor": "integer", "margin_minor": "integer",
}  # fmt: skip
_EVENTS: dict[str, Kind] = {
    "event": "text", "source": "text", "occurred_at": "timestamp", "occurred_on": "date", "channel": "text",
    "session_id": "integer", "product_id": "integer", "category": "text", "value": "double", "message_id": "integer",
}  # fmt: skip
_ACTS: dict[str, Kind] = {"event": "text", "occurred_at": "timestamp", "occurred_on": "date"}
_TOUCHES: dict[str, Kind] = {
    "channel": "text", "campaign": "text", "status": "text", "occurred_at": "timestamp", "occurred_on": "date",
}  # fmt: skip
_FACTS: dict[str, Kind] = {
    "order_id": "integer", "fact": "text", "amount_minor": "integer", "occurred_at": "timestamp", "occurred_on": "date",
}  # fmt: skip
_CHILDREN: dict[str, Kind] = {
    "child_no": "integer", "birth_month": "date", "due_month": "date", "gender": "text", "guardian_consent": "boolean",
}  # fmt: skip

GENDERS = ("female", "male")

CUSTOMER_COLUMNS: Mapping[str, Kind] = MappingProxyType({
    "registered_on": "date", "gender": "text", "birth_month": "date", "province": "text", "city": "text",
    "channel": "text", "member_tier": "text", "member_since_on": "date", "first_seen_on": "date",
})  # fmt: skip

CUSTOMER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({"gender": GENDERS})
"""The texts of profile columns that can only be one of a few."""

SOURCES: Mapping[str, Source] = MappingProxyType({
    source.name: source
    for source in (
        Source("purchases", _PURCHASES, order=("occurred_at", "order_id"), dimensions=frozenset({"channel"})),
        Source("purchase_items", _ITEMS, order=("occurred_on", "order_id", "product_id"),
               dimensions=frozenset({"category", "subcategory", "brand", "stage"}) | _FEW_VALUED, about_products=True),
        Source("events", _EVENTS, order=("occurred_at",),
               dimensions=frozenset({"event", "source", "channel", "category"}) | _FEW_VALUED, about_products=True,
               has_properties=True, large=True),
        Source("acts", _ACTS, order=("occurred_at",), dimensions=frozenset({"event"}), large=True),
        Source("touches", _TOUCHES, dimensions=frozenset({"channel", "campaign", "status"}), large=True),
        Source("order_facts", _FACTS, order=("occurred_on", "order_id"), dimensions=frozenset({"fact"}),
               names={"fact": ("deposit", "paid", "cancelled", "refunded", "returned")}),
        Source("children", _CHILDREN, day=None, order=("child_no",), dimensions=frozenset({"gender"}),
               names={"gender": GENDERS}),
    )
})  # fmt: skip

MODELS: Mapping[str, Mapping[str, Kind]] = MappingProxyType({
    "churn": MappingProxyType({"probability": "double", "expected_margin_minor": "integer"}),
    "early_warning": MappingProxyType({"level": "text", "value_at_risk_minor": "integer"}),
    "clv": MappingProxyType({
        "value_minor": "integer", "low_minor": "integer", "high_minor": "integer", "expected_purchases": "double",
    }),
})  # fmt: skip
"""Published scores by model: a relation with `as_of`, `customer_id` and these columns is given to the plan."""

MODEL_NAMES: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({
    ("early_warning", "level"): ("blue", "yellow", "orange", "red"),
})  # fmt: skip
"""The texts of scores that can only be one of a few."""
