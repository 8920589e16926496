"""Published numbers of other engines come out of ours."""

import numpy as np
import pytest

from liuke.learn.inference import InferenceError, Moments, proportions, sample_ratio_p, welch


def moments(values) -> Moments:
    values = np.asarray(values, dtype=float)
    return Moments(len(values), float(values.sum()), float((values**2).sum()))


def test_welch_agrees_with_growthbook():
    # growthbook/growthbook packages/stats/tests/frequentist/test_tests.py
    control, treated = Moments(3407, 1396.87, 52377.9767), Moments(3461, 2422.7, 134698.29)
    d = welch(treated, control)
    assert round(d.value, 2) == 0.29
    assert (round(d.low, 5), round(d.high, 5), round(d.p_value, 5)) == (0.04538, 0.53462, 0.02016)


@pytest.mark.parametrize(("counts", "p"), [([1000, 1200], 0.000020079), ([135, 115], 0.205903211)])
def test_sample_ratio_agrees_with_growthbook(counts, p):
    # growthbook/growthbook packages/back-end/test/stats.test.ts
    assert sample_ratio_p(counts, [0.5, 0.5]) == pytest.approx(p, abs=5e-10)


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [  # Newcombe (1998), table II, method 10
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0),
        (0, 10, 0, 20, -0.1611, 0.2775),
    ],
)
def test_proportions_agree_with_newcombe(a, m, b, n, low, high):
    d = proportions(Moments(m, a, a), Moments(n, b, b))
    assert (round(d.low, 4), round(d.high, 4)) == (low, high)


def test_sums_of_parts_are_the_sum_of_the_whole():
    rng = np.random.default_rng(7)
    values = rng.lognormal(3, 1, 500)
    whole, parts = moments(values), moments(values[:123]) + moments(values[123:])
    assert parts.n == whole.n
    assert parts.mean == pytest.approx(values.mean())
    assert parts.variance == pytest.approx(values.var(ddof=1))


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(400):
        treated, control = moments(rng.normal(1.3, 2, 60)), moments(rng.normal(1, 1, 40))
        d = welch(treated, control)
        hits += d.low <= 0.3 <= d.high
    assert 0.92 <= hits / 400 <= 0.98


def test_too_few_units_is_an_error_with_a_hint():
    with pytest.raises(InferenceError, match="1 and 5") as caught:
        welch(Moments(1, 1, 1), Moments(5, 1, 1))
    assert caught.value.hint


def test_identical_constant_arms_do_not_differ():
    assert welch(Moments(5, 10, 20), Moments(5, 10, 20)).p_value == 1.0


def test_shares_that_are_no_shares_are_refused():
    with pytest.raises(InferenceError):
        sample_ratio_p([1, 2], [1.0])
    with pytest.raises(InferenceError):
        sample_ratio_p([1, 2], [1.0, 0.0])
