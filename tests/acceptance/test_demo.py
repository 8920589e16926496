"""The demo, small: it ends with a published shop, can be continued, and keeps away from folders that aren't its own."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from liuke.app.demo import Demo, DemoReport, DemoSettings
from liuke.kernel import SettingsError
from liuke_sim import VARIANTS

SETTINGS = DemoSettings(customers=500, seed=4, weeks=1)
LAST_DAY = VARIANTS["plain"].weekly_from + timedelta(weeks=1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> DemoReport:
    return Demo(tmp_path_factory.mktemp("demo") / "shop", SETTINGS).run()


def test_it_ends_with_a_published_shop_as_of_the_last_week(finished: DemoReport) -> None:
    build = (finished.workspace / "published" / "current").read_text(encoding="utf-8").strip()
    status = json.loads((finished.workspace / "published" / build / "status.json").read_text(encoding="utf-8"))
    assert date.fromisoformat(status["as_of"]) == LAST_DAY
    assert status["customers"] >= SETTINGS.customers


def test_its_summary_says_how_long_each_step_took(finished: DemoReport) -> None:
    assert finished.last is not None
    assert set(finished.seconds) == {"generate", *(step.name for step in finished.last.steps)}
    assert all(seconds > 0 for seconds in finished.seconds.values())


def test_every_delivered_row_is_loaded_filtered_or_quarantined(finished: DemoReport) -> None:
    assert finished.rows == sum(finished.read.values())
    assert finished.read["quarantined"] > 0, "the generated files carry dirt"


def test_messages_go_to_files_and_only_with_consent(finished: DemoReport) -> None:
    files = (finished.workspace / "outbox").glob("*.jsonl")
    sent = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert finished.last is not None
    engage = next(step for step in finished.last.steps if step.name == "engage")
    assert len({json.loads(line)["key"] for line in sent}) == len(sent) > 0
    assert engage.counts["held"] > 0, "not everybody in the generated shop agreed to mail"


def test_a_finished_demo_is_continued_without_doing_anything_twice(finished: DemoReport) -> None:
    again = Demo(finished.workspace, SETTINGS).run()
    assert again.last is not None
    facing_outside = {"ingest", "engage", "publish"}
    assert [step.name for step in again.last.steps if not step.repeated and step.name not in facing_outside] == []
    engage = next(step for step in again.last.steps if step.name == "engage")
    assert engage.counts["sent"] == 0


def test_other_folders_are_left_alone(finished: DemoReport, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="isn't empty"):
        Demo(tmp_path, SETTINGS).run()
    with pytest.raises(SettingsError, match="other settings"):
        Demo(finished.workspace, DemoSettings(customers=500, seed=5, weeks=1)).run()
