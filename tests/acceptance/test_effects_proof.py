"""The proof that measured effects are true notices what it has to: a planted bug, and each bar that is missed."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def proof(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("prove_effects")


def rows(proof: ModuleType, shops: int, *, low: float, high: float, missed: float = 0.05, width: float = 1.0) -> list:
    """Two strategies, two metrics, `shops` times: this share of the intervals lies beside the truth."""
    made = []
    for shop in range(shops):
        shift = (high - low) * 2 * (-1) ** shop if shop < missed * shops else 0.0
        for strategy, truth in (("coupon", (low + high) / 2), ("nothing", 0.0)):
            middle = truth + shift
            half = (high - low) / 2
            for metric in ("repurchase", "margin"):
                made.append(proof.Row(strategy, metric, "fixed", middle, middle - half, middle + half, truth, width))
    return made


def test_good_intervals_pass(proof: ModuleType) -> None:
    score = proof.Score.of(200, rows(proof, 200, low=0.01, high=0.05))
    assert score.coverage == pytest.approx(0.95)
    assert score.failures() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"missed": 0.10}, "coverage 90.0%"),
        ({"missed": 0.0}, "coverage 100.0%"),
        ({"missed": 0.075}, "false positives of the strategy without effect 7.5%"),
        ({"width": 1.21}, "1.21 times as wide"),
    ],
)
def test_each_bar_can_be_missed(proof: ModuleType, changed: dict[str, float], said: str) -> None:
    failures = proof.Score.of(200, rows(proof, 200, low=0.01, high=0.05, **changed)).failures()
    assert any(said in one for one in failures), failures


def test_few_shops_are_not_failed_by_luck(proof: ModuleType) -> None:
    assert proof.Score.of(10, rows(proof, 10, low=0.01, high=0.05, missed=0.1)).failures() == []


def test_a_bug_that_nobody_notices_fails_the_proof(proof: ModuleType) -> None:
    good = proof.Score.of(200, rows(proof, 200, low=0.01, high=0.05))
    [failure] = proof.Proof("planted", good, good, good, 1.0).verdicts()
    assert "planted bug was not noticed" in failure


def test_control_that_includes_treated_is_noticed_in_real_shops(proof: ModuleType) -> None:
    jobs = [proof.Job(1_700_000 + shop, 3_000, strong=True, control_share=0.1, planted=True) for shop in range(6)]
    results, _ = proof.run(jobs, 2, lambda _: None)
    assert proof.pooled(results).failures() == []
    assert proof.pooled(results, "planted").failures() != []
    assert proof.pooled(results, "planted").mean_error < -1, "the bug hides effects; it does not invent them"
    truths = proof.pooled(results).mean_truth
    assert truths["coupon", "repurchase"] > 0.03, "a strong effect, or there is nothing to hide"
    assert truths["nothing", "repurchase"] == truths["nothing", "margin"] == 0.0
