"""What happened to one customer, newest first."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from liuke.app.http.models.common import Model, Words


class TimelineEntry(Model):
    """One thing that happened."""

    occurred_at: datetime
    has_time: bool
    occurred_on: date
    kind: Literal["order", "event", "contact", "touch"]
    name: str
    words: Words
    channel: str | None
    amount_minor: int | None
    detail: Any = None


class Timeline(Model):
    """One page of a customer's timeline, newest first."""

    as_of: date
    total: int
    counts: dict[str, int]
    page: int
    page_size: int
    rows: list[TimelineEntry]
