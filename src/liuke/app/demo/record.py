"""How far a demo came: what a killed one needs to go on without doing anything twice."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import date
from pathlib import Path

from liuke.app.demo.contracts import DemoSettings
from liuke.kernel import SettingsError

_SETTINGS = "demo.json"
_DELIVERED = "demo-delivered"
_FINISHED = "demo-finished"


class DemoRecord:
    """Small files in the demo's folder: the settings that it was made with, the latest delivery, the latest full day.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self, settings: DemoSettings) -> None:
        """Make sure that a demo with these settings may live here.

        Raises
        ------
        SettingsError
            If the folder holds a demo with other settings, or something else.
        """
        record = self._folder / _SETTINGS
        if record.exists():
            made_with = json.loads(record.read_text(encoding="utf-8"))
            if made_with != asdict(settings):
                raise SettingsError(
                    f"{self._folder} holds a demo with other settings: {made_with}",
                    "choose another folder with --dir, or delete this one",
                )
        elif self._folder.exists() and any(self._folder.iterdir()):
            raise SettingsError(f"{self._folder} isn't empty and holds no demo", "choose another folder with --dir")

    def begin(self, settings: DemoSettings) -> None:
        """Write the settings down."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write(_SETTINGS, json.dumps(asdict(settings)))

    def settings(self) -> DemoSettings | None:
        """Return what the folder's demo was made with; None if it holds none."""
        record = self._folder / _SETTINGS
        return DemoSettings(**json.loads(record.read_text(encoding="utf-8"))) if record.exists() else None

    @property
    def delivered(self) -> date | None:
        """The day until which files were delivered, the delivery perhaps interrupted; None before the first."""
        return self._day(_DELIVERED)

    @property
    def finished(self) -> date | None:
        """The latest day that was lived to its end, with everything published; None before the first."""
        return self._day(_FINISHED)

    def deliver(self, until: date) -> None:
        """Write down that files until a day are about to be moved in: whatever was sent before it, was sent."""
        self._write(_DELIVERED, until.isoformat())

    def finish(self, day: date) -> None:
        """Write down that a day is over: the next call lives the next one."""
        self._write(_FINISHED, day.isoformat())

    def _day(self, name: str) -> date | None:
        path = self._folder / name
        return date.fromisoformat(path.read_text(encoding="utf-8").strip()) if path.exists() else None

    def _write(self, name: str, text: str) -> None:
        half = self._folder / f"{name}.half"
        half.write_text(text, encoding="utf-8")
        os.replace(half, self._folder / name)
