"""The clock of a simulated shop: it stands where the demo puts it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from liuke.kernel import midnight_utc

_WORK_BEGINS = timedelta(hours=9)  # the loop runs in the morning, outside the quiet hours


class SimulatedClock:
    """Gives nine o'clock of a chosen day in the shop's zone."""

    def __init__(self, zone: str, day: date) -> None:
        self._zone = zone
        self.day = day

    def __call__(self) -> datetime:
        """Return the simulated instant (naive UTC)."""
        return midnight_utc(self.day, self._zone) + _WORK_BEGINS
