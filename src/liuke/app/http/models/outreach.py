"""The outreach page."""

from __future__ import annotations

from datetime import date

from liuke.app.http.models.common import Model
from liuke.app.http.models.overview import Strategy


class OutboxState(Model):
    """How many messages stand in one state."""

    strategy: str
    channel: str
    state: str
    reason: str
    messages: int


class Outreach(Model):
    """The outreach page."""

    as_of: date
    strategies: list[Strategy]
    outbox: list[OutboxState]
