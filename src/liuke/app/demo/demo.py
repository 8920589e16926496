"""Runs a generated shop through the daily loop, week by week."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from liuke.app.bootstrap import Application
from liuke.app.demo.clock import SimulatedClock
from liuke.app.loop import DailyLoop, LoopReport
from liuke.app.settings import load_settings
from liuke.kernel import NotEnoughData, Progress, SettingsError, SilentProgress
from liuke.store.workspace import Workspace
from liuke_sim import SOURCES_DIR, VARIANTS, Shop, ShopConfig, WrittenFile

T = TypeVar("T")

ZONE = "Asia/Shanghai"
INBOX = "inbox"
_RECORD = "demo.json"
_SETTINGS: dict[str, dict[str, Any]] = {
    "shop": {"name": "小芽母婴（模拟）", "zone": ZONE, "currency": "CNY"},
    "outreach": {"transports": {"email": "file"}},
    "churn": {"retrain_days": 14},
}


@dataclass(frozen=True)
class DemoSettings:
    """What makes a demo the same again."""

    customers: int = 20_000
    seed: int = 1
    weeks: int = 4


@dataclass(frozen=True)
class DemoReport:
    """What a demo did and how long it took.

    Parameters
    ----------
    seconds : mapping of str to float
        Wall time by step, over all weeks; ``generate`` is the simulated shop's own.
    rows, files : int
        What was delivered.
    read : mapping of str to int
        What became of the rows: ``loaded``, ``filtered``, ``quarantined``.
    """

    workspace: Path
    settings: DemoSettings
    seconds: Mapping[str, float]
    rows: int
    files: int
    read: Mapping[str, int]
    last: LoopReport | None
    missing: Mapping[str, NotEnoughData]


class Demo:
    """One demo in one folder.

    Parameters
    ----------
    folder : Path
        New, or of a demo with the same settings, which is then continued.
    settings : DemoSettings
    progress : Progress, optional
    """

    def __init__(self, folder: Path, settings: DemoSettings, progress: Progress | None = None) -> None:
        self._folder = folder.resolve()
        self._settings = settings
        self._progress = progress or SilentProgress()

    def run(self) -> DemoReport:
        """Deliver and run until the last week.

        Raises
        ------
        SettingsError
            If the folder holds something else.
        """
        config = self._config()
        clock = SimulatedClock(ZONE, config.weekly_from)
        app = self._open(clock)
        seconds: dict[str, float] = {}
        shop = self._timed(seconds, "generate", "invent a shop", lambda: Shop.generate(config, self._settings.seed))
        inbox = self._folder / INBOX
        rows = n_files = 0
        read: Counter[str] = Counter()
        last: LoopReport | None = None
        for week in range(self._settings.weeks + 1):
            day = config.weekly_from + timedelta(weeks=week)
            deliver = partial(self._deliver, app, shop, inbox, day)
            written = self._timed(seconds, "generate", f"files until {day}", deliver)
            rows, n_files = rows + sum(one.rows for one in written), n_files + len(written)
            clock.day = day
            if (done := app.last_run_day()) is not None and day < done:
                continue  # a continued demo has lived through this week
            last = DailyLoop(app, self._progress).run(day)
            read.update({kind: int(last.steps[0].counts[kind]) for kind in ("loaded", "filtered", "quarantined")})
            for record in last.steps:
                seconds[record.name] = seconds.get(record.name, 0.0) + (0.0 if record.repeated else record.seconds)
        missing = last.missing if last else {}
        return DemoReport(self._folder, self._settings, seconds, rows, n_files, read, last, missing)

    def _config(self) -> ShopConfig:
        return replace(VARIANTS["plain"], customers=self._settings.customers, weeks=self._settings.weeks)

    def _open(self, clock: SimulatedClock) -> Application:
        record = self._folder / _RECORD
        if record.exists():
            made_with = json.loads(record.read_text(encoding="utf-8"))
            if made_with != asdict(self._settings):
                raise SettingsError(
                    f"{self._folder} holds a demo with other settings: {made_with}",
                    "choose another folder with --dir, or delete this one",
                )
        elif self._folder.exists() and any(self._folder.iterdir()):
            raise SettingsError(f"{self._folder} isn't empty and holds no demo", "choose another folder with --dir")
        workspace = Workspace(self._folder)
        if not workspace.settings_file.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps(asdict(self._settings)), encoding="utf-8")
            key = blake2b(str(self._settings.seed).encode(), digest_size=32, person=b"liuke demo").digest()
            Application.create(self._folder, _SETTINGS, clock, key)
        self._copy_mappings(workspace)
        return Application(workspace, load_settings(workspace.settings_file), clock)

    @staticmethod
    def _copy_mappings(workspace: Workspace) -> None:
        for path in sorted(SOURCES_DIR.glob("*.yaml")):
            target = workspace.sources_dir / path.name
            half = target.with_suffix(".half")
            shutil.copyfile(path, half)
            os.replace(half, target)

    def _deliver(self, app: Application, shop: Shop, inbox: Path, day: date) -> list[WrittenFile]:
        """Write the next files beside the inbox and move each in whole, so that no half file is ever read."""
        arriving = self._folder / "scratch" / "arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        if day == shop.config.weekly_from:
            written = shop.write_history(arriving, day)
        else:
            written = shop.write_week(arriving, shop.today, day)
        if (done := app.last_run_day()) is not None and day <= done:
            return written  # a continued demo: these files, and perhaps corrections of them, lie in the inbox
        for one in written:
            target = inbox / one.path.relative_to(arriving)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(one.path, target)
        return written

    def _timed(self, seconds: dict[str, float], step: str, label: str, work: Callable[[], T]) -> T:
        self._progress.start(label)
        began = monotonic()
        result = work()
        seconds[step] = seconds.get(step, 0.0) + monotonic() - began
        self._progress.finish()
        return result
