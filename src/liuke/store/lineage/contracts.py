"""What is known of one step of the daily loop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any


class StepState(StrEnum):
    """How far a step got; ``running`` in an old record means that its process died."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Step:
    """A step about to be taken.

    Parameters
    ----------
    name : str
    as_of : date
    inputs : mapping of str to int or None
        Snapshot of each table it reads (or any other version number of an input).
    definition : str
        Hash of the definitions and settings that rule it.
    """

    name: str
    as_of: date
    inputs: Mapping[str, int | None] = field(default_factory=dict)
    definition: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for two steps exactly if doing the second can change nothing."""
        described = json.dumps([self.name, self.as_of.isoformat(), dict(self.inputs), self.definition], sort_keys=True)
        return sha256(described.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class StepResult:
    """What a step's body reports: snapshots it wrote, counts worth reading, a line for people, detail for programs.

    ``note_zh`` is the line in Chinese, ``note`` the same in English.
    """

    outputs: Mapping[str, int | None] = field(default_factory=dict)
    counts: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    note_zh: str = ""


@dataclass(frozen=True)
class StepRecord:
    """One step as it is remembered. ``seconds`` is wall time; ``repeated`` means that nothing had to be done.

    ``note_zh`` is empty for a step that failed, and for one remembered before notes were written in two languages.
    """

    step_id: int
    name: str
    as_of: date
    fingerprint: str
    state: StepState
    started_at: datetime
    seconds: float
    inputs: Mapping[str, int | None]
    outputs: Mapping[str, int | None]
    counts: Mapping[str, float]
    note: str
    detail: Mapping[str, Any]
    definition: str
    repeated: bool = False
    note_zh: str = ""
