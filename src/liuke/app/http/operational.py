"""The console's questions to the operational store: counts and states, never a personal value."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from liuke.store.lineage.tables import steps
from liuke.store.operations import Operations


def outbox_states(operations: Operations) -> list[dict[str, Any]]:
    return []


def loads(operations: Operations) -> list[dict[str, Any]]:
    return []


def quarantine(operations: Operations) -> list[dict[str, Any]]:
    return []


def runs(operations: Operations) -> list[dict[str, Any]]:
    return []
