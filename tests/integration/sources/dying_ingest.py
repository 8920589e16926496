"""Ingests a workspace and is killed (SIGKILL, no clean-up) at its n-th write; run as a script by the tests.

Usage: dying_ingest.py WORKSPACE N, where N < 0 lets it live and prints how many writes there were.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from liuke.collect.sources import Ingestor
from liuke.kernel import ShopProfile
from liuke.store.lake import Commit, Lake
from liuke.store.operations import FieldCipher, Operations
from liuke.store.workspace import Workspace


class Fate:
    """Counts writes, before and after each."""

    def __init__(self, dies_at: int) -> None:
        self.dies_at, self.count = dies_at, 0

    def step(self) -> None:
        if self.count == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


class MortalLake(Lake):
    fate: Fate

    def add_files(self, name: str, paths: Sequence[Path], commit_key: str, summary: Any = None) -> Commit:
        self.fate.step()  # files are written, the table doesn't know them
        commit = super().add_files(name, paths, commit_key, summary)
        self.fate.step()  # committed, nobody told
        return commit


class MortalOperations(Operations):
    fate: Fate | None = None

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with super().begin() as connection:
            yield connection
            if self.fate:
                self.fate.step()  # everything is written, nothing committed
        if self.fate:
            self.fate.step()


def main(path: Path, dies_at: int) -> None:
    workspace, fate = Workspace.open(path), Fate(dies_at)
    lake, operations = MortalLake(workspace.lake_dir), MortalOperations(workspace.operations_url)
    operations.create_all()
    lake.fate = operations.fate = fate
    ingestor = Ingestor(workspace, lake, operations, FieldCipher(b"k" * 32), ShopProfile(), memory_mb=256)
    ingestor.ingest(datetime(2026, 3, 1, 12))
    print(fate.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
