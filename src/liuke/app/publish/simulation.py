"""The document beside the builds that only a simulated shop has: measured effects beside true ones."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAME = "simulation.json"


def write_simulation(published_dir: Path, document: Mapping[str, Any]) -> Path:
    """Write the document in one piece; it replaces an earlier one."""
    path = published_dir / _NAME
    half = path.with_suffix(".half")
    half.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(half, path)
    return path


def read_simulation(published_dir: Path) -> dict[str, Any] | None:
    """Return the document; None in the workspace of a real shop."""
    try:
        return dict(json.loads((published_dir / _NAME).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
