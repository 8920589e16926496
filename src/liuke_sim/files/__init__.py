"""From rows to the files of a shop: one exporter per kind of source, one writer per format."""

from __future__ import annotations

from liuke_sim.files.batch import Batch, SeriesTables
from liuke_sim.files.behaviour import behaviour_tables
from liuke_sim.files.feedback import feedback_tables
from liuke_sim.files.profiles import child_tables, profile_tables, third_party_tables
from liuke_sim.files.trade import is_corrected_later, order_tables, product_tables, social_tables, till_tables
from liuke_sim.files.writers import Writer, open_writer

SERIES = {
    "products": ("products/products", ".csv"),
    "profiles": ("crm/profiles", ".csv"),
    "children": ("crm/children", ".csv"),
    "order_lines": ("orders/order_lines", ".csv.gz"),
    "order_status": ("orders/order_status", ".csv.gz"),
    "behaviour": ("behaviour/behaviour", ".parquet"),
    "social_orders": ("social/social_orders", ".csv"),
    "social_status": ("social/social_status", ".csv"),
    "social_events": ("social/social_events", ".csv"),
    "till": ("store/till", ".xlsx"),
    "attributes": ("third_party/attributes", ".csv"),
    "reviews": ("feedback/reviews", ".csv"),
    "complaints": ("feedback/complaints", ".csv"),
    "chats": ("feedback/chats", ".csv"),
    "surveys": ("feedback/surveys", ".csv"),
}
"""Where each series of files lies (folder and stem) and its format; the period is put between."""

EXPORTERS = (
    product_tables,
    profile_tables,
    child_tables,
    order_tables,
    behaviour_tables,
    social_tables,
    till_tables,
    third_party_tables,
    feedback_tables,
)

__all__ = [
    "EXPORTERS",
    "SERIES",
    "Batch",
    "SeriesTables",
    "Writer",
    "is_corrected_later",
    "open_writer",
    "profile_tables",
    "till_tables",
]
