"""What tells the time of day-to-day work: this machine's clock, or a simulated one that stands where it is put."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol

from liuke.kernel.days import midnight_utc

_WORK_BEGINS = timedelta(hours=9)  # the loop runs in the morning, outside the quiet hours


class Clock(Protocol):
    """Gives the present instant."""

    def __call__(self) -> datetime:
        """Return it as naive UTC."""


class SimulatedClock:
    """Gives nine o'clock of a chosen day in the shop's zone."""

    def __init__(self, zone: str, day: date) -> None:
        self._zone = zone
        self.day = day

    def __call__(self) -> datetime:
        """Return the simulated instant (naive UTC)."""
        return simulated_instant(self.day, self._zone)


def simulated_instant(day: date, zone: str) -> datetime:
    """Return the instant at which a simulated day stands (naive UTC): nine o'clock in the shop's zone."""
    return midnight_utc(day, zone) + _WORK_BEGINS
