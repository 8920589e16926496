"""Which build is the current one? A one-line file, replaced in a single step so no reader sees half a build."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

POINTER = "current"
UNFINISHED = ".building-"
KEPT_BUILDS = 3  # the current one, the one that readers may still hold open, and one to go back to


def current_build(published_dir: Path) -> Path | None:
    """Return the folder of the current build, or ``None`` before the first."""
    try:
        name = (published_dir / POINTER).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    folder = published_dir / name
    return folder if folder.is_dir() else None


def flip(published_dir: Path, build_id: str) -> None:
    """Make `build_id` the current build for every reader from now on."""
    waiting = published_dir / f"{POINTER}.next"
    with waiting.open("w", encoding="utf-8") as file:
        file.write(build_id + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(waiting, published_dir / POINTER)


def discard_unfinished(published_dir: Path) -> None:
    """Remove what a killed build left behind."""
    for folder in sorted(published_dir.glob(f"{UNFINISHED}*")):
        shutil.rmtree(folder, ignore_errors=True)


def prune(published_dir: Path) -> None:
    """Remove old builds, keeping the newest `KEPT_BUILDS` and always the current one."""
    current = current_build(published_dir)
    finished = sorted(p for p in published_dir.iterdir() if p.is_dir() and not p.name.startswith("."))
    finished.sort(key=lambda p: (p.stat().st_mtime_ns, p.name))
    for folder in finished[:-KEPT_BUILDS]:
        if folder != current:
            shutil.rmtree(folder, ignore_errors=True)
