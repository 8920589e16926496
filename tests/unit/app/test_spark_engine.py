"""What is said where Spark cannot be used; that it computes the same is tried by `make test-spark`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from liuke.app import spark
from liuke.app.cli.main import cli
from liuke.app.spark import check_spark
from liuke.kernel import SettingsError


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="pyspark is not installed") as caught:
        check_spark()
    assert "liuke[spark]" in caught.value.hint


@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_without_java_its_package_is_named(monkeypatch: pytest.MonkeyPatch, home: str | None) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: object())
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    with pytest.raises(SettingsError, match="needs Java") as caught:
        check_spark()
    assert "openjdk-17-jre-headless" in caught.value.hint


def test_of_a_long_message_the_telling_line_is_kept() -> None:
    said = "An error occurred while calling o1.parquet.\n: org.apache.spark.SparkException: Job aborted\n\tat a.b(c)"
    assert spark._reason(RuntimeError(said)) == "org.apache.spark.SparkException: Job aborted"
    assert spark._reason(RuntimeError()) == "RuntimeError"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "flink"], "no engine 'flink'"),
        (["--master", "local[2]"], "--engine spark"),
        (["--engine", "spark", "--only", "1"], "--only"),
        (["--engine", "spark", "--conf", "memory"], "spark.executor.memory=4g"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: list[str], said: str, tmp_path: Path) -> None:
    result: Result = CliRunner().invoke(cli, ["tags", "build", "-w", str(tmp_path), *options])
    assert result.exit_code == 2
    assert said in result.output
