"""`liuke outreach`: messages that failed, and their second chance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liuke.app.cli.context import JsonOption, WorkspaceOption, application, command
from liuke.app.cli.output import console, emit_json

group = typer.Typer(help="Messages that failed: send them again once the cause is mended.", no_args_is_help=True)


@group.callback()
def root() -> None:
    """Messages that failed: send them again once the cause is mended."""


@group.command()
@command
def retry(
    workspace: WorkspaceOption = Path(),
    strategy: Annotated[str | None, typer.Option(help="Only messages of this strategy.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only those that failed for this reason, as `liuke status --json` names it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count them, change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Queue failed messages again; the next `liuke run` sends those that may still go.

    A message that its recipient may already have is `unknown`, not `failed`, and is never among them.
    """
    with application(workspace) as app:
        if dry_run:
            n_messages = app.outreach.retry(strategy, reason, dry_run=True)
        else:
            with app.workspace.lock("retry"):
                n_messages = app.outreach.retry(strategy, reason)
    if as_json:
        emit_json({"queued": 0 if dry_run else n_messages, "found": n_messages})
        return
    if dry_run or not n_messages:
        console.print(f"{n_messages:,} failed messages found, none queued.")
        return
    console.print(f"{n_messages:,} messages queued again; the next `liuke run` sends those that may still go.")
    console.print("Held back as ever: addresses remembered as dead, messages too old, whoever said no.")
