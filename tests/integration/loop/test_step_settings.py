"""A step is taken again when a setting that rules it changed, and only then: it declares the sections that it reads."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from liuke.app.bootstrap import Application
from liuke.app.loop import STEPS, DailyLoop
from liuke.app.loop.context import RunContext
from liuke.app.settings import Settings, load_settings
from liuke.decide.strategies import READY_STRATEGIES
from liuke.kernel import SilentProgress, SimulatedClock
from liuke.store.workspace import Workspace
from liuke_sim import SOURCES_DIR, VARIANTS, Shop

CONFIG = replace(VARIANTS["plain"], customers=300, weeks=1)
DAY = CONFIG.weekly_from
CLOCK = SimulatedClock("Asia/Shanghai", DAY)
HARMLESS = {"store"}
"""Where things lie and how much memory there is, not what comes out."""


class Watched(Settings):
    """Settings that remember which of their sections were looked at."""

    def __getattribute__(self, name: str) -> object:
        if name in Settings.model_fields:
            read.add(name)
        return super().__getattribute__(name)


read: set[str] = set()


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with files of a year and strategies, in which the loop ran once."""
    folder = tmp_path_factory.mktemp("loop") / "shop"
    app = Application.create(folder, clock=CLOCK)
    shutil.copytree(SOURCES_DIR, app.workspace.sources_dir, dirs_exist_ok=True)
    shutil.copytree(READY_STRATEGIES, app.workspace.strategies_dir, dirs_exist_ok=True)
    Shop.generate(CONFIG, 5).write_history(folder / "inbox", DAY)
    DailyLoop(app).run(DAY)
    return folder


def opened(folder: Path, **chosen: dict[str, object]) -> Application:
    """Return the workspace opened anew, with other settings."""
    settings = load_settings(Workspace(folder).settings_file)
    changed = {section: getattr(settings, section).model_copy(update=keys) for section, keys in chosen.items()}
    return Application(Workspace(folder), settings.model_copy(update=changed), CLOCK)


def taken(app: Application, day: date = DAY) -> set[str]:
    """Return which steps that may be passed over a run took."""
    always = {step.name for step in STEPS if step.always}
    return {one.name for one in DailyLoop(app).run(day).steps if not one.repeated} - always


def test_a_step_declares_the_settings_that_it_reads(shop_folder: Path) -> None:
    checked = 0
    for step in STEPS:
        if step.always:
            continue
        app = opened(shop_folder)
        app.settings = Watched.model_validate(app.settings.model_dump())
        context = RunContext(app, DAY, SilentProgress())
        read.clear()
        step.definitions(context)
        step.body(context)
        context.close()
        assert read - HARMLESS <= set(step.settings), step.name
        checked += 1
    assert checked >= 9


CHANGES: list[tuple[dict[str, dict[str, object]], set[str], set[str]]] = [
    ({"server": {"port": 9999}}, set(), {"resolve", "tag", "measure", "predict", "warn", "segment", "value", "decide"}),
    ({"warning": {"red_capacity": 3}}, {"warn"}, {"resolve", "tag", "measure", "predict"}),
    ({}, {"warn"}, {"resolve", "tag", "measure", "predict"}),  # back again: the levels that stand are of other settings
    ({"segments": {"timeout_s": 7.0}}, {"segment"}, {"tag", "measure", "predict", "warn"}),
]
"""What is changed, which steps that retakes, and which it must not."""


def test_a_setting_retakes_the_steps_that_it_rules_and_no_others(shop_folder: Path) -> None:
    taken(opened(shop_folder))  # whatever another test left to do
    for chosen, wanted, spared in CHANGES:
        for section, keys in chosen.items():
            assert set(keys) <= set(Settings.model_fields[section].annotation.model_fields)  # type: ignore[union-attr]
        again = taken(opened(shop_folder, **chosen))
        assert wanted <= again, chosen
        assert again.isdisjoint(spared), chosen
