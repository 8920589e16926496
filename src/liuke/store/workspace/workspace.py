"""Where things lie in a workspace, and who may write in it.

| path | holds |
|---|---|
| `liuke.toml` | settings |
| `sources/ tags/ segments/ strategies/` | the shop's own definitions, meant for version control |
| `lake/` | Iceberg tables |
| `operations.db` | the operational store (unless settings name a PostgreSQL) |
| `secrets/` | the key of the personal fields; never to be shared |
| `published/` | what the console reads |
| `clock.json` | only where time is simulated: the day on which the shop stands |
| `models/ outbox/ scratch/` | trained models, messages of the file channel, temporary files |
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import quote

from liuke.kernel.errors import LockedError, SettingsError

SETTINGS_FILE = "liuke.toml"
CLOCK_FILE = "clock.json"
_EARLIER_CLOCK_FILE = "demo-delivered"  # of demos made before there was a clock file: the day of the latest delivery
_FOLDERS = ("sources", "tags", "segments", "strategies", "lake", "secrets", "published", "models", "outbox", "scratch")


class Workspace:
    """Paths of one workspace.

    Parameters
    ----------
    path : Path
        A folder that holds ``liuke.toml``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.settings_file = self.path / SETTINGS_FILE
        self.sources_dir = self.path / "sources"
        self.tags_dir = self.path / "tags"
        self.segments_dir = self.path / "segments"
        self.strategies_dir = self.path / "strategies"
        self.lake_dir = self.path / "lake"
        self.published_dir = self.path / "published"
        self.models_dir = self.path / "models"
        self.outbox_dir = self.path / "outbox"
        self.scratch_dir = self.path / "scratch"
        self.key_file = self.path / "secrets" / "key"
        self.operations_url = f"sqlite:///{quote(str(self.path / 'operations.db'))}"

    @classmethod
    def open(cls, path: Path) -> Workspace:
        """Open an existing workspace.

        Raises
        ------
        SettingsError
            If the folder holds no ``liuke.toml``.
        """
        workspace = cls(path)
        if not workspace.settings_file.is_file():
            raise SettingsError(
                f"{workspace.path} is no workspace: it has no {SETTINGS_FILE}",
                "make one with `liuke init DIR`, or name one with `--workspace DIR`",
            )
        return workspace

    @classmethod
    def create(cls, path: Path, settings_text: str) -> Workspace:
        """Make the folders and write the settings last, so that a broken attempt is no workspace.

        Raises
        ------
        SettingsError
            If there is a workspace already, or a file in the way.
        """
        workspace = cls(path)
        if workspace.settings_file.exists():
            raise SettingsError(f"{workspace.path} is a workspace already", "choose another folder")
        try:
            for folder in _FOLDERS:
                (workspace.path / folder).mkdir(parents=True, exist_ok=True)
            (workspace.path / "secrets").chmod(0o700)
            partial = workspace.path / f"{SETTINGS_FILE}.partial"
            partial.write_text(settings_text, encoding="utf-8")
            partial.replace(workspace.settings_file)
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            raise SettingsError(f"can't make a workspace at {path}: {error}", "choose another folder") from None
        return workspace

    # ---- time

    def simulated_day(self) -> date | None:
        """Return the day on which the shop stands if its time is simulated; None if it lives by the real clock.

        Raises
        ------
        SettingsError
            If the clock file can't be read: a simulated shop must never fall into the real time.
        """
        path = self.path / CLOCK_FILE
        earlier = self.path / _EARLIER_CLOCK_FILE
        try:
            if path.exists():
                return date.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["simulated_day"])
            return date.fromisoformat(earlier.read_text(encoding="utf-8").strip()) if earlier.exists() else None
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"{path} says no day: {error}", 'write {"simulated_day": "2025-10-27"} with the day of the last run'
            ) from None

    def simulate(self, day: date) -> None:
        """Let time be simulated from now on, and stand on a day."""
        half = self.path / f"{CLOCK_FILE}.half"
        half.write_text(json.dumps({"simulated_day": day.isoformat()}) + "\n", encoding="utf-8")
        half.replace(self.path / CLOCK_FILE)

    # ---- writers

    @contextmanager
    def lock(self, purpose: str, name: str = ".lock") -> Iterator[None]:
        """Hold the workspace's only right to write; a killed process lets go of it by itself.

        Parameters
        ----------
        purpose : str
            For whoever has to wait.
        name : str
            Another file for work that goes on around the loop, which takes the right to write itself.

        Raises
        ------
        LockedError
            If another process holds it; the message says which and for what.
        """
        path = self.path / name
        with open(path, "a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = _holder(file.read())
                raise LockedError(f"{self.path} is in use by {holder}", "wait until it ends, or stop it") from None
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid(), "purpose": purpose}))
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)


def _holder(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} ({holder['purpose']})"
    except (ValueError, KeyError):
        return "another process"
