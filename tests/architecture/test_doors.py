"""A room is entered through its door: the package itself or its `contracts`. Everything else is private."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
FLOORS_OF_ROOMS = ("store", "collect", "understand", "predict", "decide", "engage", "learn", "app")
# `app` mounts these edges of a room besides its door
EDGES = ("contracts", "routes", "commands", "tables", "config")


def room_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] != "liuke" or len(parts) < 3 or parts[1] not in FLOORS_OF_ROOMS:
        return None
    return ".".join(parts[:3])


def imports(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append(node.module)
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def trespasses(importer: str, imported: str) -> bool:
    room = room_of(imported)
    if room is None or room == room_of(importer) or imported == room:
        return False
    inside = imported.removeprefix(room + ".")
    allowed = EDGES if importer.startswith("liuke.app") else ("contracts",)
    return inside not in allowed


def test_rooms_are_entered_through_their_doors() -> None:
    crossed = [
        (module_name(path), imported)
        for path in sorted(SOURCE.rglob("*.py"))
        for imported in imports(path)
        if room_of(imported) not in (None, room_of(module_name(path)))
    ]
    assert [f"{one} reaches into {other}" for one, other in crossed if trespasses(one, other)] == []
    assert len(crossed) > 250


@pytest.mark.parametrize(
    ("importer", "imported", "wrong"),
    [
        ("liuke.predict.churn.service", "liuke.collect.history", False),
        ("liuke.predict.churn.service", "liuke.collect.history.views", True),
        ("liuke.predict.churn.service", "liuke.predict.churn.labels", False),
        ("liuke.predict.churn.service", "liuke.predict.evaluation.contracts", False),
        ("liuke.app.cli.main", "liuke.learn.experiments.tables", False),
        ("liuke.app.cli.main", "liuke.learn.experiments.assignment", True),
    ],
)
def test_the_guard_itself(importer: str, imported: str, wrong: bool) -> None:
    assert trespasses(importer, imported) is wrong


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("__init__.py")), ids=module_name)
def test_every_door_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"


def test_only_the_store_opens_engines() -> None:
    """Elsewhere an engine would have no bound on its memory: 80 % of the machine each."""
    opened = [
        f"{module_name(path)}:{node.lineno}"
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "connect" and ast.unparse(node.value) == "duckdb"
    ]
    assert len(opened) == 1
    assert opened[0].startswith("liuke.store.lake.engine")
