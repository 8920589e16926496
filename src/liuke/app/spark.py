"""Spark as the engine of tags: started when a command asks for it, gone when the command ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from liuke.app.bootstrap import Application
from liuke.app.scores import SCORE_TABLES
from liuke.collect.history import ClusterHistory
from liuke.kernel import ServiceError, SettingsError
from liuke.understand.tags import build_tags_on_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ALWAYS = {
    "spark.sql.session.timeZone": "UTC",  # instants are naive UTC, and no clock of a machine may move them
    "spark.ui.showConsoleProgress": "false",
    # hundreds of groupings and joins by customer meet in one task, and each holds a page (Spark alone: up to 64m)
    "spark.buffer.pageSize": "1m",
}


@dataclass(frozen=True)
class SparkEngine:
    """Builds tags on Spark.

    Parameters
    ----------
    master : str
        ``local[*]`` for this machine alone, ``spark://host:7077`` for a standalone cluster, or what else Spark takes.
    settings : mapping of str to str
        Spark's own, such as ``spark.executor.memory``.
    """

    master: str = "local[*]"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a report calls it."""
        return f"Spark at {self.master}"

    def build(
        self, app: Application, as_of: date, known_at: datetime | None = None, names: list[str] | None = None
    ) -> pa.Table:
        """Compute tags of every customer; the same rows as the embedded engine gives.

        Raises
        ------
        SettingsError
            If pyspark or Java is missing.
        ServiceError
            If Spark does not start, or ends on the way.
        """
        scratch = app.workspace.scratch_dir / "spark"
        with spark_session(self.master, self.settings) as session:
            history = ClusterHistory(app.lake, app.operations, app.shop, session, scratch)
            with history.at(as_of, known_at) as moment:
                for model, table in SCORE_TABLES.items():
                    moment.show(f"scores_{model}", app.lake.scan_files(table))
                scores = {model: f"scores_{model}" for model in SCORE_TABLES}
                return build_tags_on_spark(moment, app.tags, scratch, names, scores)


@contextmanager
def spark_session(master: str, settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """Start Spark for the length of a block.

    Raises
    ------
    SettingsError
        If pyspark or Java is missing.
    ServiceError
        If Spark does not start, or ends on the way.
    """
    check_spark()
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("liuke tags")
    for name, value in (_ALWAYS | dict(settings)).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        try:
            yield session
        finally:
            session.stop()
    except (Py4JError, PySparkException, ConnectionError) as error:
        raise ServiceError(
            f"Spark at {master} failed: {_reason(error)}",
            "look above for Spark's own words; Spark 3.5 and 4 need Java 17, a master that answers, and workers that"
            " read the workspace's folder under the same path",
            retryable=True,
        ) from error


def _reason(error: Exception) -> str:
    """Return the line of a long message that names what happened."""
    lines = [line.strip(" :") for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "Exception: " in line or "Error: " in line]
    return (telling or lines or [type(error).__name__])[0][:400]


def check_spark() -> None:
    """See that Spark could start.

    Raises
    ------
    SettingsError
        If pyspark or Java is missing.
    """
    if find_spec("pyspark") is None:
        raise SettingsError("pyspark is not installed", "pip install 'liuke[spark]'; Spark also needs Java 17")
    home = os.environ.get("JAVA_HOME")
    found = (Path(home) / "bin" / "java").exists() if home else shutil.which("java") is not None
    if not found:
        place = f"JAVA_HOME ({home}) holds no bin/java" if home else "there is no java on the path"
        raise SettingsError(
            f"Spark needs Java, and {place}",
            "install Java 17 (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME",
        )
