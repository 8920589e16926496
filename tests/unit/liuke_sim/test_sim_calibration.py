"""The figures of a small shop, computed from its files as a real shop would, keep to the brackets of a typical one."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from .conftest import LivedShop


def _load() -> ModuleType:
    path = Path(__file__).parents[3] / "benchmarks" / "calibration.py"
    spec = importlib.util.spec_from_file_location("calibration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["calibration"] = module
    spec.loader.exec_module(module)
    return module


calibration = _load()


@pytest.fixture(scope="module")
def files(lived: LivedShop) -> Any:
    """The lived shop's files, read by the calibration."""
    folder = lived.files[0].path.parents[1]
    return calibration.Files(folder, lived.config.start, lived.config.end)


def test_every_figure_lies_in_its_bracket(files: Any) -> None:
    figures = calibration.figures(files)
    assert len(figures) == 14
    outside = {one.name: one.text for one in figures if not one.tested[0] <= one.value <= one.tested[1]}
    assert not outside


def test_the_retention_curve_falls(files: Any) -> None:
    curve = [calibration.retention(files, day) for day in (1, 7, 30, 90)]
    assert curve == sorted(curve, reverse=True)
    assert curve[-1] > 0.005


def test_promotions_show_as_repurchase_and_as_quiet_after_them(files: Any) -> None:
    assert calibration.repurchase(files, "2025-06-01") > calibration.repurchase(files, "2025-05-01")
    assert calibration.churn(files, "2025-07-01") > calibration.churn(files, "2025-06-01")


def test_purchases_follow_the_child_as_they_really_do(files: Any) -> None:
    """Maternity before birth, nappies before formula, toys after; the order of the medians of real purchases."""
    ages: dict[str, list[float]] = {}
    for root, age in calibration.ages_here(files):
        ages.setdefault(root, []).append(age)
    median = {root: sorted(values)[len(values) // 2] for root, values in ages.items()}
    maternity, nappies, formula = median["50022520"], median["50014815"], median["38"]
    assert maternity < 0 < nappies < formula < 24


@pytest.mark.skipif("LIUKE_DATA" not in os.environ, reason="optional: needs the public data sets in LIUKE_DATA")
def test_ages_beside_real_purchases(files: Any) -> None:
    real: dict[str, list[float]] = {}
    for root, age in calibration.ages_public(Path(os.environ["LIUKE_DATA"])):
        real.setdefault(root, []).append(age)
    here: dict[str, list[float]] = {}
    for root, age in calibration.ages_here(files):
        here.setdefault(root, []).append(age)
    for root in ("38", "50014815", "50022520"):  # what this shop lives off; the page says where the others differ
        ours, theirs = (sorted(values)[len(values) // 2] for values in (here[root], real[root]))
        assert abs(ours - theirs) < 4, root


def test_the_page_says_so_when_there_is_nothing_to_compare_with(files: Any) -> None:
    text = calibration.page(files, 8_000, None)
    assert "Not compared" in text
    assert "| day-1 retention of the registered | 12 % |" in text
