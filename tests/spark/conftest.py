"""Tests on a real cluster of Spark, for `make test-spark`; `make test` leaves them out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from spark_cluster import Cluster, standalone_cluster

from liuke.app.spark import spark_session

ASKED = os.environ.get("LIUKE_TEST_SPARK") == "1"
Say = Callable[[str], None]


@pytest.fixture(scope="session", autouse=True)
def _spark_is_there() -> None:
    if not ASKED:
        pytest.skip("optional: minutes on a cluster of Spark; make test-spark runs them")
    if find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: make test-spark installs it")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("there is no Java: Debian has openjdk-17-jre-headless")


@pytest.fixture(scope="session")
def cluster(_spark_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with standalone_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="session")
def spark_settings() -> dict[str, str]:
    """What this machine needs; little data is not worth the second compiler of Java."""
    java = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    return {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": java,
        "spark.executor.extraJavaOptions": java,
        "spark.executor.memory": "2g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
    }


@pytest.fixture(scope="module")
def session(cluster: Cluster, spark_settings: dict[str, str]) -> Iterator[Any]:
    """A session of the module: another one waits for the cores that this one holds."""
    with spark_session(cluster.url, spark_settings) as started:
        yield started


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print past pytest's capture."""

    def written(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    return written


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"
