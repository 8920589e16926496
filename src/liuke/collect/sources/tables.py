"""Tables that sources write: canonical facts in the lake, and the register of loads in the operational store."""

from __future__ import annotations

import sqlalchemy as sa

from liuke.kernel import ColumnSpec, PersonalData, TableSpec
from liuke.store.operations import metadata

_PSEUDONYM = PersonalData.PSEUDONYM
_CHILD = PersonalData.CHILD

ORIGIN = (
    ColumnSpec("load_id", "BIGINT", "Load that brought the row; visible when that load is.", required=True),
    ColumnSpec("row_number", "BIGINT", "Row of the file, from 1; of a group its first row.", required=True),
    ColumnSpec("source", "VARCHAR", "Name of the mapping.", required=True),
    ColumnSpec("recorded_at", "TIMESTAMP", "When the shop could have known it.", "UTC", required=True),
)
_KEY = ("load_id", "row_number")
_IDENTITY = ColumnSpec("identity_id", "BIGINT", "The source's identity of the person.", "", _PSEUDONYM, required=True)
_HAPPENED = (
    ColumnSpec("occurred_at", "TIMESTAMP", "When it happened.", "UTC", required=True),
    ColumnSpec("occurred_on", "DATE", "The shop-local day of it.", required=True),
)
_ORDER = ColumnSpec("order_id", "BIGINT", "The order; split orders of a checkout share it.", required=True)


def _table(name: str, grain: str, *columns: ColumnSpec, doc: str = "") -> TableSpec:
    return TableSpec(name, grain, _KEY, (*columns, *ORIGIN), doc)


