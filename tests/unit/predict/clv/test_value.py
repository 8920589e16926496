"""What a year with a customer is worth, and whether the interval of a group's total holds what comes."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.predict.clv import BgNbd, PurchaseSummary, lifetime_value, log_parameter_covariance, total_value


def shop(rng: np.random.Generator, n: int, days: float) -> PurchaseSummary:
    """A shop that lives as BG/NBD says, in days."""
    x, t_x, T = np.zeros(n), np.zeros(n), rng.uniform(30, days, n)
    rate, leave = rng.gamma(0.9, 1 / 40, n), rng.beta(1.0, 5.0, n)
    for i in range(n):
        now = 0.0
        while (now := now + rng.exponential(1 / rate[i])) <= T[i]:
            x[i], t_x[i] = x[i] + 1, now
            if rng.random() < leave[i]:
                break
    return PurchaseSummary(np.arange(n), x, t_x, T, np.full(n, 1000.0))


@pytest.fixture(scope="module")
def known() -> tuple[PurchaseSummary, BgNbd, np.ndarray]:
    summary = shop(np.random.default_rng(1), 1500, 400.0)
    model = BgNbd().fit(summary.frequency, summary.recency_days, summary.T_days)
    return summary, model, np.full(len(summary), 1000.0)


def test_without_discount_it_is_purchases_times_margin(known):
    summary, model, margin = known
    history = (summary.frequency, summary.recency_days, summary.T_days)
    plain = lifetime_value(summary, model, margin, 200, annual_discount=0.0)
    assert plain == pytest.approx(1000.0 * model.conditional_expected_purchases(200.0, *history))
    discounted = lifetime_value(summary, model, margin, 365, annual_discount=0.10)
    undiscounted = lifetime_value(summary, model, margin, 365, annual_discount=0.0)
    assert (discounted < undiscounted).all()
    assert discounted.sum() / undiscounted.sum() > 1 / 1.10


def test_the_interval_holds_what_comes_in_nine_of_ten_shops():
    truth = BgNbd().set_parameters(0.9, 40.0, 1.0, 5.0)
    inside = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        summary = shop(rng, 250, 300.0)
        history = (summary.frequency, summary.recency_days, summary.T_days)
        model = BgNbd().fit(*history)
        margin = np.full(len(summary), 1000.0)
        covariance = log_parameter_covariance(model, summary)
        estimate = total_value(
            summary, model, margin, rng, covariance=covariance, horizon_days=180, annual_discount=0.0, level=0.9
        )
        came = truth.simulate(rng, 180.0, *history).sum() * 1000.0
        inside.append(estimate.low <= came <= estimate.high)
    assert 0.80 <= np.mean(inside) <= 0.99


def test_doubt_about_the_model_widens_the_interval(known):
    summary, model, margin = known
    covariance = log_parameter_covariance(model, summary)
    assert (np.linalg.eigvalsh(covariance) >= -1e-12).all()
    chance = total_value(summary, model, margin, np.random.default_rng(0))
    both = total_value(summary, model, margin, np.random.default_rng(0), covariance=covariance)
    assert both.value == chance.value
    assert both.high - both.low > chance.high - chance.low
    assert (
        total_value(summary.take(np.zeros(len(summary), dtype=bool)), model, margin[:0], np.random.default_rng(0)).n
        == 0
    )
