"""What the HTTP edge asks of the place where everything is plugged together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Protocol

from liuke.decide.strategies import Strategy
from liuke.kernel.clock import Clock
from liuke.kernel.shop import ShopProfile
from liuke.learn.experiments import TrialDesk
from liuke.store.operations import FieldCipher, Operations
from liuke.understand.segments import SegmentSettings


class HasPublishedDir(Protocol):
    """The part of a workspace that the web process reads."""

    @property
    def published_dir(self) -> Path:
        """Folder of the builds."""
        ...

    @property
    def segments_dir(self) -> Path:
        """Folder of the shop's segments in files."""
        ...


class ConsoleContext(Protocol):
    """The part of the application that the web process needs; it never sees the lake."""

    @property
    def workspace(self) -> HasPublishedDir:
        """Where the published builds lie."""
        ...

    @property
    def operations(self) -> Operations:
        """Users, sessions, profiles, outbox, runs."""
        ...

    @property
    def cipher(self) -> FieldCipher:
        """Opens and indexes personal fields."""
        ...

    @property
    def shop(self) -> ShopProfile:
        """Name, zone and currency."""
        ...

    @property
    def segment_settings(self) -> SegmentSettings:
        """Bounds of the engine that evaluates rules."""
        ...

    @property
    def trials(self) -> TrialDesk:
        """Plans, starts, reads and ends trials."""
        ...

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """The shop's strategies."""
        ...

    @property
    def clock(self) -> Clock:
        """Now for the shop, in UTC without zone; simulated where the shop is."""
        ...

    @property
    def wall_clock(self) -> Clock:
        """Now for whoever signs in and for what this machine does, in UTC without zone."""
        ...

    @property
    def simulated_day(self) -> date | None:
        """The day on which a simulated shop stands."""
        ...

    @property
    def next_day_command(self) -> str | None:
        """What simulates the next day; None in the real time."""
        ...
