"""Variants differ from the plain shop in what their names say, and a version of the generator means the same shop."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from liuke_sim import VARIANTS, VERSION, DirtConfig, Shop
from liuke_sim.customers import draw_customers

PURCHASES_BY_VERSION = {"1": "2a4f5097be9bfb13"}
"""Of the tiny shop with seed 1, by version. Never change an entry: a generator that sells other things is a new
version, with a line in the changelog."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop.generate(VARIANTS["tiny"], seed=1)
    shop.write_history(tmp_path_factory.mktemp("tiny"), until=shop.config.end)
    return shop


def test_a_version_of_the_generator_sells_the_same_things(tiny: Shop) -> None:
    table = tiny.purchases()
    numbers = np.stack([table[name].to_numpy() for name in ("customer", "order_no", "net_minor", "margin_minor")])
    assert hashlib.sha256(numbers.astype("<i8").tobytes()).hexdigest()[:16] == PURCHASES_BY_VERSION[VERSION]


def test_the_truth_names_the_version(tiny: Shop, tmp_path: Path) -> None:
    written = tiny.write_truth(tmp_path)
    assert written
    for path in written:
        marks = pyarrow.parquet.read_schema(str(path)).metadata
        assert marks[b"liuke_sim"].decode() == VERSION
        assert (marks[b"variant"], marks[b"seed"]) == (b"tiny", b"1")


def test_the_names_stand_for_configurations() -> None:
    assert set(VARIANTS) == {"plain", "noisy", "drifting", "misspecified", "tiny", "no_effect"}
    assert all(name == config.name for name, config in VARIANTS.items())
    assert VARIANTS["no_effect"].response.strength == 0
    usual, noisy = DirtConfig(), VARIANTS["noisy"].dirt
    assert noisy.address_errors > usual.address_errors
    assert noisy.bad_dates > usual.bad_dates
    assert VARIANTS["noisy"].visits.noise > 0
    assert VARIANTS["noisy"].purchases.lapse > 0
    assert VARIANTS["noisy"].leaving.half_life_weeks < VARIANTS["plain"].leaving.half_life_weeks


def test_misspecified_customers_have_heavier_tails() -> None:
    def tail(name: str) -> float:
        config = VARIANTS[name]
        rate = draw_customers(config, 5, 0, 0, 20_000).visit_rate
        return float(np.quantile(rate, 0.99) / np.median(rate))

    assert tail("misspecified") > 2 * tail("plain")


def orders_a_month(name: str, folder: Path) -> tuple[int, int]:
    """Return the purchases of November and of August; the second is long after the first, and both without a 618."""
    config = replace(VARIANTS[name], customers=1_500, weeks=0)
    shop = Shop.generate(config, seed=5)
    shop.write_history(folder / name)
    days = shop.purchases()["occurred_on"].to_pylist()
    early = sum(date(2024, 10, 1) <= day < date(2024, 11, 1) for day in days)
    late = sum(date(2025, 8, 1) <= day < date(2025, 9, 1) for day in days)
    return early, late


def test_the_drifting_shop_changes_over_the_calendar(tmp_path: Path) -> None:
    (early, late), (plain_early, plain_late) = (orders_a_month(name, tmp_path) for name in ("drifting", "plain"))
    assert early == pytest.approx(plain_early, rel=0.12), "in the beginning both are alike"
    assert late < 0.9 * plain_late
