"""Runs a generated shop through the loop, week by week and then day by day; its customers answer what it sends."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from liuke.app.bootstrap import Application
from liuke.app.demo.contracts import DemoReport, DemoSettings
from liuke.app.demo.life import DAY, Life, timetable
from liuke.app.demo.record import DemoRecord
from liuke.app.demo.simulation import document, measured_beside_true
from liuke.app.loop import STEPS, DailyLoop, LoopReport
from liuke.app.publish import write_simulation
from liuke.app.settings import load_settings
from liuke.decide.strategies import READY_STRATEGIES
from liuke.kernel import Progress, ServiceError, SilentProgress
from liuke.store.workspace import Workspace
from liuke_sim import SOURCES_DIR, VARIANTS, ShopConfig, WrittenFile

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
"""Steps whose results no console shows before the weeks are over: figures of all periods, values, the publication."""


@dataclass
class Told:
    """What one call has lived or told again so far."""

    rows: int = 0
    files: int = 0
    read: Counter[str] = field(default_factory=Counter)
    last: LoopReport | None = None
    effects: list[dict[str, Any]] = field(default_factory=list)

    def add(self, written: list[WrittenFile]) -> None:
        """Count files."""
        self.rows += sum(one.rows for one in written)
        self.files += len(written)

    def ran(self, report: LoopReport) -> None:
        """Keep the latest run, and what became of the rows it read."""
        self.last = report
        counts = report.steps[0].counts
        self.read.update({kind: int(counts[kind]) for kind in ("loaded", "filtered", "quarantined")})


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
        """Live through the weeks, or to where the shop has got since; then look at the truth.

        Raises
        ------
        SettingsError
            If the folder holds something else.
        """
        delivered = self._record.delivered
        return self._live(delivered, max(self._config().end, delivered or date.min))

    def go_on(self, days: int = 1) -> DemoReport:
        """Live through so many more days: customers answer what was sent, files arrive, the loop runs each morning.

        A day that was interrupted is finished first, and so are a demo's weeks; both count as one.
        """
        delivered, end = self._record.delivered, self._config().end
        if delivered is None or delivered < end:
            return self.run()
        first = delivered if self._record.finished != delivered else delivered + DAY
        return self._live(first, first + (days - 1) * DAY)

    def _live(self, first: date | None, until: date) -> DemoReport:
        """Tell what was lived before `first` again, from the seed and the outbox; live from there `until` a day."""
        self._record.check(self._settings)
        app = self._open()
        with app.workspace.lock("simulate the shop", ".demo-lock"):
            config = self._config()
            life = self._timed("generate", "invent a shop", lambda: Life(app, config, self._settings.seed))
            told = Told()
            for begins, day in timetable(config, until):
                if begins >= config.weekly_from:
                    life.receive(begins, day)
                is_lived = first is not None and day < first
                told.add(self._deliver(app, life, day, is_lived=is_lived))
                if not is_lived:
                    told.ran(self._act(app, day, is_week=day < config.end))
                    if day >= config.end:
                        told.effects = self._look_at_the_truth(app, life, day)
                        self._record.finish(day)
            return self._report(life, told)

    def _look_at_the_truth(self, app: Application, life: Life, day: date) -> list[dict[str, Any]]:
        effects = self._timed(
            "compare",
            "compare measured with true effects",
            lambda: measured_beside_true(app, life.shop, life.translation, life.received, day),
        )
        counts = {"contacts": life.received.total(), "untranslated": life.untranslated}
        page = document(effects, app.strategies, self._settings, day, counts)
        write_simulation(app.workspace.published_dir, page)
        return effects

    def _report(self, life: Life, told: Told) -> DemoReport:
        assert told.last is not None  # the last day is never passed over
        return DemoReport(
            workspace=self._folder,
            settings=self._settings,
            seconds=self._seconds,
            rows=told.rows,
            files=told.files,
            read=told.read,
            last=told.last,
            missing=told.last.missing,
            effects=tuple(told.effects),
            contacts=life.received.total(),
            untranslated=life.untranslated,
        )

    def _config(self) -> ShopConfig:
        return replace(VARIANTS["plain"], customers=self._settings.customers, weeks=self._settings.weeks)

    def _open(self) -> Application:
        workspace = Workspace(self._folder)
        if not workspace.settings_file.exists():
            self._record.begin(self._settings)
            key = blake2b(str(self._settings.seed).encode(), digest_size=32, person=b"liuke demo").digest()
            workspace = Application.create(self._folder, _SETTINGS, key=key).workspace
        if self._record.delivered is None:  # later they are the shop's own, to be changed
            _copy(SOURCES_DIR, workspace.sources_dir)
            for strategies in (READY_STRATEGIES, STRATEGIES_DIR):
                _copy(strategies, workspace.strategies_dir)
            _copy(STRATEGIES_DIR / "templates", workspace.strategies_dir / "templates")
            workspace.simulate(self._config().weekly_from)
        return Application(workspace, load_settings(workspace.settings_file))

    def _act(self, app: Application, day: date, *, is_week: bool) -> LoopReport:
        """Run the whole loop, then, where a week follows, send on each of its other days what has become due."""
        app.workspace.simulate(day)
        names = [step.name for step in STEPS if not is_week or step.name not in _UNSEEN]
        report = DailyLoop(app, self._progress).run(day, only=names)
        self._count(report)
        if not is_week:
            return report
        self._progress.start("send what becomes due", _WEEK_DAYS - 1)
        for offset in range(1, _WEEK_DAYS):
            app.workspace.simulate(day + timedelta(days=offset))
            self._count(DailyLoop(app).send())
            self._progress.advance()
        self._progress.finish()
        return report

    def _count(self, report: LoopReport) -> None:
        for stop in report.stopped:  # the files of the outbox cannot be written: the shop would wait in vain
            raise ServiceError(stop.message, stop.hint)
        for record in report.steps:
            spent = 0.0 if record.repeated else record.seconds
            self._seconds[record.name] = self._seconds.get(record.name, 0.0) + spent

    def _deliver(self, app: Application, life: Life, day: date, *, is_lived: bool) -> list[WrittenFile]:
        """Write the next files beside the inbox and move each in whole, so that no half file is ever read.

        Files of days that were lived through before stay where they are: they lie in the inbox, and perhaps corrections
        of them. The clock stands at the new day before its first file lies there: nothing is sent on a past day.
        """
        arriving = app.workspace.scratch_dir / "arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        written = self._timed("generate", f"files until {day}", lambda: life.write(arriving, day))
        if not is_lived:
            self._record.deliver(day)
            app.workspace.simulate(day)
            for one in written:
                target = self._folder / INBOX / one.path.relative_to(arriving)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(one.path, target)
        shutil.rmtree(arriving, ignore_errors=True)
        return written

    def _timed(self, step: str, label: str, work: Callable[[], T]) -> T:
        self._progress.start(label)
        began = monotonic()
        result = work()
        self._seconds[step] = self._seconds.get(step, 0.0) + monotonic() - began
        self._progress.finish()
        return result


def _copy(source: Path, target: Path) -> None:
    """Copy definitions, each in one piece."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.yaml")):
        half = target / f"{path.stem}.half"
        shutil.copyfile(path, half)
        os.replace(half, target / path.name)
