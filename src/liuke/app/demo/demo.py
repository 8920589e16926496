"""Runs a generated shop through the loop, week by week; its customers answer what the loop sends."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from liuke.app.bootstrap import Application
from liuke.app.demo.answers import sent_contacts
from liuke.app.demo.clock import SimulatedClock
from liuke.app.demo.contracts import DemoReport, DemoSettings
from liuke.app.demo.offers import STRATEGY_OFFERS
from liuke.app.demo.record import DemoRecord
from liuke.app.demo.simulation import document, measured_beside_true
from liuke.app.demo.translation import Translation
from liuke.app.loop import STEPS, DailyLoop, LoopReport
from liuke.app.publish import write_simulation
from liuke.app.settings import load_settings
from liuke.decide.strategies import READY_STRATEGIES
from liuke.kernel import Progress, ServiceError, SilentProgress
from liuke.store.workspace import Workspace
from liuke_sim import SOURCES_DIR, VARIANTS, Shop, ShopConfig, WrittenFile

T = TypeVar("T")

ZONE = "Asia/Shanghai"
CURRENCY = "CNY"
INBOX = "inbox"
STRATEGIES_DIR = Path(__file__).parent / "strategies"
"""Strategies that the demo runs beside the ready ones, with their templates."""
_WEEK_DAYS = 7
_SETTINGS: dict[str, dict[str, Any]] = {
    "shop": {"name": "小芽母婴（模拟）", "zone": ZONE, "currency": CURRENCY},
    "outreach": {"transports": {"email": "file"}},
    # trained every week; from one past moment, because nine trainings would else take most of the demo's time
    "churn": {"retrain_days": _WEEK_DAYS, "max_train_origins": 1},
}
_UNSEEN = frozenset({"measure", "value", "publish"})
"""Steps whose results only the last day's console shows: figures of all periods, values, the publication itself."""


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
        self._record = DemoRecord(self._folder)
        self._seconds: dict[str, float] = {}

    def run(self) -> DemoReport:
        """Deliver, run the loop, let the customers answer, until the last week; then look at the truth.

        Raises
        ------
        SettingsError
            If the folder holds something else.
        """
        config = self._config()
        clock = SimulatedClock(ZONE, config.weekly_from)
        app = self._open(clock)
        shop = self._timed("generate", "invent a shop", lambda: Shop.generate(config, self._settings.seed))
        translation = Translation(shop.members(), app.cipher.pepper)
        lived = self._record.delivered  # of an earlier, interrupted demo: the weeks before it are only told again
        rows = n_files = untranslated = 0
        received: Counter[str] = Counter()
        read: Counter[str] = Counter()
        last: LoopReport | None = None
        for week in range(self._settings.weeks + 1):
            day = config.weekly_from + timedelta(weeks=week)
            if week:
                days = (day - timedelta(days=_WEEK_DAYS), day)
                sent = sent_contacts(app.operations, translation, STRATEGY_OFFERS, days, ZONE)
                shop.receive(sent.contacts)
                received.update(sent.contacts["campaign"].to_pylist())
                untranslated += sent.untranslated
            written = self._deliver(shop, day, is_lived=lived is not None and day < lived)
            rows, n_files = rows + sum(one.rows for one in written), n_files + len(written)
            if lived is not None and day < lived:
                continue
            last = self._act(app, clock, day, is_last=week == self._settings.weeks)
            read.update({kind: int(last.steps[0].counts[kind]) for kind in ("loaded", "filtered", "quarantined")})
        assert last is not None  # the last delivery is never skipped
        counts = {"contacts": received.total(), "untranslated": untranslated}
        effects = self._timed(
            "compare",
            "compare measured with true effects",
            lambda: measured_beside_true(app, shop, translation, received, last.as_of),
        )
        page = document(effects, app.strategies, self._settings, last.as_of, counts)
        write_simulation(app.workspace.published_dir, page)
        return DemoReport(
            workspace=self._folder,
            settings=self._settings,
            seconds=self._seconds,
            rows=rows,
            files=n_files,
            read=read,
            last=last,
            missing=last.missing,
            effects=tuple(effects),
            **counts,
        )

    def _config(self) -> ShopConfig:
        return replace(VARIANTS["plain"], customers=self._settings.customers, weeks=self._settings.weeks)

    def _open(self, clock: SimulatedClock) -> Application:
        self._record.check(self._settings)
        workspace = Workspace(self._folder)
        if not workspace.settings_file.exists():
            self._record.begin(self._settings)
            key = blake2b(str(self._settings.seed).encode(), digest_size=32, person=b"liuke demo").digest()
            Application.create(self._folder, _SETTINGS, clock, key)
        _copy(SOURCES_DIR, workspace.sources_dir)
        for strategies in (READY_STRATEGIES, STRATEGIES_DIR):
            _copy(strategies, workspace.strategies_dir)
        _copy(STRATEGIES_DIR / "templates", workspace.strategies_dir / "templates")
        return Application(workspace, load_settings(workspace.settings_file), clock)

    def _act(self, app: Application, clock: SimulatedClock, day: date, *, is_last: bool) -> LoopReport:
        """Run the whole loop, then send on each of the other days of the week what has become due."""
        clock.day = day
        names = [step.name for step in STEPS if is_last or step.name not in _UNSEEN]
        report = DailyLoop(app, self._progress).run(day, only=names)
        self._count(report)
        if is_last:
            return report
        self._progress.start("send what becomes due", _WEEK_DAYS - 1)
        for offset in range(1, _WEEK_DAYS):
            clock.day = day + timedelta(days=offset)
            self._count(DailyLoop(app).send(clock.day))
            self._progress.advance()
        self._progress.finish()
        return report

    def _count(self, report: LoopReport) -> None:
        for stop in report.stopped:  # the files of the outbox cannot be written: the shop would wait in vain
            raise ServiceError(stop.message, stop.hint)
        for record in report.steps:
            spent = 0.0 if record.repeated else record.seconds
            self._seconds[record.name] = self._seconds.get(record.name, 0.0) + spent

    def _deliver(self, shop: Shop, day: date, *, is_lived: bool) -> list[WrittenFile]:
        """Write the next files beside the inbox and move each in whole, so that no half file is ever read.

        Files of days that an interrupted demo has lived through stay where they are: they lie in the inbox, and perhaps
        corrections of them.
        """
        arriving = self._folder / "scratch" / "arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        written = self._timed("generate", f"files until {day}", lambda: _live(shop, arriving, day))
        if not is_lived:
            self._record.deliver(day)
            for one in written:
                target = self._folder / INBOX / one.path.relative_to(arriving)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(one.path, target)
        return written

    def _timed(self, step: str, label: str, work: Callable[[], T]) -> T:
        self._progress.start(label)
        began = monotonic()
        result = work()
        self._seconds[step] = self._seconds.get(step, 0.0) + monotonic() - began
        self._progress.finish()
        return result


def _live(shop: Shop, directory: Path, day: date) -> list[WrittenFile]:
    if day == shop.config.weekly_from:
        return shop.write_history(directory, day)
    return shop.write_week(directory, shop.today, day)


def _copy(source: Path, target: Path) -> None:
    """Copy definitions, each in one piece."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.yaml")):
        half = target / f"{path.stem}.half"
        shutil.copyfile(path, half)
        os.replace(half, target / path.name)
