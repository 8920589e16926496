"""A generated mother-and-baby shop whose truth is known, written as the files a real shop would export.

Imports nothing of the product, so that no answer of the product can leak into the exam. See ``README.md``.
"""

from __future__ import annotations

from liuke_sim.config import VARIANTS, DirtConfig, LeavingConfig, PurchaseConfig, ShopConfig, VisitConfig
from liuke_sim.events import EVENTS
from liuke_sim.leaving import CAUSES
from liuke_sim.shop import Shop, WrittenFile, deliveries

__all__ = [
    "CAUSES",
    "EVENTS",
    "VARIANTS",
    "DirtConfig",
    "LeavingConfig",
    "PurchaseConfig",
    "Shop",
    "ShopConfig",
    "VisitConfig",
    "WrittenFile",
    "deliveries",
]
