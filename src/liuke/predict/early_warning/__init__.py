"""Four warning levels by value at stake and by how many customers the shop can look after."""

from liuke.predict.early_warning.config import WarningSettings
from liuke.predict.early_warning.contracts import LEVEL_NAMES_ZH, Capacity, Level, LevelTotal
from liuke.predict.early_warning.service import grade, totals
from liuke.predict.early_warning.tables import WARNINGS

__all__ = [
    "LEVEL_NAMES_ZH",
    "WARNINGS",
    "Capacity",
    "Level",
    "LevelTotal",
    "WarningSettings",
    "grade",
    "totals",
]
