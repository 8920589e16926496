"""Only the application chooses what ships: nowhere else does a parameter fall back on shipped content or settings.

A room that falls back answers for a shop that its caller never meant: the shop's own behaviours then reach one page and
not another, and nobody notices.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "liuke"
CHOSEN = ("Settings", "ShopProfile", "Catalogue", "TagSet")  # values that a shop has of its own


def falls_back(tree: ast.AST) -> Iterator[str]:
    """Yield every place where something given gives way to shipped content or to settings as they ship."""
    for node in ast.walk(tree):
        match node:
            case ast.BoolOp(op=ast.Or(), values=[*_, last]):
                if _ships(last):
                    yield f"line {node.lineno}: {ast.unparse(node)}"
            case ast.IfExp(body=body, orelse=orelse):
                if "None" in ast.unparse(node.test) and (_ships(body) or _ships(orelse)):
                    yield f"line {node.lineno}: {ast.unparse(node)}"
            case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
                defaults = [*args.defaults, *(one for one in args.kw_defaults if one is not None)]
                yield from (f"line {one.lineno}: = {ast.unparse(one)}" for one in defaults if _ships(one))
                yield from _optional(args)


def _ships(value: ast.expr) -> bool:
    """Whether a value begins with a call of `load_…()`, `….shipped()` or `…Settings()` without anything chosen."""
    while isinstance(value, ast.Attribute):
        value = value.value
    if not isinstance(value, ast.Call):
        return isinstance(value, ast.Name) and value.id.startswith("SHIPPED")
    name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    return name.startswith(("load_", "shipped")) or (name.endswith(CHOSEN) and not value.args and not value.keywords)


def _optional(args: ast.arguments) -> Iterator[str]:
    """Yield parameters that a shop has of its own and that may be left out."""
    named = [*args.posonlyargs, *args.args]
    given = [*zip(named[len(named) - len(args.defaults) :], args.defaults, strict=True)]
    given += [(one, default) for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default]
    for one, _default in given:
        kind = ast.unparse(one.annotation) if one.annotation else ""
        if kind.removesuffix(" | None").endswith(("Settings", "ShopProfile", "Catalogue")):
            yield f"line {one.lineno}: {one.arg}: {kind} may be left out"


def test_rooms_never_choose_for_the_shop() -> None:
    files = [path for path in sorted(SOURCE.rglob("*.py")) if path.relative_to(SOURCE).parts[0] != "app"]
    functions = 0
    found = []
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions += sum(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))
        found += [f"{path.relative_to(SOURCE)}, {place}" for place in falls_back(tree)]
    assert found == []
    assert len(files) > 250
    assert functions > 1500


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("def f(catalogue=None):\n    return (catalogue or load_catalogue()).names", True),
        ("def f(settings=None):\n    chosen = settings or MetricSettings()", True),
        ("def f(settings: MetricSettings | None = None): ...", True),
        ("def f(settings=MetricSettings()): ...", True),
        ("def f(*, catalogue: Catalogue | None = None): ...", True),
        ("def f(titles=None):\n    return TagFeatures.shipped().titles if titles is None else titles", True),
        ("def f(settings: MetricSettings, progress=None):\n    return progress or SilentProgress()", False),
        ("def f(known_at=None):\n    return known_at or midnight_utc(day, zone)", False),
        ("def f(settings):\n    return replace(settings, days=7) or MetricSettings(days=9)", False),
    ],
)
def test_the_check_finds_a_fall_back(text: str, wrong: bool) -> None:
    assert bool(list(falls_back(ast.parse(text)))) is wrong
