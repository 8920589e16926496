"""A standalone Spark cluster of this machine: a master and workers in processes of their own, on loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120.0  # seconds until a process must have said that it listens
_MASTER_UP = re.compile(r"Starting Spark master at (spark://\S+)")
_WORKER_UP = re.compile(r"Successfully registered with master")


@dataclass(frozen=True)
class Cluster:
    """A running cluster."""

    url: str
    logs: Path


@contextmanager
def standalone_cluster(folder: Path, workers: int = 2, memory: str = "2g") -> Iterator[Cluster]:
    """Start a cluster on ports that the system chooses; every process of it has ended when the block is left."""
    here = ["--host", "127.0.0.1", "--webui-port", "0"]
    with ExitStack() as processes:
        master = ["org.apache.spark.deploy.master.Master", *here, "--port", "0"]
        url = _awaited(*processes.enter_context(_process(master, folder, "master")), _MASTER_UP)
        started = []
        for number in range(1, workers + 1):
            name = f"worker-{number}"
            limits = ["--cores", "1", "--memory", memory, "--work-dir", str(folder / name)]
            worker = ["org.apache.spark.deploy.worker.Worker", url, *here, *limits]
            started.append(processes.enter_context(_process(worker, folder, name)))
        for process, log in started:
            _awaited(process, log, _WORKER_UP)
        yield Cluster(url, folder)


@contextmanager
def _process(command: list[str], folder: Path, name: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run a class of Spark until the block is left."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    log = folder / f"{name}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), *command],
            stdout=written, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            yield process, log
        finally:
            _end(process)


def _awaited(process: subprocess.Popen[bytes], log: Path, ready: re.Pattern[str]) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        text = log.read_text("utf-8", errors="replace")
        if found := ready.search(text):
            return found[found.lastindex or 0]
        if process.poll() is not None:
            raise AssertionError(f"a process of the cluster ended at once:\n{text[-2000:]}")
        time.sleep(0.1)
    raise AssertionError(f"a process of the cluster did not come up:\n{log.read_text('utf-8')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end (a worker ends its executors then); after a while end its whole group."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
