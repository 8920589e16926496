"""A generated mother-and-baby shop whose truth is known, written as the files a real shop would export.

Imports nothing of the product, so that no answer of the product can leak into the exam. See ``README.md``.
"""

from __future__ import annotations

from pathlib import Path

from liuke_sim.config import (
    VARIANTS,
    VERSION,
    DirtConfig,
    LeavingConfig,
    PurchaseConfig,
    ResponseConfig,
    ShopConfig,
    VisitConfig,
)
from liuke_sim.contacts import CONTACT_CHANNELS, CONTACTS, OFFERS
from liuke_sim.events import EVENTS
from liuke_sim.leaving import CAUSES
from liuke_sim.live import live
from liuke_sim.shop import Shop, WrittenFile, deliveries

SOURCES_DIR = Path(__file__).parent / "workspace" / "sources"
"""The mappings that tell the product what the columns of this shop's files mean."""

__all__ = [
    "CAUSES",
    "CONTACTS",
    "CONTACT_CHANNELS",
    "EVENTS",
    "OFFERS",
    "SOURCES_DIR",
    "VARIANTS",
    "VERSION",
    "DirtConfig",
    "LeavingConfig",
    "PurchaseConfig",
    "ResponseConfig",
    "Shop",
    "ShopConfig",
    "VisitConfig",
    "WrittenFile",
    "deliveries",
    "live",
]
