"""All commands of `liuke`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from liuke import __version__
from liuke.app.cli.context import report_error
from liuke.app.cli.lazy import LazyCommands
from liuke.kernel import UsageError

EPILOG = (
    "Exit codes: 0 done (also: not enough data, with the reason) · 1 refused · 2 wrong call · "
    "3 workspace or settings · 4 data refused, nothing changed · 5 another process is writing · "
    "6 a service outside failed · 70 a bug · 130 interrupted. Every command takes --json."
)

_WRONG_CALL: type[Exception] = typer.BadParameter.mro()[1]  # UsageError, which typer doesn't name

cli = typer.Typer(
    name="liuke",
    cls=LazyCommands.of(
        {
            "init": "liuke.app.cli.workspace:init",
            "doctor": "liuke.app.cli.workspace:doctor",
            "ingest": "liuke.app.cli.run:ingest",
            "run": "liuke.app.cli.run:run",
            "status": "liuke.app.cli.run:status",
            "serve": "liuke.app.cli.server:serve",
            "demo": "liuke.app.cli.demo:demo",
            "evaluate": "liuke.app.cli.evaluate:group",
            "warnings": "liuke.app.cli.warned:group",
            "models": "liuke.app.cli.models:group",
            "tags": "liuke.app.cli.tags:group",
            "value": "liuke.app.cli.value:group",
            "segments": "liuke.app.cli.segments:group",
            "trials": "liuke.app.cli.trials:group",
            "strategies": "liuke.app.cli.strategies:group",
            "outreach": "liuke.app.cli.outreach:group",
            "lake": "liuke.app.cli.lake:group",
            "quarantine": "liuke.app.cli.quarantine:group",
            "users": "liuke.app.cli.server:users",
        }
    ),
    help="Liuke (留客) keeps the customers that a shop has already won: "
    "collect, understand, predict, decide, engage, learn.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"liuke {__version__}\n")
        raise typer.Exit


@cli.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep the customers that a shop has already won."""


def main() -> None:
    """Run the command line; with ``--json`` even a call that no command understands is answered as JSON."""
    if "--json" not in sys.argv[1:]:
        cli(prog_name="liuke")
    try:
        code = cli(prog_name="liuke", standalone_mode=False)
    except _WRONG_CALL as error:
        code = UsageError.exit_code
        message = getattr(error, "format_message", error.__str__)()
        report_error(UsageError(message, "`--help` shows what the command takes"), as_json=True)
    sys.exit(code if isinstance(code, int) else 0)
