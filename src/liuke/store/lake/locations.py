"""Where the lake's files lie: recorded relative to its folder, so that a lake may be moved, copied and restored.

Iceberg writes the location of every file into metadata. A location here begins with ``lake:``, which stands for the
folder that the lake was opened in. Lakes made by versions that recorded absolute paths are read the same way: only what
follows the namespace counts. Nothing outside the opened folder can be named, so nothing outside it is read or written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pyiceberg.io.pyarrow import PyArrowFileIO

from liuke.kernel.errors import SettingsError

NAMESPACE = "liuke"
ROOT = "liuke.lake-root"
"""Property by which the catalogue tells `LakeFiles` which folder was opened; it is recorded nowhere."""
SCHEME = "lake:/"
_RECORDED = re.compile(rf"(?:{SCHEME}|(?:file:)?/.*/)({NAMESPACE}/[^/]+/(?:data|metadata)/.+)", re.DOTALL)


class LakeFiles(PyArrowFileIO):
    """Reads and writes the files of one lake, wherever its folder lies today; made by pyiceberg, by its name."""

    @staticmethod
    def parse_location(location: str, properties: Any = None) -> tuple[str, str, str]:
        """Return scheme, host and path of a recorded location.

        Raises
        ------
        SettingsError
            If it names no file of this lake.
        """
        return "file", "", str(path_of(location, Path((properties or {})[ROOT])))


def table_location(name: str) -> str:
    """Return what a table's metadata record as its place."""
    return f"{SCHEME}{NAMESPACE}/{name}"


def location_of(path: Path, root: Path) -> str:
    """Return what is recorded for a file in the lake's folder.

    Raises
    ------
    SettingsError
        If the file lies elsewhere.
    """
    absolute = path.resolve()
    if not absolute.is_relative_to(root):
        raise SettingsError(f"{path} lies outside the lake {root}", "write data files below `Lake.data_dir`")
    return SCHEME + absolute.relative_to(root).as_posix()


def path_of(location: str, root: Path) -> Path:
    """Return where a recorded file lies today.

    Raises
    ------
    SettingsError
        If the location names no file of this lake.
    """
    found = _RECORDED.fullmatch(location)
    if found is None or ".." in found[1].split("/"):
        raise SettingsError(
            f"the lake at {root} names a file that is not its own: {location}",
            "restore the folder whole from a copy, or move it away and ingest again",
        )
    return root / found[1]


def recorded_folder(location: str) -> str:
    """Return the folder that an absolute location speaks of, for a message."""
    return location.removeprefix("file://").partition(f"/{NAMESPACE}/")[0]
