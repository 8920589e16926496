"""The real command line, called in this process; every command answers with one JSON document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from liuke.app.cli.main import cli

READY = ("second_purchase", "sleeping_customer")


@dataclass(frozen=True)
class Shell:
    """Calls `liuke`."""

    def call(self, *words: str) -> Any:
        """Return everything a command left: exit code, both streams."""
        return CliRunner().invoke(cli, list(words))

    def json(self, *words: str, exit_code: int = 0) -> dict[str, Any]:
        """Return the JSON document of a command that must end with an exit code."""
        result = self.call(*words, "--json")
        assert result.exit_code == exit_code, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def error(self, code: int, *words: str) -> dict[str, Any]:
        """Return the error of a wrong call, the same as text and as JSON, and nowhere a traceback."""
        text, document = self.call(*words), self.json(*words, exit_code=code)
        error: dict[str, Any] = document["error"]
        assert error["exit_code"] == text.exit_code == code
        assert "Traceback" not in text.output
        assert text.stdout == "", "errors belong to the error stream"
        assert f"error: {error['message']}" in text.stderr
        assert error["hint"]
        assert error["hint"] in text.stderr
        return error


@dataclass(frozen=True)
class Trip:
    """What a shop's way from its files to a publication printed."""

    workspace: Path
    as_of: str
    made: dict[str, Any]
    first: dict[str, Any]
    second: dict[str, Any]
    run: dict[str, Any]
    status: dict[str, Any]
    evaluation: dict[str, Any]

    def counts(self) -> dict[str, tuple[int, int, dict[str, int], dict[str, int]]]:
        """Return per source: rows of the file, loaded, filtered and quarantined by reason."""
        return {
            one["source"]: (one["rows"], one["loaded"], one["filtered"], one["quarantined"])
            for one in self.first["loads"]
        }

    def figure(self, name: str) -> tuple[float, str]:
        """Return the last value of a key figure, and its period."""
        return next((one["value"], one["shown_period"]) for one in self.status["metrics"] if one["metric"] == name)

    def published(self, name: str) -> Path:
        """Return a file of the current publication."""
        build = (self.workspace / "published" / "current").read_text(encoding="utf-8").strip()
        return self.workspace / "published" / build / name


def take(shell: Shell, example: str, workspace: Path, as_of: str) -> Trip:
    """Go with a known set from nothing to an evaluation, by the commands of docs/how-to/real-data-sets.md."""
    made = shell.json("init", str(workspace), "--example", example)
    at = ("-w", str(workspace))
    first = shell.json("ingest", *at)
    second = shell.json("ingest", *at)
    shell.json("strategies", "take", *READY, *at)  # none runs by itself
    run = shell.json("run", *at, "--as-of", as_of)
    return Trip(
        workspace,
        as_of,
        made,
        first,
        second,
        run,
        shell.json("status", *at),
        shell.json("evaluate", "churn", *at),
    )


@pytest.fixture(scope="session")
def shell() -> Shell:
    return Shell()


@pytest.fixture(scope="session")
def travel(shell: Shell) -> Any:
    """`travel(example, workspace, as_of)` takes a trip."""
    return lambda example, workspace, as_of: take(shell, example, workspace, as_of)
