from __future__ import annotations

import numpy as np
import pytest

from liuke.predict.evaluation import Calibrator, brier_score, fit_calibrator


def boastful(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, outcomes, and a score that exaggerates."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.05, 0.95, n)
    y = (rng.random(n) < truth).astype(float)
    odds = (truth / (1 - truth)) ** 3
    return truth, y, odds / (1 + odds)


@pytest.mark.parametrize(("n", "kind"), [(300, "platt"), (6000, "isotonic")])
def test_exaggeration_is_taken_back(n, kind):
    _, y, score = boastful(n, 1)
    calibrator = fit_calibrator(y, score)
    assert calibrator.kind == kind
    truth, other, raw = boastful(20_000, 2)
    assert np.abs(calibrator(raw) - truth).mean() < 0.04
    assert brier_score(other, calibrator(raw)) < brier_score(other, raw)


@pytest.mark.parametrize("n", [300, 6000])
def test_order_is_kept_and_the_file_form_gives_the_same(n):
    _, y, score = boastful(n, 4)
    calibrator = fit_calibrator(y, score)
    grid = np.linspace(0, 1, 500)
    assert (np.diff(calibrator(grid)) >= 0).all()
    assert (Calibrator.from_dict(calibrator.to_dict())(grid) == calibrator(grid)).all()


def test_a_score_the_wrong_way_round_is_flattened_not_reversed():
    _, y, score = boastful(400, 5)
    assert np.ptp(fit_calibrator(y, 1 - score)(np.linspace(0.01, 0.99, 9))) < 0.05


@pytest.mark.parametrize(("y", "expected"), [([1] * 40, 41 / 42), ([0] * 40, 1 / 42), ([1, 0], 0.5)])
def test_without_contrast_it_gives_the_smoothed_base_rate(y, expected):
    calibrator = fit_calibrator(y, np.full(len(y), 0.7))
    assert calibrator.kind == "constant"
    assert calibrator([0.1, 0.9]) == pytest.approx([expected, expected])


def test_nobody_is_certain():
    y = np.repeat([0.0, 1.0], 3000)
    probabilities = fit_calibrator(y, np.where(y == 1, 0.99, 0.01))([0.0, 1.0])
    assert 0 < probabilities.min() < probabilities.max() < 1


def test_calibration_leaves_the_order_alone():
    rng = np.random.default_rng(6)
    p = rng.uniform(0.1, 0.98, 6000)
    y = (rng.random(6000) < p**2).astype(float)
    calibrator = fit_calibrator(y, p)
    assert calibrator.kind == "isotonic"
    assert (np.diff(calibrator(np.sort(p))) > 0).all()
