"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener: the command line draws bars, a server writes a log, a test stays silent."""

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a piece of work; ``total`` is in the unit of ``advance``, None if unknown."""

    def advance(self, n: int = 1) -> None:
        """Tell that ``n`` more units of the current piece are done."""

    def finish(self, note: str = "") -> None:
        """End the current piece, with what came of it in a few words."""


class SilentProgress:
    """Nobody listens."""

    def start(self, label: str, total: int | None = None) -> None:
        """Ignore."""

    def advance(self, n: int = 1) -> None:
        """Ignore."""

    def finish(self, note: str = "") -> None:
        """Ignore."""
