"""One model against another: beyond chance and by a size that matters; a value lies in its interval."""

import numpy as np
import pytest

from liuke.kernel.results import Estimate
from liuke.predict.evaluation import bootstrap_auroc_difference, judge_amounts, rmse_gain, standing


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ((-0.003, -0.004, -0.002), "same"),  # beyond chance, and a thousandth of what matters
        ((0.003, 0.002, 0.004), "same"),
        ((-5, -8, -2), "worse"),
        ((5, 2, 8), "better"),
        ((5, -1, 11), "same"),
        ((-5, -11, 1), "same"),
        ((0, 0, 0), "same"),
        ((float("nan"),) * 3, "same"),
    ],
)
def test_a_difference_counts_beyond_chance_and_from_a_size_on(gain, said):
    assert standing(Estimate(*gain, 0.95, 1000), least=1.0) == said


def test_an_estimate_lies_within_its_interval_whatever_the_resamples_say():
    rng, checked = np.random.default_rng(0), 0
    for seed in range(20):
        n = int(rng.integers(5, 40))
        actual = rng.lognormal(0, 3, n) * (rng.random(n) < 0.3)
        predicted, other = rng.lognormal(0, 1, n), rng.lognormal(0, 1, n)
        score = judge_amounts("m", actual, predicted, np.random.default_rng(seed), replicates=5)
        churned = (rng.random(n) < 0.5).astype(float)
        churned[:2] = 0, 1
        found = [score.mae, score.rmse, score.bias, rmse_gain(actual, predicted, other, np.random.default_rng(seed), 5)]
        found.append(bootstrap_auroc_difference(churned, predicted, other, np.random.default_rng(seed), 5))
        for one in found:
            if not np.isnan([one.value, one.low, one.high]).any():
                assert one.low <= one.value <= one.high
                checked += 1
    assert checked > 60
