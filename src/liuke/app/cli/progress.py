"""Draws the progress of long work on the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

_INDENT = "  "


@dataclass(frozen=True)
class _Piece:
    label: str
    since: float
    task: TaskID


class TerminalProgress:
    """A bar per piece of work, indented within another; where standard error is no terminal, a line per finished piece.

    Use it as a context manager: the bars live while the block runs.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<46}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._open: list[_Piece] = []

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a piece of work, within the one that is under way if there is one."""
        label = _INDENT * len(self._open) + label
        self._open.append(_Piece(label, monotonic(), self._bars.add_task(label, total=total, note="")))

    def advance(self, n: int = 1) -> None:
        """Move the innermost bar."""
        if self._open:
            self._bars.advance(self._open[-1].task, n)

    def finish(self, note: str = "") -> None:
        """Fill the innermost bar and put a note beside it; inner pieces make room when theirs is done."""
        piece = self._open.pop()
        total = self._bars.tasks[self._bars.task_ids.index(piece.task)].total or 1
        self._bars.update(piece.task, total=total, completed=total, note=note)
        self._bars.stop_task(piece.task)
        if self._open:
            self._bars.update(piece.task, visible=False)
        if not self._console.is_terminal:
            took = monotonic() - piece.since
            self._console.print(f"{piece.label:<46} {took:6.1f} s  {note}", soft_wrap=True, markup=False)
