"""`liuke segments`: what segments there are, whether a file is right, how many it means; saved ones as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from liuke.app.bootstrap import Application
from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day
from liuke.app.cli.output import console, emit_json, print_aside, table
from liuke.kernel import UsageError
from liuke.understand.segments import (
    SegmentBook,
    SegmentDefinition,
    SegmentDesk,
    SegmentShelf,
    Unseen,
    desk_at,
    explain_rule,
    read_file,
)

group = typer.Typer(help="Named sets of customers: tags, profile, behaviour, other segments.", no_args_is_help=True)
FileArgument = Annotated[Path, typer.Argument(help="YAML of one segment.", exists=True, dir_okay=False)]


@group.command("list")
@command
def list_(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the segments of files and console."""
    with application(workspace) as app:
        read = app.read_segments()
        files, book = read.files, read.book
    rows = [
        (key, "file" if key in files else "console", one.name.zh, one.name.en, book.version(key))
        for key, one in book.items()
    ]
    if as_json:
        names = ("key", "origin", "zh", "en", "version")
        emit_json({"segments": [dict(zip(names, row, strict=True)) for row in rows], "aside": read.aside})
        return
    table("Segments", ("key", "from", "名称", "name", "version"), rows)
    print_aside(read.aside)


@group.command()
@command
def check(file: FileArgument, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Check a file against the shop's tags, and say its rule in words; nothing is counted."""
    with application(workspace) as app:
        definition, book, desk, nowhere = _opened(app, file, None)
        desk.engine.close()
        told = explain_rule(definition.rule)
    if as_json:
        head = {"key": definition.key, "version": book.version(definition.key), "zh": told[0], "en": told[1]}
        emit_json(head | {"unseen": nowhere})
        return
    console.print(f"{definition.key} is fine (version {book.version(definition.key)})")
    console.print(told[1], markup=False)
    _say_unseen(nowhere)


@group.command()
@command
def count(
    file: FileArgument, workspace: WorkspaceOption = Path(), as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """Count a file's customers over all history, and show a few of their ids."""
    with application(workspace) as app:
        definition, book, desk, nowhere = _opened(app, file, as_of)
        members, sample = desk.count(definition.key, book), desk.sample(definition.key, book, 5)
        day = desk.frame.as_of
        desk.engine.close()
    if as_json:
        head = {"as_of": day, "key": definition.key, "customers": members, "sample": [str(one) for one in sample]}
        emit_json(head | {"unseen": nowhere})
        return
    console.print(f"{definition.key}: {members:,} customers as of {day}")
    console.print(f"some of them: {', '.join(map(str, sample)) or 'none'}")
    _say_unseen(nowhere)


@group.command()
@command
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write to, such as the workspace's segments/.")],
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write the segments made in the console as files, one each; a file that is there is left as it is."""
    written = []
    with application(workspace) as app:
        saved = SegmentShelf(app.operations).definitions()
    folder.mkdir(parents=True, exist_ok=True)
    for key, definition in saved.items():
        path = folder / f"{key}.yaml"
        if not path.exists():
            path.write_text(definition.yaml(), encoding="utf-8")
            written.append(path)
    if as_json:
        emit_json({"written": written})
        return
    console.print(f"{len(written)} files written to {folder}; {len(saved) - len(written)} were there already")


def _say_unseen(nowhere: Sequence[Unseen]) -> None:
    for one in nowhere:
        zh, en = one.told
        console.print(f"[yellow]![/] {escape(en)}", soft_wrap=True)
        console.print(f"  {zh}", soft_wrap=True, markup=False)


def _opened(
    app: Application, file: Path, as_of: str | None
) -> tuple[SegmentDefinition, SegmentBook, SegmentDesk, tuple[Unseen, ...]]:
    definition = read_file(file)
    book = app.segments().with_(definition)
    day = parse_day(as_of) or app.last_run_day() or app.day_after_last_order()
    if day is None:
        raise UsageError("there are no orders yet", "run `liuke ingest` first")
    with app.history.at(day) as moment:
        desk = desk_at(
            moment, app.tags, [definition.key], book, settings=app.settings.segments, events=app.behaviours.names
        )
        if refused := desk.refused.get(definition.key):
            raise refused
        nowhere = desk.unseen(definition.key, book, lambda sql: moment.connection.execute(sql).fetchall())
    return definition, book, desk, nowhere
