"""The family of purchase models: published fits, brute force, and the contract that all of them keep."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from liuke.predict.clv import BgNbd, GammaGamma, MbgNbd, ParetoNbd, PurchaseModel, PurchaseSummaryError
from liuke.predict.clv.models.pareto_nbd import _log_integral

PUBLISHED = {
    BgNbd: (0.243, 4.414, 0.793, 2.426),
    MbgNbd: (0.525, 6.183, 0.891, 1.614),
    ParetoNbd: (0.553, 10.578, 0.606, 11.669),
}
FITTED = {
    BgNbd: ((0.2426, 4.4136, 0.7929, 2.4259), -9582.43),
    MbgNbd: ((0.5248, 6.1831, 0.8914, 1.6140), None),
    ParetoNbd: ((0.5533, 10.578, 0.6062, 11.668), -9594.98),
}
HELD_OUT = {
    BgNbd: (0.7855, 1.608, -0.122, 0.626),
    MbgNbd: (0.7648, 1.607, -0.162, 0.627),
    ParetoNbd: (0.7545, 1.603, -0.115, 0.630),
}
"""Mean absolute error, root mean squared error, bias of the total, correlation."""
MODELS = list(PUBLISHED)
HISTORIES = [(0, 0.0, 0.0), (0, 0.0, 38.86), (1, 3.0, 20.0), (2, 30.43, 38.86), (26, 36.0, 38.0), (250, 36.0, 38.0)]


def published(kind: type) -> PurchaseModel:
    return kind().set_parameters(*PUBLISHED[kind])


@pytest.mark.parametrize("kind", MODELS)
def test_the_published_fit_of_cdnow(kind, cdnow_weeks):
    model = kind().fit(*cdnow_weeks.history)
    parameters, log_likelihood = FITTED[kind]
    assert model.parameters == pytest.approx(parameters, rel=1e-3)
    if log_likelihood is not None:
        assert model.log_likelihood_ == pytest.approx(log_likelihood, abs=0.01)


@pytest.mark.parametrize("kind", MODELS)
def test_the_known_errors_on_the_second_half_of_cdnow(kind, cdnow_weeks):
    expected = kind().fit(*cdnow_weeks.history).conditional_expected_purchases(39, *cdnow_weeks.history)
    actual = cdnow_weeks.held_out
    assert actual.sum() == 1882
    mae, rmse, bias, correlation = HELD_OUT[kind]
    assert np.abs(expected - actual).mean() == pytest.approx(mae, abs=1e-4)
    assert np.sqrt(((expected - actual) ** 2).mean()) == pytest.approx(rmse, abs=1e-3)
    assert expected.sum() / actual.sum() - 1 == pytest.approx(bias, abs=1e-3)
    assert np.corrcoef(expected, actual)[0, 1] == pytest.approx(correlation, abs=1e-3)


def test_the_published_gamma_gamma_of_cdnow(cdnow_weeks):
    repeaters = (cdnow_weeks.frequency > 0) & (cdnow_weeks.mean_repeat_spend > 0)
    assert repeaters.sum() == 946
    model = GammaGamma().fit(cdnow_weeks.frequency[repeaters], cdnow_weeks.mean_repeat_spend[repeaters])
    assert (model.p_, model.q_, model.v_) == pytest.approx((6.25, 3.744, 15.444), abs=2e-3)


def lives(kind: type, rng: np.random.Generator, n: int, T: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Live through T as the model tells the story, purchase by purchase."""
    first, second, third, fourth = PUBLISHED[kind]
    x, t_x = np.zeros(n), np.zeros(n)
    for i in range(n):
        rate, now = rng.gamma(first, 1 / second), 0.0
        if kind is ParetoNbd:
            end, leave = rng.exponential(1 / max(rng.gamma(third, 1 / fourth), 1e-300)), 0.0
        else:
            end, leave = np.inf, rng.beta(third, fourth)
        if kind is MbgNbd and rng.random() < leave:
            continue
        while True:
            now += rng.exponential(1 / rate)
            if now > min(T, end):
                break
            x[i], t_x[i] = x[i] + 1, now
            if rng.random() < leave:
                break
    return x, t_x, np.full(n, T)


@pytest.mark.parametrize("kind", MODELS)
def test_expectation_and_silence_are_those_of_lives(kind):
    model, rng = published(kind), np.random.default_rng(5)
    x, _, _ = lives(kind, rng, 12_000, 40.0)
    standard_error = x.std() / np.sqrt(len(x))
    assert float(model.expected_purchases(40.0)) == pytest.approx(x.mean(), abs=4 * standard_error)
    silent = (x == 0).mean()
    assert float(model.probability_no_purchase(40.0, 0, 0, 0)) == pytest.approx(silent, abs=4 * 0.5 / np.sqrt(len(x)))


