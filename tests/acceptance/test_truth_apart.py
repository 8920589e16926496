"""The product never reads the truth: with it lying about and without it, it publishes the same."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from liuke.app.bootstrap import Application
from liuke.app.demo.clock import SimulatedClock
from liuke.app.loop import DailyLoop
from liuke.decide.strategies import READY_STRATEGIES
from liuke_sim import SOURCES_DIR, VARIANTS, Shop

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]  # the whole loop, twice: about a minute of CPU
CONFIG = replace(VARIANTS["tiny"], customers=400, weekly_from=date(2024, 12, 30), weeks=0)
DAY = CONFIG.weekly_from
_OF_THE_RUN = {"committed_at", "snapshot_id", "bytes"}
"""What tells when a table was written and how, not what is in it."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two workspaces with the same files: beside one lies the truth, beside the other nothing."""
    base = tmp_path_factory.mktemp("truth_apart")
    shop = Shop.generate(CONFIG, seed=3)
    shop.write_history(base / "files")
    shop.write_truth(base / "truth")
    builds = {}
    for name, truth in (("with", base / "truth"), ("without", None)):
        workspace = base / name
        clock = SimulatedClock("Asia/Shanghai", DAY)
        settings = {"churn": {"min_repeat_buyers": 30}, "outreach": {"transports": {"email": "file"}}}
        Application.create(workspace, settings, clock, key=b"k" * 32)
        for mapping in SOURCES_DIR.glob("*.yaml"):
            shutil.copyfile(mapping, workspace / "sources" / mapping.name)
        shutil.copytree(READY_STRATEGIES, workspace / "strategies", dirs_exist_ok=True)
        shutil.copytree(base / "files", workspace / "inbox")
        if truth:  # as near as it could lie: among the shop's files, and in the workspace
            shutil.copytree(truth, workspace / "inbox", dirs_exist_ok=True)
            shutil.copytree(truth, workspace / "truth")
        DailyLoop(Application.open(workspace, clock)).run(DAY)
        current = (workspace / "published" / "current").read_text(encoding="utf-8").strip()
        builds[name] = workspace / "published" / current
    return builds


def digests(build: Path) -> dict[str, str]:
    """Hash every published file; of the status without the moments of commits."""
    found = {}
    for path in sorted(path for path in build.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.name == "status.json":
            content = json.dumps(without_the_run(json.loads(content)), sort_keys=True).encode()
        found[str(path.relative_to(build))] = hashlib.sha256(content).hexdigest()
    return found


def without_the_run(value: Any) -> Any:
    """Leave out what no two runs have in common."""
    if isinstance(value, dict):
        return {key: without_the_run(one) for key, one in value.items() if key not in _OF_THE_RUN}
    return [without_the_run(one) for one in value] if isinstance(value, list) else value


def test_something_was_published_from_the_files(published: dict[str, Path]) -> None:
    rows = duckdb.connect().execute(f"select count(*) from '{published['with']}/customers.parquet'").fetchone()
    assert rows is not None
    assert rows[0] > 200
    assert any(name.endswith(".json") for name in digests(published["with"]))


def test_the_truth_changes_nothing_that_is_published(published: dict[str, Path]) -> None:
    one, two = digests(published["with"]), digests(published["without"])
    assert one.keys() == two.keys()
    assert {name for name in one if one[name] != two[name]} == set()
