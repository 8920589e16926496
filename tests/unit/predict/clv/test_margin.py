"""Margin if they stay: shrinkage, and a purchase at least."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest

from liuke.predict.clv import BgNbd, MarginModel, PurchaseSummary, expected_margin_if_staying, summarise


def summary(frequency, margin, recency=None, T=None) -> PurchaseSummary:
    frequency = np.asarray(frequency, dtype=float)
    recency = np.where(frequency > 0, 50.0, 0.0) if recency is None else np.asarray(recency, dtype=float)
    return PurchaseSummary(
        np.arange(frequency.size, dtype=np.int64),
        frequency,
        recency,
        np.full(frequency.size, 90.0) if T is None else np.asarray(T, dtype=float),
        np.asarray(margin, dtype=float),
    )


def test_a_summary_counts_days_not_orders():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE purchases(customer_id BIGINT, occurred_on DATE, margin_minor BIGINT)")
    connection.execute("""INSERT INTO purchases VALUES
        (2, '2025-01-10', 100), (2, '2025-01-10', 300), (2, '2025-01-30', 200),
        (1, '2025-02-01', -50), (3, '2025-03-01', 999)""")
    got = summarise(SimpleNamespace(as_of=date(2025, 3, 1), connection=connection))
    assert got.customer_id.tolist() == [1, 2]
    assert got.frequency.tolist() == [0, 1]
    assert got.recency_days.tolist() == [0, 20]
    assert got.T_days.tolist() == [28, 50]
    assert got.mean_margin_minor.tolist() == [-50, 300]
    assert got.since_last_days.tolist() == [28, 30]


def test_one_lucky_order_moves_less_than_a_long_record():
    rng = np.random.default_rng(0)
    frequency = rng.integers(0, 20, 2000)
    true = rng.normal(1000, 200, 2000)
    margin = true + rng.normal(0, 600, 2000) / np.sqrt(frequency + 1)
    model = MarginModel.fit(summary(frequency, margin))
    once, often = model.per_purchase_day(summary([0, 19], [1800, 1800]))
    assert model.mean_minor < once < often < 1800
    shrunk = model.per_purchase_day(summary(frequency, margin))
    n = frequency + 1
    best = (n * margin + 9 * 1000) / (n + 9)  # Buehlmann's k = within / between = 600^2 / 200^2 = 9
    assert np.mean((shrunk - true) ** 2) < 1.15 * np.mean((best - true) ** 2) < np.mean((margin - true) ** 2)


def test_if_they_stay_they_buy_at_least_once():
    history = summary([0, 0, 8], [500, 500, 500], recency=[0, 0, 80])
    model = BgNbd().fit(history.frequency, history.recency_days, history.T_days)
    margins = MarginModel.fit(history)
    short = expected_margin_if_staying(history, model, margins, 1)
    long = expected_margin_if_staying(history, model, margins, 60)
    assert short == pytest.approx(margins.per_purchase_day(history))
    assert (long >= short).all()
    assert long[2] > long[0]


def test_losses_and_one_price_shops_stay_finite():
    for margins in ([-100, -100, -100], [0, 0, 0], [700, 700, 700]):
        history = summary([0, 1, 2], margins)
        values = MarginModel.fit(history).per_purchase_day(history)
        assert values.tolist() == [max(margins[0], 0)] * 3
    assert MarginModel.fit(summary([], [])).mean_minor == 0
