"""What all tests share: where real data lie, and the rule that nothing required is skipped in CI."""

from __future__ import annotations

import os

# Read when the libraries load. Tests work on little data: threads would wait for each other longer than they work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("liuke", deadline=None)  # a shared machine's pauses are no finding
settings.load_profile("liuke")

OPTIONAL = "optional: "  # a skip whose reason begins so is allowed in CI


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; they may not be redistributed, so a test without them skips."""
    folder = os.environ.get("LIUKE_DATA")
    if not folder:
        pytest.skip(OPTIONAL + "LIUKE_DATA names no folder with the real data sets")
    return Path(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """In CI a skip is a failure, unless its reason says that it is optional."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if OPTIONAL not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, where everything required has to run: {reason}"
    return report
