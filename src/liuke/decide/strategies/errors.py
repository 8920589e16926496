"""Errors of the strategies room."""

from __future__ import annotations

from liuke.kernel.errors import SettingsError


class StrategyError(SettingsError):
    """A strategy document that cannot be used; nothing was entered or planned."""
