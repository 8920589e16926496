"""Draws the progress of long work on the terminal."""

from __future__ import annotations

from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class TerminalProgress:
    """A bar per piece of work; where standard error is no terminal, one line per finished piece.

    Use it as a context manager: the bars live while the block runs.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=28),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._label = ""
        self._since = 0.0

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a piece of work with a bar of its own."""
        self._label, self._since = label, monotonic()
        self._task = self._bars.add_task(label, total=total, note="")

    def advance(self, n: int = 1) -> None:
        """Move the current bar."""
        if self._task is not None:
            self._bars.advance(self._task, n)

    def finish(self, note: str = "") -> None:
        """Fill the current bar and put a note beside it."""
        if self._task is not None:
            total = self._bars.tasks[self._task].total or 1
            self._bars.update(self._task, total=total, completed=total, note=note)
            self._bars.stop_task(self._task)
        if not self._console.is_terminal:
            self._console.print(f"{self._label:<34} {monotonic() - self._since:6.1f} s  {note}")
