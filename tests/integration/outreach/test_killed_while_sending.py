"""kill -9 at random moments, again and again: counted at the receiving end, no message twice and none missing."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from mail_server import MailServer

from liuke.decide.strategies import Message, MessageBatch
from liuke.engage.outreach import MessageKeys, moves, outbox
from liuke.store.operations import FieldCipher, Operations

HERE = Path(__file__).parent
KILLS = 12
OPEN_HOURS = {"quiet_hours": {"start": 0, "end": 0}}
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


@pytest.fixture
def nursery() -> Iterator[subprocess.Popen]:
    command = [sys.executable, str(HERE / "crash_worker.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


def plan(operations: Operations, n: int) -> None:
    """Queue messages to customers 1 … n directly, as planning does."""
    batch = MessageBatch(
        "second_purchase",
        "0" * 16,
        Message("hello", "email", "second_purchase"),
        np.arange(1, n + 1),
        np.full(n, "2026-10-05"),
        datetime.now(UTC).date(),
    )
    with operations.begin() as connection:
        moves.insert(connection, moves.new_rows(connection, batch))


def run_and_kill(nursery: subprocess.Popen, job: dict, received: Callable[[], int], total: int, seed: int) -> int:
    """Kill workers when the receiver has counted random numbers of messages, then let one finish; return the kills."""
    chance = random.Random(seed)
    targets = sorted(chance.sample(range(5, total - 20), KILLS))
    kills = 0
    for target in [*targets, None]:
        nursery.stdin.write(json.dumps(job) + "\n")
        nursery.stdin.flush()
        pid = int(nursery.stdout.readline())
        deadline = time.monotonic() + 60
        while target is not None and received() < target:
            assert time.monotonic() < deadline, "the worker makes no progress"
            time.sleep(0.002)
        if target is not None:
            time.sleep(chance.uniform(0, 0.004))  # anywhere within a message's few commits and answers
            os.kill(pid, signal.SIGKILL)
        code = int(nursery.stdout.readline())
        if target is None:
            assert code == 0
        else:
            kills += code == -signal.SIGKILL
    return kills


def states(operations: Operations) -> Counter:
    with operations.read() as connection:
        return Counter(connection.scalars(sa.select(outbox.c.state)))


def keys_of(operations: Operations, state: str) -> set[str]:
    with operations.read() as connection:
        ids = connection.scalars(sa.select(outbox.c.message_id).where(outbox.c.state == state))
        return {MessageKeys(FieldCipher(bytes(32))).key(message_id) for message_id in ids}


def test_smtp_no_message_twice_and_none_missing(operations, nursery, tmp_path):
    n = 600
    plan(operations, n)
    with MailServer(tmp_path / "accepted.log") as server:
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "settle_seconds": 0.3}
        smtp["sender"] = "hello@shop.example"
        smtp["receipts"] = str(tmp_path / "accepted.log*")
        settings = {"transports": {"email": "smtp"}, "smtp": smtp, "batch_size": 50, **OPEN_HOURS}
        job = {"url": operations.url, "folder": str(tmp_path), "settings": settings}
        kills = run_and_kill(nursery, job, lambda: len(server.mails), n - n // 50, seed=20261005)
        counted = Counter(mail["Message-ID"].strip("<>").split("@")[0] for mail in server.mails)
    assert kills >= 10
    assert states(operations) == {"sent": n - n // 50, "failed": n // 50}
    assert set(counted.values()) == {1}, "a message went out twice"
    assert set(counted) == keys_of(operations, "sent"), "a message is missing"


def test_file_no_message_twice_and_none_missing(operations, nursery, tmp_path):
    n, folder = 4_000, tmp_path / "out"
    plan(operations, n)

    def lines() -> list[bytes]:
        return [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines()]

    def size() -> int:
        return sum(path.stat().st_size for path in folder.glob("*.jsonl")) // 1_200  # a line has about that length

    settings = {"transports": {"email": "file"}, "batch_size": 100, **OPEN_HOURS}
    job = {"url": operations.url, "folder": str(folder), "settings": settings}
    kills = run_and_kill(nursery, job, size, n // 2, seed=20261006)
    counted = Counter(json.loads(line)["key"] for line in lines())
    assert kills >= 10
    assert states(operations) == {"sent": n}
    assert set(counted.values()) == {1}, "a message went out twice"
    assert set(counted) == keys_of(operations, "sent"), "a message is missing"
