"""A demo that is copied, moved and restored lives on for ten days: everything is alive, nothing lies in the future."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from intervals import told

from liuke.app.bootstrap import Application
from liuke.app.demo import Demo, DemoRecord, DemoSettings, let_in
from liuke.app.http import create_app
from liuke.app.publish import read_simulation
from liuke.kernel import SilentProgress

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]  # a day costs about ten seconds of CPU, whatever its size
SETTINGS = DemoSettings(customers=1_500, seed=1, weeks=3)
DAYS = 10
PAGES = (
    "overview",
    "early-warning",
    "customers",
    "segments",
    "trials",
    "value",
    "tags",
    "outreach",
    "data",
    "simulation",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "shop"
    Demo(folder, SETTINGS).run()
    return folder


@pytest.fixture(scope="module")
def moved(original: Path, tmp_path_factory: pytest.TempPathFactory, shell: Any) -> Iterator[Path]:
    """Copied, restored from an archive and moved; then ten days by the command line. The original stays as it is."""
    before = fingerprints(original)
    base = tmp_path_factory.mktemp("moved")
    with tarfile.open(base / "backup.tar", "w") as archive:
        archive.add(shutil.copytree(original, base / "copy"), "copy")
    with tarfile.open(base / "backup.tar") as archive:
        archive.extractall(base / "restored 100% [b]", filter="data")
    shutil.rmtree(base / "copy")
    folder = Path(shutil.move(base / "restored 100% [b]" / "copy", base / "小店 1"))
    for _ in range(2):
        shell.json("run", "-w", str(folder))
    shell.json("run", "-w", str(folder), "--days", str(DAYS - 2))
    yield folder
    assert fingerprints(original) == before
    assert sorted(path.name for path in base.iterdir()) == ["backup.tar", "restored 100% [b]", "小店 1"]
    assert list((base / "restored 100% [b]").iterdir()) == []


def fingerprints(folder: Path) -> dict[str, str]:
    """What every file holds, but those by which SQLite shares memory."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


def last_day() -> date:
    return date(2025, 9, 1) + timedelta(weeks=SETTINGS.weeks, days=DAYS)


def test_the_clock_stands_where_the_days_led(moved: Path) -> None:
    app = Application.open(moved)
    assert app.simulated_day == app.today() == app.last_run_day() == last_day()
    record = DemoRecord(moved)
    assert record.finished == record.delivered == last_day()
    page = read_simulation(moved / "published")
    assert page is not None
    assert page["as_of"] == last_day().isoformat()
    delivered = {path.name[-12:-4] for path in (moved / "inbox" / "crm").glob("profiles_*")}
    assert len(delivered) >= DAYS


def test_every_page_is_alive(moved: Path) -> None:
    found = documents(moved)
    overview = found["overview"]
    assert overview["as_of"] == last_day().isoformat()
    assert overview["totals"]["scored"] > 0
    assert overview["totals"]["buyers"] > 100
    known = {one["metric"]: one for one in overview["metrics"]}
    assert len(known) > 8
    for name, one in known.items():
        if one["unit"] == "money" or name in ("daily_active", "monthly_active", "active_buyers"):
            assert one["value"] is None or one["value"] > 0, name
    assert sum(one["value"] is not None for one in known.values()) > 6
    assert sum(one["customers"] for one in overview["levels"]) == overview["totals"]["scored"]
    assert sum(sum(one["contacts"].values()) for one in overview["strategies"]) > 0
    assert found["customers"]["total"] > SETTINGS.customers
    assert found["session"]["simulated_day"] == last_day().isoformat()
    assert found["session"]["next_day_command"].startswith("liuke run -w ")
    assert found["session"]["stale"] is None
    assert all(found[name] for name in PAGES)


def test_every_value_that_is_published_lies_within_its_interval(moved: Path) -> None:
    published = moved / "published"
    build = published / (published / "current").read_text(encoding="utf-8").strip()
    found = [one for path in build.rglob("*.json") for one in told(json.loads(path.read_text(encoding="utf-8")))]
    rows = pq.read_table(build / "customers.parquet").to_pylist()
    found += [one for row in rows for one in told(row)]
    assert len({one[0] for one in found}) >= 3
    assert len(found) > 500
    assert [one for one in found if not one[1] <= one[2] <= one[3]] == []