@pytest.mark.parametrize("kind", MODELS)
def test_the_past_matters_as_in_lives(kind):
    """Customers are followed for 60 weeks; what they did by week 30 predicts what they do afterwards."""
    model, rng, n = published(kind), np.random.default_rng(11), 15_000
    x, t_x, _ = lives(kind, rng, n, 30.0)
    drawn = model.simulate(rng, 30.0, x, t_x, np.full(n, 30.0))
    x_60, _, _ = lives(kind, rng, n, 60.0)
    noise = np.sqrt((x + drawn).var() / n + x_60.var() / n)
    assert (x + drawn).mean() == pytest.approx(x_60.mean(), abs=4 * noise)
    silent = model.probability_no_purchase(30.0, x, t_x, np.full(n, 30.0))
    assert silent.mean() == pytest.approx((drawn == 0).mean(), abs=4 * 0.5 / np.sqrt(n))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(("x", "t_x", "T"), HISTORIES)
def test_draws_have_the_expected_mean_and_silence(kind, x, t_x, T):
    model, n = published(kind), 60_000
    drawn = model.simulate(np.random.default_rng(3), 39.0, np.full(n, x), np.full(n, t_x), np.full(n, T))
    expected = float(model.conditional_expected_purchases(39.0, x, t_x, T))
    assert drawn.mean() == pytest.approx(expected, abs=5 * drawn.std() / np.sqrt(n) + 1e-9)
    silent = float(model.probability_no_purchase(39.0, x, t_x, T))
    assert (drawn == 0).mean() == pytest.approx(silent, abs=5 * 0.5 / np.sqrt(n))


@pytest.mark.parametrize(("A", "B"), [(10.6, 11.7), (11.7, 10.6), (3.0, 300.0), (300.0, 3.0), (5.0, 5.0)])
@pytest.mark.parametrize("R", [0.55, 3.0, 40.0])
def test_the_integral_over_moments_of_leaving(A, B, R):
    s, low, high = 0.6, 2.0, 30.0
    brute, _ = quad(lambda u: (A + u) ** -R * (B + u) ** -(s + 1), low, high, epsabs=0, epsrel=1e-11)
    ours = _log_integral(np.array(R), s, A, B, np.array(low), np.array(high))
    assert float(ours) == pytest.approx(np.log(brute), abs=1e-8)


@pytest.mark.parametrize("kind", MODELS)
def test_time_may_be_in_any_unit(kind):
    x, t_x, T = lives(kind, np.random.default_rng(2), 600, 40.0)
    weeks, days = kind().fit(x, t_x, T), kind().fit(x, 7 * t_x, 7 * T)
    assert days.parameters[0] == pytest.approx(weeks.parameters[0], rel=1e-3)
    assert days.parameters[1] == pytest.approx(7 * weeks.parameters[1], rel=1e-3)
    assert days.conditional_expected_purchases(70, 2, 70, 210) == pytest.approx(
        weeks.conditional_expected_purchases(10, 2, 10, 30), rel=1e-3
    )


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("x", "t_x", "T"),
    [
        ([0, 0, 0], [0, 0, 0], [10, 20, 30]),  # nobody ever came back
        ([5, 5, 5], [30, 30, 30], [30, 30, 30]),  # everybody alike
        ([0], [0], [0]),  # one customer, bought today
        ([400, 0], [700, 0], [701, 701]),  # one reseller
        ([1, 2], [0.001, 0.002], [9000, 9000]),  # all gone long ago
    ],
)
def test_odd_shops_give_finite_answers_from_every_model(kind, x, t_x, T):
    model = kind().fit(x, t_x, T)
    expected = model.conditional_expected_purchases(30, x, t_x, T)
    silent = model.probability_no_purchase(30, x, t_x, T)
    assert np.isfinite(expected).all()
    assert (expected >= 0).all()
    assert ((silent >= 0) & (silent <= 1)).all()
    assert np.isfinite(model.simulate(np.random.default_rng(1), 30.0, x, t_x, T)).all()


@pytest.mark.parametrize("kind", MODELS)
def test_contradictions_are_refused_by_every_model(kind):
    with pytest.raises(PurchaseSummaryError, match="1 customers contradict"):
        kind().fit([1, 1], [5, 50], [30, 30])


def test_gamma_gamma_recovers_and_shrinks():
    rng = np.random.default_rng(8)
    n, p, q, v = 6000, 4.0, 5.0, 30.0
    x = rng.integers(1, 9, n)
    rate = rng.gamma(q, 1 / v, n)
    mean = rng.gamma(p * x, 1 / (rate * x))
    model = GammaGamma().fit(x, mean)
    assert model.parameters == pytest.approx((p, q, v), rel=0.15)
    shop = float(model.expected_spend(0, 0))
    assert shop == pytest.approx(p * v / (q - 1), rel=0.05)
    few, many = model.expected_spend([1, 40], [3 * shop, 3 * shop])
    assert shop < few < many < 3 * shop
    with pytest.raises(PurchaseSummaryError, match="above zero"):
        GammaGamma().fit([1, 2], [5.0, 0.0])
