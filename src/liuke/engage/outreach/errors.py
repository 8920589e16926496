"""Errors of the outreach room."""

from __future__ import annotations

from liuke.kernel.errors import ServiceError, SettingsError


class OutreachError(SettingsError):
    """Outreach cannot work as it is set up; nothing was sent."""


class TemplateError(OutreachError):
    """A template that is missing or cannot be rendered."""


class ChannelDown(ServiceError):  # noqa: N818 - a state of the channel, read aloud in status lines
    """The provider cannot be talked to now; messages stay queued."""
