"""Options that every command shares, and how a command ends."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from liuke.app.cli.output import emit_json
from liuke.app.cli.progress import TerminalProgress
from liuke.kernel import LiukeError, UsageError, folded

if TYPE_CHECKING:
    from liuke.app.bootstrap import Application

UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h: a bug of ours, not of the user's
INTERRUPTED = 130  # 128 + SIGINT

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", envvar="LIUKE_WORKSPACE", help="The workspace's folder.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Shop-local day, 2026-11-22; nothing of that day or later is used."),
]

P = ParamSpec("P")
R = TypeVar("R")
errors = Console(stderr=True, highlight=False)


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Turn errors into a message and an exit code; a traceback goes to a file, never to the user's face."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        as_json = bool(kwargs.get("as_json", False))
        try:
            return function(*args, **kwargs)
        except LiukeError as error:
            report_error(error, as_json=as_json)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _report(
                "interrupted", "run the same command again: it continues where it stopped", INTERRUPTED, as_json=as_json
            )
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            path = _crash_file()
            hint = f"this is a bug in Liuke; nothing half-done is visible. Details for a report: {path}"
            _report(f"unexpected {type(error).__name__}: {error}", hint, UNEXPECTED, as_json=as_json)
            raise typer.Exit(UNEXPECTED) from None

    return guarded


@contextmanager
def application(workspace: Path) -> Iterator[Application]:
    """Open the workspace for the length of a command."""
    from liuke.app.bootstrap import Application  # everything is plugged in there: commands without a workspace go on

    yield Application.open(workspace)


def progress(*, quiet: bool) -> TerminalProgress:
    """Return the listener that draws on the terminal, silent when JSON is wanted."""
    return TerminalProgress(quiet=quiet)


def parse_day(text: str | None) -> date | None:
    """Read a day given on the command line.

    Raises
    ------
    UsageError
        If it isn't a date written like 2026-11-22.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(folded(text))
    except ValueError:
        raise UsageError(f"'{text}' is no date", "write it like 2026-11-22") from None


def report_error(error: LiukeError, *, as_json: bool) -> None:
    """Say what is wrong and what to do: as text on standard error, or as JSON on standard output."""
    _report(error.message, error.hint, error.exit_code, as_json=as_json, retryable=error.retryable)


def _report(message: str, hint: str, code: int, *, as_json: bool, retryable: bool = False) -> None:
    if as_json:
        emit_json({"error": {"message": message, "hint": hint, "exit_code": code, "retryable": retryable}})
        return
    errors.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)
    if hint:
        errors.print(f"  → {hint}", soft_wrap=True, markup=False)


def _crash_file() -> str:
    descriptor, path = tempfile.mkstemp(prefix="liuke-crash-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{datetime.now().astimezone().isoformat()}\n{traceback.format_exc()}")
    return path
