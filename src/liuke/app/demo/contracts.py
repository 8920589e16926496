"""The values that cross the demo's door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liuke.app.loop import LoopReport
from liuke.kernel import NotEnoughData


@dataclass(frozen=True)
class DemoSettings:
    """What makes a demo the same again."""

    customers: int = 20_000
    seed: int = 1
    weeks: int = 8


@dataclass(frozen=True)
class DemoReport:
    """What a demo did and how long it took.

    Parameters
    ----------
    seconds : mapping of str to float
        Wall time by step, over all weeks; ``generate`` is the simulated shop's own, ``compare`` the look at its truth.
    rows, files : int
        What was delivered.
    read : mapping of str to int
        What became of the rows: ``loaded``, ``filtered``, ``quarantined``.
    contacts : int
        Messages that the shop's customers received and could answer.
    untranslated : int
        Messages sent to customers whom no profile of the simulated shop names.
    effects : tuple of mapping
        Measured beside true, one row per strategy and metric: see ``comparison.beside``.
    """

    workspace: Path
    settings: DemoSettings
    seconds: Mapping[str, float]
    rows: int
    files: int
    read: Mapping[str, int]
    last: LoopReport | None
    missing: Mapping[str, NotEnoughData]
    contacts: int
    untranslated: int
    effects: tuple[Mapping[str, Any], ...]
