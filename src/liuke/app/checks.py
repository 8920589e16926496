"""What `liuke doctor` looks at: each check is one question with an answer and, if need be, a remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from liuke.app.bootstrap import Application
from liuke.app.definitions import unfit_segments, unfit_trials, values_unseen
from liuke.app.http import console_is_built
from liuke.app.publish import TAG_PREFIX, OpenBuild, PublishedReader
from liuke.collect.sources import load_mappings
from liuke.kernel import LiukeError
from liuke.store.workspace import Workspace

FREE_GB = 2.0  # a lake of a few million rows and the space to sort it


@dataclass(frozen=True)
class Check:
    """One finding. ``warns``: nothing is wrong, but it is probably not what was meant."""

    name: str
    ok: bool
    found: str
    hint: str = ""
    warns: bool = False


def run_checks(workspace: Path, python: tuple[int, ...]) -> list[Check]:
    """Look at the installation, then at the workspace.

    Parameters
    ----------
    workspace : Path
    python : tuple of int
        Version of the running interpreter.
    """
    version = ".".join(map(str, python))
    findings = [
        Check("Python", python >= (3, 11), version, "Liuke needs 3.11 or newer"),
        Check(
            "console pages",
            console_is_built(),
            "built" if console_is_built() else "not built: the API works, the pages don't",
            "run `make console` in the source tree, or install a released wheel",
        ),
    ]
    try:
        app = Application.open(Workspace.open(workspace).path)
    except LiukeError as error:
        return [*findings, Check("workspace", False, error.message, error.hint)]
    findings.append(Check("workspace", True, str(app.workspace.path)))
    free = shutil.disk_usage(app.workspace.path).free / 1e9
    findings.append(Check("disk", free > FREE_GB, f"{free:,.1f} GB free", "free some space"))
    checks: list[tuple[str, Callable[[Application], str | Check]]] = [
        ("key", _key),
        ("operational store", _operations),
        ("mappings", _mappings),
        ("tags", _tags),
        ("strategies", _strategies),
        ("outreach", _outreach),
        ("lake", _lake),
    ]
    return findings + [_attempt(name, look, app) for name, look in checks] + _definitions(app)


def _definitions(app: Application) -> list[Check]:
    """Return a finding for each definition that names what is not there, or cannot be read."""
    try:
        aside = [
            *app.aside(),
            *unfit_segments(app.segments(), app.tags, app.behaviours.names, app.today()),
            *unfit_trials(app.trials.records(), app.audience),
        ]
    except LiukeError as error:
        return [Check("definitions", False, error.message, error.hint)]
    wrong = [Check(f"{one.kind} {one.name}", False, one.en, one.zh) for one in aside]
    right = [] if wrong else [Check("definitions", True, "every name in them is there")]
    return right + wrong + _unseen(app)


def _unseen(app: Application) -> list[Check]:
    """Return a warning for each value of a strategy that no published customer has."""
    try:
        build = PublishedReader(app.workspace.published_dir).current()
    except LiukeError:
        return []  # nothing is known of the customers yet
    there = [row["column_name"] for row in build.rows("DESCRIBE customers")]
    columns = {name.removeprefix(TAG_PREFIX): f'"{name}"' for name in there}
    found = []
    for strategy in app.strategies:
        for one in values_unseen(strategy, app.audience, lambda sql: _values(build, sql), "customers", columns):
            zh, en = one.told
            found.append(Check(f"strategy {strategy.id}", True, en, zh, warns=True))
    return found


def _values(build: OpenBuild, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in build.rows(sql)]


def _attempt(name: str, look: Callable[[Application], str | Check], app: Application) -> Check:
    try:
        found = look(app)
        return found if isinstance(found, Check) else Check(name, True, found)
    except LiukeError as error:
        return Check(name, False, error.message, error.hint)


def _key(app: Application) -> str:
    app.cipher.seal("")
    return "readable by its owner only"


def _operations(app: Application) -> str:
    with app.operations.read() as connection:
        connection.execute(text("SELECT 1"))
    return app.operations.engine.dialect.name


def _mappings(app: Application) -> Check:
    mappings = load_mappings(app.workspace.sources_dir)
    if not mappings:
        hint = "put a mapping into sources/; `liuke init DIR --example NAME` makes a workspace with ready ones"
        return Check("mappings", True, "none, so there is nothing to ingest", hint, warns=True)
    plan = app.ingestor.plan()
    idle = sorted(set(mappings) - {one.mapping for one in plan})
    found = f"{len(mappings)} find {len(plan)} files"
    if not idle:
        return Check("mappings", True, found)
    patterns = "; ".join(f"{name}: {', '.join(mappings[name].files)}" for name in idle)
    hint = f"look at their `files` ({patterns}), which start from {app.data_dir}"
    return Check("mappings", True, f"{found}; {', '.join(idle)} finds no file", hint, warns=True)


def _tags(app: Application) -> str:
    return f"{len(app.tags)} definitions"


def _strategies(app: Application) -> str:
    return ", ".join(one.id for one in app.strategies) or "none"


def _outreach(app: Application) -> str:
    app.outreach.check()
    mediums = sorted(app.settings.outreach.transports.items())
    return ", ".join(
        f"{medium} by {channel}" + ("" if app.outreach.is_real(medium) else " (reaches nobody)")
        for medium, channel in mediums
    )


def _lake(app: Application) -> str:
    tables = app.lake.tables()
    return f"{len(tables)} tables, {sum(one.rows for one in tables):,} rows"
