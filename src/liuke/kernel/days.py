"""Calendar days of the shop. Instants are naive UTC; days belong to the shop's own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, order=True)
class Period:
    """The days from ``start`` up to and without ``end``."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a period can't end ({self.end}) before it starts ({self.start})")

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def before(self) -> Period:
        """Return the period of the same length that ends where this one starts."""
        return Period(self.start - timedelta(days=self.days), self.start)


def midnight_utc(day: date, zone: str) -> datetime:
    """Return the instant (naive UTC) at which ``day`` begins in ``zone``.

    Examples
    --------
    >>> midnight_utc(date(2026, 1, 1), "Asia/Shanghai")
    datetime.datetime(2025, 12, 31, 16, 0)
    """
    local = datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def shop_day(instant: datetime, zone: str) -> date:
    """Return the shop-local day of a naive UTC instant."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
