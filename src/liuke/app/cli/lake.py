"""`liuke lake`: which tables there are, what became of them, and what they were made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liuke.app.cli.context import JsonOption, WorkspaceOption, application, command
from liuke.app.cli.output import console, emit_json, table

group = typer.Typer(help="Look into the lake: tables, their history, where they come from.", no_args_is_help=True)

TableArgument = Annotated[str, typer.Argument(metavar="TABLE", help="Name of a table; `liuke lake tables` lists them.")]


@group.command()
@command
def tables(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the tables with their size and last commit."""
    with application(workspace) as app:
        found = app.lake.tables()
    if as_json:
        emit_json({"tables": found})
        return
    rows = [(one.name, one.rows, one.files, one.bytes / 1e6, one.snapshots, one.committed_at) for one in found]
    table("Lake", ("table", "rows", "files", "MB", "snapshots", "committed (UTC)"), rows)


@group.command()
@command
def history(name: TableArgument, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the states of a table, the newest first."""
    with application(workspace) as app:
        found = app.lake.history(name)
    if as_json:
        emit_json({"table": name, "snapshots": found})
        return
    rows = [
        (
            str(one.snapshot_id),
            one.committed_at,
            one.operation,
            one.added_rows,
            one.rows,
            one.summary.get("liuke.commit-key", ""),
        )
        for one in found
    ]
    table(f"History of {name}", ("snapshot", "committed (UTC)", "operation", "added", "rows", "written by"), rows)


@group.command()
@command
def lineage(name: TableArgument, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Show which steps a table was made by, back to the shop's files."""
    with application(workspace) as app:
        app.lake.history(name)  # says so if there is no such table
        upstream = app.steps.upstream(name)
        loads = app.ingestor.loads_of(name)
    if as_json:
        emit_json({"table": name, "steps": upstream, "loads": loads})
        return
    if not upstream and not loads:
        console.print(f"Nothing has written {name} yet.", markup=False)
    for written, record in upstream.items():
        inputs = ", ".join(sorted(record.inputs)) or "the shop's files"
        console.print(f"[bold]{written}[/] ← step [cyan]{record.name}[/] as of {record.as_of} ← {inputs}")
        console.print(
            f"    snapshot {record.outputs.get(written)} · definition {record.definition[:12]} · {record.note}",
            markup=False,
        )
    if loads:
        rows = [(one.source, one.file_key, one.rows_loaded, one.committed_at) for one in loads]
        table("Files behind it", ("source", "file", "rows loaded", "committed (UTC)"), rows)
