"""A verdict says its interval in the unit that an operator reads: percentage points, or money."""

from __future__ import annotations

import pytest

from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.contracts import Verdict
from liuke.learn.experiments.verdict import Evidence, judge
from liuke.learn.inference import Difference


def evidence(low: float, high: float, *, share: bool) -> Evidence:
    found = Difference((low + high) / 2, low, high, 0.95, 0.5)
    return Evidence(500, 500, 0, 400, 0.5, found, worthwhile=0.02 if share else 200.0, share=share, currency="CNY")


@pytest.mark.parametrize(
    ("low", "high", "share", "verdict", "zh", "en"),
    [
        (-0.0216, 0.1575, True, Verdict.TOO_EARLY, "区间 −2.2 至 +15.8 个百分点", "−2.2 to +15.8 percentage points"),
        (-2691.4, 1813.0, False, Verdict.TOO_EARLY, "区间 −¥26.91 至 +¥18.13 ", "−¥26.91 to +¥18.13,"),
        (0.011, 0.04, True, Verdict.WORKS, "+1.1 至 +4.0 个百分点 全部大于 0", "+1.1 to +4.0 percentage points"),
        (-0.01, 0.01, True, Verdict.DOES_NOT_WORK, "最小提升 +2.0 个百分点", "worth acting on, +2.0 percentage points"),
    ],
)
def test_the_interval_is_said_in_its_unit(low, high, share, verdict, zh, en):
    word, said_zh, said_en = judge(evidence(low, high, share=share), ExperimentSettings())
    assert word == verdict
    assert zh in said_zh
    assert en in said_en