def test_nothing_is_dated_after_the_simulated_day(moved: Path) -> None:
    ahead = {"final_on", "started_at", "committed_at", "last_signed_in_at", "created_at"}
    """When a figure becomes final lies ahead; the last four are of this machine, not of the shop."""
    dates = 0
    for name, document in documents(moved).items():
        for key, text in texts_of(document):
            if key in ahead or not re.match(r"20\d\d-\d\d-\d\d", text):
                continue
            dates += 1
            assert text[:10] <= last_day().isoformat(), (name, key, text)
    assert dates > 100


def test_a_workspace_names_nowhere_where_it_lies(moved: Path) -> None:
    looked = 0
    for path in sorted(path for path in moved.rglob("*") if path.is_file()):
        looked += 1
        for content in contents(path):
            assert str(moved.parent).encode() not in content, path
            assert b"pytest-of" not in content, path
    assert looked > 300


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and what they hold once unpacked."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        yield repr(pq.read_table(path).to_pylist()).encode() + repr(pq.read_schema(path).metadata).encode()
    elif path.suffix == ".db":
        yield "\n".join(sqlite3.connect(path).iterdump()).encode()
    elif path.suffix == ".avro":
        yield b"".join(unpacked(raw))


def unpacked(avro: bytes) -> Iterator[bytes]:
    """The blocks of an Avro file: each ends in the mark that the header ends in, and begins with two numbers."""
    mark = avro[-16:]
    blocks = avro.split(mark)[1:-1]
    assert blocks
    for block in blocks:
        place = 0
        for _ in range(2):
            while block[place] & 0x80:
                place += 1
            place += 1
        yield zlib.decompress(block[place:], -15) if b"deflate" in avro[:4096] else block[place:]


def documents(folder: Path) -> dict[str, Any]:
    """What the API answers on each page."""
    app = Application.open(folder)
    sign_in = let_in(app)
    with TestClient(create_app(app), headers={"x-liuke-request": "test"}) as client:
        answer = client.post("/api/session", json={"name": sign_in.user, "password": sign_in.password})
        assert answer.status_code == 200, answer.text
        found = {"session": answer.json()}
        for name in PAGES:
            answer = client.get(f"/api/{name}")
            assert answer.status_code == 200, (name, answer.text)
            found[name] = answer.json()
    return found


def texts_of(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from texts_of(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one, key)
    elif isinstance(value, str):
        yield key, value


class Mortal(SilentProgress):
    """Stops, as far as a test can stop a process, when a step begins."""

    def __init__(self, label: str) -> None:
        self.label = label

    def start(self, label: str, total: int | None = None) -> None:
        if label.startswith(self.label):
            raise KeyboardInterrupt


def test_a_day_that_is_killed_is_lived_once(original: Path, tmp_path: Path) -> None:
    calm, rough = (Path(shutil.copytree(original, tmp_path / name)) for name in ("calm", "rough"))
    Demo(calm, SETTINGS).go_on(2)
    until = date(2025, 9, 1) + timedelta(weeks=SETTINGS.weeks, days=2)
    for label in (f"files until {until - timedelta(days=1)}", "read the shop's files", "deliver messages", "publish",
                  "compare", f"files until {until}", "run strategies"):  # fmt: skip
        with pytest.raises(KeyboardInterrupt):
            Demo(rough, SETTINGS, Mortal(label)).go_on(2)
    Demo(rough, SETTINGS).go_on()
    assert Application.open(rough).simulated_day == Application.open(calm).simulated_day == until
    one, other = fingerprints(calm), fingerprints(rough)
    compared = [name for name in one if name.split(os.sep)[0] in ("inbox", "outbox")]
    assert len(compared) > 40
    assert {name: one[name] for name in compared} == {name: other.get(name) for name in compared}
    assert read_simulation(calm / "published") == read_simulation(rough / "published")
    assert json.loads((rough / "clock.json").read_text(encoding="utf-8")) == {"simulated_day": until.isoformat()}
