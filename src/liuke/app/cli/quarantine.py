"""`liuke quarantine`: rows that could not be read, and their second chance."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from liuke.app.cli.context import JsonOption, WorkspaceOption, application, command, progress
from liuke.app.cli.output import console, emit_json, table
from liuke.app.cli.run import print_ingest
from liuke.collect.quality import QuarantineCount, QuarantinedRow, told

group = typer.Typer(
    help="Rows that could not be read: see why, release them after a mapping is mended.", no_args_is_help=True
)

SourceOption = Annotated[str | None, typer.Option("--source", help="Only rows of this mapping.")]


@group.command("list")
@command
def list_(
    workspace: WorkspaceOption = Path(),
    source: SourceOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows to show.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List quarantined rows with file, row number and reason."""
    with application(workspace) as app:
        rows = app.ingestor.quarantined(source=source, limit=limit)
        counts = app.ingestor.quarantine_counts(source=source)
    if as_json:
        emit_json({"counts": [_in_words(one) for one in counts], "rows": [_in_words(one) for one in rows]})
        return
    table("Quarantine", ("rows", "source", "reason"), [(one.rows, one.source, told(one.reason).en) for one in counts])
    if rows:
        table(
            "Rows",
            ("source", "file", "row", "reason"),
            [(one.source, one.file_key, one.row_number, told(one.reason).en) for one in rows],
        )
    else:
        console.print("No row waits.")


@group.command()
@command
def release(workspace: WorkspaceOption = Path(), source: SourceOption = None, as_json: JsonOption = False) -> None:
    """Read the quarantined rows again with today's mapping; those that pass are loaded."""
    with application(workspace) as app, app.workspace.lock("release"), progress(quiet=as_json) as bars:
        report = app.ingestor.release(app.now(), source=source, progress=bars)
    if as_json:
        emit_json(report)
    else:
        print_ingest(report)


def _in_words(held: QuarantineCount | QuarantinedRow) -> dict[str, Any]:
    """Return what is held with its reason as key, facts and a sentence in each language."""
    return asdict(held) | {"reason": told(held.reason)}