CUSTOMERS = _table(
    "customers",
    "one profile record of a source",
    _IDENTITY,
    ColumnSpec("registered_on", "DATE", "Shop-local day of registration."),
    ColumnSpec("gender", "VARCHAR", "female or male.", "", PersonalData.PERSONAL),
    ColumnSpec("birth_month", "DATE", "First day of the customer's own month of birth.", "", PersonalData.PERSONAL),
    ColumnSpec("province", "VARCHAR", "Region.", "", _PSEUDONYM),
    ColumnSpec("city", "VARCHAR", "City.", "", _PSEUDONYM),
    ColumnSpec("channel", "VARCHAR", "Where the customer registered."),
    ColumnSpec("member_tier", "VARCHAR", "Tier as the source names it."),
    ColumnSpec("member_since_on", "DATE", "Shop-local day of joining the membership."),
    ColumnSpec("language", "VARCHAR", "Language the customer reads, such as zh or en-GB; messages follow it."),
)
CHILDREN = _table(
    "children",
    "one child record",
    _IDENTITY,
    ColumnSpec("child_no", "INT", "Which child of the customer, from 1.", "", _CHILD, required=True),
    ColumnSpec("birth_month", "DATE", "First day of the month of birth.", "", _CHILD),
    ColumnSpec("due_month", "DATE", "First day of the month in which the birth is expected.", "", _CHILD),
    ColumnSpec("gender", "VARCHAR", "female or male.", "", _CHILD),
    ColumnSpec("guardian_consent", "BOOLEAN", "Whether a guardian agreed to keeping this record.", "", _CHILD),
)
PRODUCTS = _table(
    "products",
    "one product record",
    ColumnSpec("product_id", "BIGINT", "The product.", required=True),
    ColumnSpec("product_key", "VARCHAR", "The source's own number of it.", required=True),
    ColumnSpec("name", "VARCHAR", "Name."),
    ColumnSpec("brand", "VARCHAR", "Brand."),
    ColumnSpec("category", "VARCHAR", "Category."),
    ColumnSpec("subcategory", "VARCHAR", "Finer category."),
    ColumnSpec("stage", "VARCHAR", "Formula stage, nappy size or age range."),
    ColumnSpec("list_price", "DECIMAL(18,4)", "Price before discounts.", "major unit"),
    ColumnSpec("unit_cost", "DECIMAL(18,4)", "What a unit costs the shop.", "major unit"),
    ColumnSpec("currency", "VARCHAR", "Currency of prices (ISO 4217)."),
    ColumnSpec("units_per_pack", "DOUBLE", "Units in a pack.", "units"),
    ColumnSpec("daily_use", "DOUBLE", "Units a child uses in a day.", "units/day"),
    ColumnSpec("min_age_months", "INT", "Suits children from this age.", "months"),
    ColumnSpec("max_age_months", "INT", "Suits children below this age.", "months"),
)
ORDERS = _table(
    "orders",
    "one order in a file",
    _ORDER,
    ColumnSpec("order_key", "VARCHAR", "The source's own number of it.", required=True),
    _IDENTITY,
    *_HAPPENED,
    ColumnSpec("channel", "VARCHAR", "Where it was placed."),
    ColumnSpec("store", "VARCHAR", "Store or shop front."),
    ColumnSpec("currency", "VARCHAR", "Currency of its amounts (ISO 4217).", required=True),
    ColumnSpec("time_precision", "VARCHAR", "second, or day where the source has dates only.", required=True),
    doc="Rows of one order_id from several files belong to one order; the first seen describes it.",
)
ORDER_FACTS = _table(
    "order_facts",
    "one dated fact about an order",
    _ORDER,
    _IDENTITY,
    ColumnSpec("fact", "VARCHAR", "deposit, paid, cancelled, refunded or returned.", required=True),
    ColumnSpec("amount_minor", "BIGINT", "Amount of the fact, positive; NULL: unknown.", "minor units"),
    *_HAPPENED,
)
ORDER_ITEMS = _table(
    "order_items",
    "one line of an order",
    _ORDER,
    _IDENTITY,
    ColumnSpec("line_no", "BIGINT", "Which line.", required=True),
    ColumnSpec("product_id", "BIGINT", "The product."),
    ColumnSpec("quantity", "DOUBLE", "How many; negative when taken back.", "units"),
    ColumnSpec("unit_price", "DECIMAL(18,4)", "Price of one.", "major unit"),
    ColumnSpec("net_minor", "BIGINT", "Paid for the line; NULL: unknown.", "minor units"),
    ColumnSpec("discount_minor", "BIGINT", "Taken off the line, positive.", "minor units"),
    ColumnSpec("cost_minor", "BIGINT", "What the line cost the shop.", "minor units"),
    *_HAPPENED,
)
EVENTS = _table(
    "events",
    "one behaviour",
    _IDENTITY,
    ColumnSpec("event", "VARCHAR", "Name from the catalogue of behaviours.", required=True),
    *_HAPPENED,
    ColumnSpec("channel", "VARCHAR", "Where it happened."),
    ColumnSpec("session_id", "BIGINT", "The visit."),
    ColumnSpec("product_id", "BIGINT", "The product it was about."),
    ColumnSpec("category", "VARCHAR", "The category it was about."),
    ColumnSpec("value", "DOUBLE", "A number that belongs to it."),
    ColumnSpec("properties", "VARCHAR", "The rest, as JSON."),
    ColumnSpec("message_id", "BIGINT", "The message it answers."),
)
TOUCHES = _table(
    "touches",
    "one contact made by another tool",
    _IDENTITY,
    ColumnSpec("channel", "VARCHAR", "Medium.", required=True),
    ColumnSpec("campaign", "VARCHAR", "Campaign."),
    ColumnSpec("status", "VARCHAR", "What became of it, as the source says."),
    *_HAPPENED,
)
ROW_KEYS = _table(
    "row_keys",
    "one loaded row of a source that declares a key",
    ColumnSpec("key_id", "BIGINT", "Hash of the row's key.", "", _PSEUDONYM, required=True),
    ColumnSpec("content_hash", "BIGINT", "Hash of the row's columns.", required=True),
    ColumnSpec("hashed_by", "VARCHAR", "Engine version that made content_hash; others can't be compared."),
    doc="Finds rows that another file of the same source has brought already.",
)

CANONICAL = (CUSTOMERS, CHILDREN, PRODUCTS, ORDERS, ORDER_FACTS, ORDER_ITEMS, EVENTS, TOUCHES)

loads = sa.Table(
    "loads",
    metadata,
    sa.Column("load_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("file_key", sa.String(500), nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("mapping_digest", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # file, release
    sa.Column("parent_load_id", sa.BigInteger),  # of a release: the load whose rows it brings
    sa.Column("state", sa.String(16), nullable=False),  # begun, committed, refused
    sa.Column("begun_at", sa.DateTime, nullable=False),
    sa.Column("committed_at", sa.DateTime),
    sa.Column("valid_from", sa.DateTime),
    sa.Column("valid_to", sa.DateTime),
    sa.Column("rows_total", sa.BigInteger),
    sa.Column("rows_loaded", sa.BigInteger),
    sa.Column("filtered", sa.JSON),  # reason → rows
    sa.Column("quarantined", sa.JSON),  # reason → rows
    sa.Column("tables", sa.JSON),  # table → rows
    sa.Index("loads_by_file", "source", "file_key"),
    comment="One row per version of a file. Rows of the lake count only through a load that is visible.",
)
