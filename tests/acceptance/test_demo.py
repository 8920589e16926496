"""The demo, small: it ends with a published shop and a look at its truth, can be killed and continued, and keeps away
from folders that aren't its own."""

from __future__ import annotations

import json
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from liuke.app.demo import Demo, DemoReport, DemoSettings
from liuke.app.publish import read_simulation
from liuke.kernel import SettingsError, SilentProgress
from liuke_sim import VARIANTS

SETTINGS = DemoSettings(customers=300, seed=4, weeks=2)
LAST_DAY = VARIANTS["plain"].weekly_from + timedelta(weeks=SETTINGS.weeks)


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
    assert set(finished.seconds) == {"generate", "compare", *(step.name for step in finished.last.steps)}
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


def test_measured_stands_beside_true_where_the_console_looks(finished: DemoReport) -> None:
    document = read_simulation(finished.workspace / "published")
    assert document is not None
    pairs = {(row["strategy"], row["metric"]) for row in document["effects"]}
    strategies = ("price_sensitive", "running_out", "second_purchase", "sleeping_customer")
    assert pairs == {(one, metric) for one in strategies for metric in ("repurchase", "margin")}
    assert date.fromisoformat(document["as_of"]) == LAST_DAY
    assert document["contacts"] == finished.contacts > 0
    assert document["untranslated"] == finished.untranslated == 0


class Mortal(SilentProgress):
    """Stops the process, as far as a test can, at the n-th sign of life of a step."""

    def __init__(self, label: str, time: int) -> None:
        self.label, self.left = label, time

    def start(self, label: str, total: int | None = None) -> None:
        self.current = label
        self.advance()

    def advance(self, n: int = 1) -> None:
        self.left -= self.current == self.label
        if self.left == 0 and self.current == self.label:
            raise KeyboardInterrupt


def fingerprints(workspace: Path, folder: str) -> dict[str, str]:
    """What every file of a folder holds."""
    files = (path for path in sorted((workspace / folder).rglob("*")) if path.is_file())
    return {str(path.relative_to(workspace)): sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_killed_demo_goes_on_and_nobody_answers_twice(finished: DemoReport, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    deaths = [
        ("send what becomes due", 2),  # in the first week, between two days
        (f"files until {LAST_DAY - timedelta(weeks=1)}", 1),  # the customers have received and not yet answered
        ("grade warnings", 2),  # the answers are in, the next messages not yet planned
    ]
    for label, time in deaths:
        with pytest.raises(KeyboardInterrupt):
            Demo(folder, SETTINGS, Mortal(label, time)).run()
    report = Demo(folder, SETTINGS).run()
    assert report.contacts == finished.contacts
    assert list(report.effects) == list(finished.effects)
    for where in ("inbox", "outbox"):
        assert fingerprints(folder, where) == fingerprints(finished.workspace, where)


def test_other_folders_are_left_alone(finished: DemoReport, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="isn't empty"):
        Demo(tmp_path, SETTINGS).run()
    with pytest.raises(SettingsError, match="other settings"):
        Demo(finished.workspace, DemoSettings(customers=300, seed=5, weeks=2)).run()
