"""Words that all rooms share. Nothing here reads a file, a network or a clock."""

from liuke.kernel.aside import SetAside
from liuke.kernel.clock import Clock, SimulatedClock, simulated_instant
from liuke.kernel.days import Period, midnight_utc, shop_day
from liuke.kernel.documents import DuplicateKeyError, read_yaml
from liuke.kernel.errors import (
    DataError,
    LiukeError,
    LockedError,
    ServiceError,
    SettingsError,
    UsageError,
)
from liuke.kernel.ids import stable_id, stable_id_sql
from liuke.kernel.money import from_minor, minor_exponent, money_text, to_minor
from liuke.kernel.names import hints, nearest
from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.ranges import impossible
from liuke.kernel.results import Estimate, NotEnoughData
from liuke.kernel.shop import ShopProfile
from liuke.kernel.tables import ColumnSpec, PersonalData, TableSpec
from liuke.kernel.text import checked_text, dangerous, folded, folded_sql, one_line, typed_number

__all__ = [
    "Clock",
    "ColumnSpec",
    "DataError",
    "DuplicateKeyError",
    "Estimate",
    "LiukeError",
    "LockedError",
    "NotEnoughData",
    "Period",
    "PersonalData",
    "Progress",
    "ServiceError",
    "SetAside",
    "SettingsError",
    "ShopProfile",
    "SilentProgress",
    "SimulatedClock",
    "TableSpec",
    "UsageError",
    "checked_text",
    "dangerous",
    "folded",
    "folded_sql",
    "from_minor",
    "hints",
    "impossible",
    "midnight_utc",
    "minor_exponent",
    "money_text",
    "nearest",
    "one_line",
    "read_yaml",
    "shop_day",
    "simulated_instant",
    "stable_id",
    "stable_id_sql",
    "to_minor",
    "typed_number",
]
