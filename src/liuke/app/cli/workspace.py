"""`liuke init` and `liuke doctor`: make a workspace, and say what is wrong with one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from liuke.app.bootstrap import Application
from liuke.app.checks import Check, run_checks
from liuke.app.cli.context import JsonOption, WorkspaceOption, command
from liuke.app.cli.output import console, emit_json
from liuke.app.examples import example_names, example_settings, examples_dir
from liuke.kernel import UsageError


@command
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    example: Annotated[
        str | None, typer.Option(help="Start with the mappings of a known data set: " + ", ".join(example_names()))
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace: settings, empty folders for definitions, a key for personal values."""
    if example is not None and example not in example_names():
        raise UsageError(f"there is no example '{example}'", f"choose one of: {', '.join(example_names())}")
    settings = example_settings(example) if example else {}
    app = Application.create(directory, settings)
    copied: list[str] = []
    if example:
        for path in sorted((examples_dir() / example / "sources").glob("*.yaml")):
            shutil.copyfile(path, app.workspace.sources_dir / path.name)
            copied.append(f"sources/{path.name}")
    if as_json:
        emit_json({"workspace": app.workspace.path, "copied": copied})
        return
    console.print(f"Workspace made at {app.workspace.path}", soft_wrap=True, markup=False)
    for name in copied:
        console.print(f"  {name}", markup=False)
    console.print("Next: put mappings into sources/, look at liuke.toml, then `liuke ingest` and `liuke run`.")
    console.print("No strategy runs by itself: `liuke strategies ready` shows those to take.")
    console.print("Keep a copy of secrets/key: without it personal values can't be read.")


@command
def doctor(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Check the installation and the workspace; each finding says what to do."""
    findings = run_checks(workspace, sys.version_info[:3])
    if as_json:
        emit_json({"ok": all(one.ok for one in findings), "checks": findings})
    else:
        for one in findings:
            _print(one)
    if not all(one.ok for one in findings):
        raise typer.Exit(1)


def _print(one: Check) -> None:
    mark = "[green]✓[/]" if one.ok else "[red]✗[/]"
    console.print(f"{mark} {one.name}: {escape(one.found)}", soft_wrap=True)
    if not one.ok and one.hint:
        console.print(f"    → {one.hint}", soft_wrap=True, markup=False)
