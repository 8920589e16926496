"""Errors of the experiments room."""

from __future__ import annotations

from liuke.kernel.errors import SettingsError


class ExperimentError(SettingsError):
    """An experiment that cannot be drawn or read as it is defined."""


class NoSuchTrialError(ExperimentError):
    """A trial that was asked for is not there."""
