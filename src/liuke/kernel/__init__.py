"""Words that all rooms share. Nothing here reads a file, a network or a clock."""

from liuke.kernel.clock import Clock, SimulatedClock, simulated_instant
from liuke.kernel.days import Period, midnight_utc, shop_day
from liuke.kernel.errors import (
    DataError,
    LiukeError,
    LockedError,
    ServiceError,
    SettingsError,
    UsageError,
)
from liuke.kernel.ids import stable_id, stable_id_sql
from liuke.kernel.money import from_minor, minor_exponent, to_minor
from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import Estimate, NotEnoughData
from liuke.kernel.shop import ShopProfile
from liuke.kernel.tables import ColumnSpec, PersonalData, TableSpec

__all__ = [
    "Clock",
    "ColumnSpec",
    "DataError",
    "Estimate",
    "LiukeError",
    "LockedError",
    "NotEnoughData",
    "Period",
    "PersonalData",
    "Progress",
    "ServiceError",
    "SettingsError",
    "ShopProfile",
    "SilentProgress",
    "SimulatedClock",
    "TableSpec",
    "UsageError",
    "from_minor",
    "midnight_utc",
    "minor_exponent",
    "shop_day",
    "simulated_instant",
    "stable_id",
    "stable_id_sql",
    "to_minor",
]
