"""The ready examples: mappings for known data sets, shipped with the package."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_SHIPPED = Path(__file__).parent / "examples"  # in an installed wheel
_SOURCE_TREE = Path(__file__).parents[3] / "examples"  # in a checkout


@cache
def examples_dir() -> Path:
    """Return the folder that holds one folder per example."""
    return _SHIPPED if _SHIPPED.is_dir() else _SOURCE_TREE


@cache
def example_names() -> tuple[str, ...]:
    """Return the names of the examples."""
    if not examples_dir().is_dir():
        return ()
    return tuple(sorted(path.parent.name for path in examples_dir().glob("*/sources") if any(path.glob("*.yaml"))))


def example_settings(name: str) -> dict[str, dict[str, Any]]:
    """Return the settings that an example chooses (``settings.toml`` beside its mappings)."""
    path = examples_dir() / name / "settings.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
