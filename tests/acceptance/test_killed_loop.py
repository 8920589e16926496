"""Killed inside commits and between steps, again and again: the same tables in the end, and every mail exactly once."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from mail_server import MailServer

from liuke.app.bootstrap import Application
from liuke.app.demo.clock import SimulatedClock
from liuke.decide.strategies import READY_STRATEGIES
from liuke.store.lake import connect
from liuke_sim import SOURCES_DIR, VARIANTS, Shop

HERE = Path(__file__).parent

DAY = VARIANTS["plain"].weekly_from
CONFIG = replace(VARIANTS["plain"], customers=1_500, weeks=1)
# How many checkpoints further the next process may get at most; 1 visits every one (`make prove-crash`).
PACE = int(os.environ.get("LIUKE_CRASH_PACE", "6"))
# Columns that tell when or by whom something was done, not what.
RUN_METADATA = {
    "consent_no",
    "worker",
    "attempts",
    "claimed_at",
    "sending_at",
    "sent_at",
    "committed_at",
    "begun_at",
    "due_at",
}
COMPARED_STORE_TABLES = ("profiles", "consents", "quarantine", "entries", "assignments", "outbox", "strategy_versions")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


class Nursery:
    """Runs the loop in processes that may die."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, workspace: Path, day: date, dies_at: int | None = None) -> tuple[int, int]:
        """Return the exit code and how many checkpoints were passed (0 if it died)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"workspace": str(workspace), "day": day.isoformat(), "dies_at": dies_at}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["passed"]


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    command = [sys.executable, str(HERE / "dying_loop.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


def make_workspace(path: Path, server: MailServer, log: Path) -> Path:
    """Make a workspace of a small generated shop that sends real mail to a server on this machine."""
    smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "settle_seconds": 0, "receipts": str(log)}
    smtp["sender"] = "hello@shop.example"
    settings = {"outreach": {"transports": {"email": "smtp"}, "smtp": smtp}, "churn": {"min_repeat_buyers": 30}}
    Application.create(path, settings, SimulatedClock("Asia/Shanghai", DAY), key=b"k" * 32)
    for mapping in SOURCES_DIR.glob("*.yaml"):
        shutil.copyfile(mapping, path / "sources" / mapping.name)
    shutil.copytree(READY_STRATEGIES, path / "strategies", dirs_exist_ok=True)
    shop = Shop.generate(CONFIG, seed=3)
    shop.write_history(path / "inbox")
    return path


def deliver_next_week(path: Path) -> None:
    """Put the second delivery of the same shop into the inbox."""
    shop = Shop.generate(CONFIG, seed=3)
    shop.write_history(path / "again")
    shop.write_week(path / "inbox", DAY, DAY + timedelta(days=7))
    shutil.rmtree(path / "again")


def digests(path: Path) -> dict[str, str]:
    """Hash the content of every table, whatever the order of rows, files and commits."""
    app = Application.open(path, SimulatedClock("Asia/Shanghai", DAY))
    found: dict[str, str] = {}
    with connect(path / "scratch") as engine:
        for table in app.lake.tables():
            rows = engine.execute(f"SELECT * FROM {app.lake.scan_sql(table.name)} ORDER BY ALL").fetchall()
            found[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
        for name in ("customers", "timeline", "contacts"):
            current = max((path / "published").glob(f"2*/{name}.parquet"), key=lambda one: one.parent.name)
            rows = engine.execute(f"SELECT * FROM '{current}' ORDER BY ALL").fetchall()
            found[f"published {name}"] = hashlib.sha256(repr(rows).encode()).hexdigest()
    with app.operations.read() as connection:
        for name in COMPARED_STORE_TABLES:
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            columns = [column for column in table.columns if column.name not in RUN_METADATA]
            rows = sorted(map(repr, connection.execute(sa.select(*columns)).all()))
            found[f"store {name}"] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def counted(server: MailServer) -> Counter[str]:
    return Counter(mail["Message-ID"] for mail in server.mails)


def sent(path: Path) -> int:
    app = Application.open(path, SimulatedClock("Asia/Shanghai", DAY))
    return sum(one.messages for one in app.outreach.counts() if one.state == "sent")


def run_through(nursery: Nursery, path: Path, day: date, chance: random.Random) -> int:
    """Kill one process after the other, each a little later than the last, until one reaches the end."""
    kills, dies_at = 0, 0
    while True:
        dies_at += chance.randint(1, PACE)
        code, _ = nursery.run(path, day, dies_at)
        if code == 0:
            return kills
        assert code == -signal.SIGKILL, "it died of something else"
        kills += 1


@pytest.mark.timeout(3600 if PACE == 1 else 600)
@pytest.mark.parametrize("seed", [1])
def test_killed_anywhere_the_result_is_the_same(nursery: Nursery, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for name in ("calm.log", "rough.log"):
        # the shop lives in 2025, the server today: its log has to reach back to be believed
        (tmp_path / name).write_text("2025-01-01T00:00:00+00:00 started\n", encoding="utf-8")
    with MailServer(tmp_path / "calm.log") as calm, MailServer(tmp_path / "rough.log") as rough:
        undisturbed = make_workspace(tmp_path / "undisturbed", calm, calm.log)
        killed = make_workspace(tmp_path / "killed", rough, rough.log)
        checkpoints = kills = 0
        for day in (DAY, DAY + timedelta(days=7)):
            code, passed = nursery.run(undisturbed, day)
            assert code == 0
            checkpoints += passed
            kills += run_through(nursery, killed, day, chance)
            if day == DAY:
                deliver_next_week(undisturbed)
                deliver_next_week(killed)
        expected, received = counted(calm), counted(rough)
    print(f"{checkpoints} checkpoints undisturbed; killed {kills} times; {len(expected)} mails")
    assert kills >= 15
    assert len(expected) >= 10, "too few mails to say anything"
    as_it_should_be, as_it_is = digests(undisturbed), digests(killed)
    assert [name for name in as_it_should_be if as_it_is[name] != as_it_should_be[name]] == []
    assert set(received.values()) == {1}, "a message went out twice"
    assert received.keys() == expected.keys(), "a message is missing, or one too many"
    assert sent(killed) == sent(undisturbed) == len(expected)
