"""`liuke strategies`: what the shop runs, and the ready ones that it may take."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from liuke.app.cli.context import JsonOption, WorkspaceOption, application, command
from liuke.app.cli.output import console, emit_json, table
from liuke.decide.strategies import READY_STRATEGIES, Strategy, load_strategies
from liuke.engage.outreach import READY_TEMPLATES
from liuke.kernel import UsageError

group = typer.Typer(help="Strategies: what this shop runs, and ready ones to take.", no_args_is_help=True)


@group.command("list")
@command
def list_(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Show the strategies that this shop runs: the files in its `strategies/` folder, and no others."""
    with application(workspace) as app:
        found = app.strategies
    then = "" if found else "None yet. "
    _show(found, "Strategies of this shop", f"{then}`liuke strategies ready` shows those to take.", as_json=as_json)


@group.command()
@command
def ready(as_json: JsonOption = False) -> None:
    """Show the strategies that come with the product. None runs before a shop has taken it."""
    found = load_strategies([READY_STRATEGIES]).values()
    then = "`liuke strategies take ID` copies one and its texts into the workspace."
    _show(found, "Ready strategies", then, as_json=as_json)


@group.command()
@command
def take(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="From `liuke strategies ready`.")],
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Copy ready strategies and their texts into the workspace, where they are yours to read and change.

    A file that is there already is kept as it is.
    """
    known = load_strategies([READY_STRATEGIES])
    if unknown := sorted(set(ids) - set(known)):
        raise UsageError(f"there is no ready strategy {', '.join(unknown)}", f"choose from: {', '.join(known)}")
    with application(workspace) as app:
        folder = app.workspace.strategies_dir
        copied = [name for one in ids for name in _copy(known[one], folder)]
    if as_json:
        emit_json({"taken": ids, "copied": copied})
        return
    for name in copied:
        console.print(f"  {name}", markup=False)
    if not copied:
        console.print("They are there already; nothing was changed.")
    console.print("Read them; the next `liuke run` lets customers enter.")


def _copy(strategy: Strategy, folder: Path) -> list[str]:
    """Copy one strategy after its texts; return the files that were not there."""
    sources = {
        path: folder / "templates" / path.name for path in READY_TEMPLATES.glob(f"{strategy.message.template}.*")
    }
    sources[READY_STRATEGIES / f"{strategy.id}.yaml"] = folder / f"{strategy.id}.yaml"
    copied = []
    for source, target in sources.items():
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            copied.append(f"strategies/{target.relative_to(folder)}")
    return copied


def _show(strategies: Collection[Strategy], title: str, then: str, *, as_json: bool) -> None:
    """Print strategies and what to do next."""
    if as_json:
        emit_json(
            {"strategies": [one.model_dump(mode="json", include={"id", "name", "description"}) for one in strategies]}
        )
        return
    if strategies:
        table(title, ("id", "name"), [(one.id, f"{one.name.zh} {one.name.en}") for one in strategies])
        for one in strategies:
            console.print(escape(f"{one.id}: {one.description.zh} {one.description.en}"), soft_wrap=True)
    console.print(then)
