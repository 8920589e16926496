"""What `liuke doctor` looks at: each check is one question with an answer and, if need be, a remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from liuke.app.bootstrap import Application
from liuke.app.http import console_is_built
from liuke.kernel import LiukeError
from liuke.store.workspace import Workspace

FREE_GB = 2.0  # a lake of a few million rows and the space to sort it


@dataclass(frozen=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    found: str
    hint: str = ""


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
    checks: list[tuple[str, Callable[[Application], str]]] = [
        ("key", _key),
        ("operational store", _operations),
        ("mappings", _mappings),
        ("tags", _tags),
        ("strategies", _strategies),
        ("outreach", _outreach),
        ("lake", _lake),
    ]
    return findings + [_attempt(name, look, app) for name, look in checks]


def _attempt(name: str, look: Callable[[Application], str], app: Application) -> Check:
    try:
        return Check(name, True, look(app))
    except LiukeError as error:
        return Check(name, False, error.message, error.hint)


def _key(app: Application) -> str:
    app.cipher.seal("")
    return "readable by its owner only"


def _operations(app: Application) -> str:
    with app.operations.read() as connection:
        connection.execute(text("SELECT 1"))
    return app.operations.engine.dialect.name


def _mappings(app: Application) -> str:
    plan = app.ingestor.plan()
    return f"{len({one.source for one in plan})} sources find {len(plan)} files"


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
