"""Which files a mapping claims, and what each is called."""

from __future__ import annotations

import hashlib
import os
import re
from glob import glob, has_magic
from pathlib import Path

from liuke.collect.sources.errors import MappingError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def find_files(patterns: tuple[str, ...], data_dir: Path, mapping: str) -> dict[str, Path]:
    """Return file key → path, sorted by key.

    Parameters
    ----------
    patterns : tuple of str
        Globs, absolute or relative to ``data_dir``; ``${NAME}`` stands for an environment variable.
    data_dir : Path
    mapping : str
        Name of the mapping, for errors.

    Raises
    ------
    MappingError
        If a variable isn't set, or two files would have the same key.

    Notes
    -----
    The key is the path below the pattern's part without wildcards, so a data folder may move.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        full = data_dir / _expanded(pattern, mapping)
        fixed = _fixed_part(full)
        for path in sorted(map(Path, glob(str(full), recursive=True))):
            if not path.is_file():
                continue
            key = path.relative_to(fixed).as_posix()
            if found.setdefault(key, path) != path:
                raise MappingError(
                    f"{mapping}: {found[key]} and {path} would both be known as '{key}'",
                    "write one pattern whose wildcard covers both folders",
                )
    return dict(sorted(found.items()))


def content_sha256(path: Path) -> str:
    """Return the hash of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp(path: Path) -> tuple[int, int]:
    """Return a file's size in bytes and its time of change in nanoseconds."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _expanded(pattern: str, mapping: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise MappingError(
                f"{mapping}: `files` names ${{{name}}}, which isn't set", f"run it with {name}=/folder/of/the/data"
            )
        return os.environ[name]

    return _VARIABLE.sub(value, pattern)


def _fixed_part(pattern: Path) -> Path:
    """Return the folder above the first wildcard."""
    parts = pattern.parts
    for index, part in enumerate(parts[:-1]):
        if has_magic(part):
            return Path(*parts[:index])
    return pattern.parent
