"""BG/NBD against the literature, against brute force, and on shops that break naive code."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

from liuke.predict.clv import BgNbd, PurchaseSummaryError

CALIBRATION_END = date(1997, 9, 30)


@pytest.fixture(scope="module")
def cdnow(data_dir: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    days: dict[str, set[date]] = defaultdict(set)
    with gzip.open(data_dir / "cdnow" / "cdnow_sample.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            day = datetime.strptime(row["date"], "%Y%m%d").date()
            if day <= CALIBRATION_END:
                days[row["customer_id"]].add(day)
    weeks = [sorted(d) for d in days.values()]
    return (
        np.array([len(d) - 1 for d in weeks], dtype=float),
        np.array([(d[-1] - d[0]).days / 7 for d in weeks]),
        np.array([(CALIBRATION_END - d[0]).days / 7 for d in weeks]),
    )


def fixed(r: float, alpha: float, a: float, b: float) -> BgNbd:
    model = BgNbd()
    model.r_, model.alpha_, model.a_, model.b_ = r, alpha, a, b
    return model


@pytest.fixture(scope="module")
def published() -> BgNbd:
    return fixed(0.2426, 4.4136, 0.7929, 2.4259)


def simulate(rng: np.random.Generator, n: int, r: float, alpha: float, a: float, b: float, T: float) -> tuple:
    frequency, recency = np.zeros(n), np.zeros(n)
    for i in range(n):
        rate, leave, now = rng.gamma(r, 1 / alpha), rng.beta(a, b), 0.0
        gone = False
        while not gone:  # one may leave after each repeat purchase, not after the first
            now += rng.exponential(1 / rate)
            if now > T:
                break
            frequency[i] += 1
            recency[i] = now
            gone = rng.random() < leave
    return frequency, recency, np.full(n, T)


def test_the_published_fit_of_cdnow(cdnow):
    model = BgNbd().fit(*cdnow)
    assert (model.r_, model.alpha_, model.a_, model.b_) == pytest.approx((0.2426, 4.4136, 0.7929, 2.4259), abs=5e-4)
    assert model.log_likelihood_ == pytest.approx(-9582.43, abs=0.01)
    assert model.conditional_expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)


def test_the_fit_does_not_depend_on_the_unit_of_time(cdnow):
    x, t_x, T = cdnow
    weeks, days = BgNbd().fit(x, t_x, T), BgNbd().fit(x, 7 * t_x, 7 * T)
    assert days.alpha_ == pytest.approx(7 * weeks.alpha_, rel=1e-4)
    assert days.r_ == pytest.approx(weeks.r_, rel=1e-4)


def test_published_expectations(published):
    expected = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert published.expected_purchases([0.1429, 1, 3, 31.8571, 32, 78]) == pytest.approx(expected, abs=5e-4)
    assert published.conditional_expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=1e-3)


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0.0, 20.0), (1, 3.0, 20.0), (4, 18.0, 20.0), (3, 20.0, 20.0)])
def test_the_likelihood_is_the_average_over_rates_and_drop_out(x, t_x, T):
    r, alpha, a, b = 0.8, 6.0, 0.9, 2.1
    nodes, weights = np.polynomial.legendre.leggauss(600)
    share, weight = (nodes + 1) / 2, weights / 2  # over the quantiles of rate and drop-out, so no density is needed
    lam, p = np.meshgrid(gamma_distribution.ppf(share, r, scale=1 / alpha), beta_distribution.ppf(share, a, b))
    alive = (1 - p) ** x * lam**x * np.exp(-lam * T)  # equation 4 of the paper: one customer's likelihood
    left = p * (1 - p) ** (x - 1) * lam**x * np.exp(-lam * t_x) if x > 0 else 0.0
    brute = float(weight @ (alive + left) @ weight)
    assert fixed(r, alpha, a, b).log_likelihood([x], [t_x], [T]) == pytest.approx(np.log(brute), abs=1e-5)


@pytest.mark.parametrize("a", [0.3, 0.999999999, 1.0, 2.5])
@pytest.mark.parametrize(("x", "t_x", "T", "t"), [(0, 0, 0, 50), (0, 0, 38, 39), (2, 30, 38, 39), (250, 36, 38, 39)])
def test_the_expectation_is_the_average_over_drop_out(a, x, t_x, T, t):
    model = fixed(0.25, 4.4, a, 2.4)
    # given alive, p ~ beta(a, b + x) and purchases follow until the first "leave"
    share = beta_distribution(a, 2.4 + x)
    mean, _ = quad(
        lambda p: (1 - (1 + p * t / (4.4 + T)) ** -(0.25 + x)) / p * share.pdf(p), 0, 1, limit=400, points=[1e-3]
    )
    expected = model.probability_alive(x, t_x, T) * mean
    assert model.conditional_expected_purchases(t, x, t_x, T) == pytest.approx(float(expected), rel=2e-3)


def test_it_recovers_the_parameters_of_a_generated_shop():
    rng = np.random.default_rng(7)
    frequency, recency, T = simulate(rng, 4000, 0.9, 12.0, 1.0, 4.0, 60.0)
    model = BgNbd().fit(frequency, recency, T)
    assert (model.r_, model.alpha_) == pytest.approx((0.9, 12.0), rel=0.15)
    assert model.a_ / (model.a_ + model.b_) == pytest.approx(0.2, abs=0.03)


def test_a_step_away_from_the_fit_is_worse():
    rng = np.random.default_rng(3)
    data = simulate(rng, 800, 0.9, 12.0, 1.0, 4.0, 60.0)
    model = BgNbd().fit(*data)
    for name in ("r_", "alpha_", "a_", "b_"):
        for factor in (0.97, 1.03):
            other = fixed(model.r_, model.alpha_, model.a_, model.b_)
            setattr(other, name, getattr(model, name) * factor)
            assert other.log_likelihood(*data) < model.log_likelihood_


def test_silence_is_the_complement_of_buying_and_grows_with_the_gap(published):
    gaps = published.probability_no_purchase(13, 3, np.array([38.0, 30.0, 20.0, 10.0]), 38.0)
    assert (np.diff(gaps) > 0).all()
    gone = 1 - published.probability_alive(3, 10, 38)
    assert published.probability_no_purchase(1e12, 3, 10, 38) == pytest.approx(gone)
    assert published.probability_no_purchase(0, 3, 10, 38) == 1
    # a one-time buyer counts as alive, but not as safe
    assert published.probability_alive(0, 0, 38) == 1
    assert published.probability_no_purchase(13, 0, 0, 38) > 0.9


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
def test_odd_shops_give_finite_answers(x, t_x, T):
    model = BgNbd().fit(x, t_x, T)
    expected = model.conditional_expected_purchases(30, x, t_x, T)
    silent = model.probability_no_purchase(30, x, t_x, T)
    assert np.isfinite(expected).all()
    assert (expected >= 0).all()
    assert ((silent >= 0) & (silent <= 1)).all()


def test_impossible_histories_are_refused():
    with pytest.raises(PurchaseSummaryError, match="1 customers contradict"):
        BgNbd().fit([1, 1], [5, 50], [30, 30])
    with pytest.raises(PurchaseSummaryError, match="equally long"):
        BgNbd().fit([], [], [])
