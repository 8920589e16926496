"""The benchmark of tags still runs, at a small scale: the product's plan and SQL by hand give the same 119 columns."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("tags_build")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def shop(bench, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    bench.generate(folder, 2_000, {"events": 60_000}, 12_000)
    return folder


@pytest.fixture(scope="module")
def product(bench, shop):
    cost = bench.one_way("product", shop, "events", shop / "product.parquet")
    assert (cost["rows"], cost["columns"]) == (2_000, bench.COLUMNS)
    assert cost["cpu_s"] > 0
    assert 0 < cost["gib"] < bench.BAR_GIB
    return shop / "product.parquet"


@pytest.mark.parametrize("way", ["sparse", "wide", "polars"])
def test_other_ways_give_the_same_columns(bench, shop, product, way):
    if way == "polars":
        pytest.importorskip("polars", reason="optional: polars is not installed")
    theirs = shop / f"{way}.parquet"
    bench.one_way(way, shop, "events", theirs)
    found = bench.differing(product, theirs)
    assert len(found) == bench.COLUMNS
    assert {name: n for name, n in found.items() if n} == {}


def test_a_difference_is_noticed(bench, shop, product):
    other = shop / "other.parquet"
    bench.duckdb.sql(
        f"COPY (SELECT * REPLACE (search_7d + 1 AS search_7d, worth_30 * (1 + 1e-6) AS worth_30) FROM '{product}') "
        f"TO '{other}' (FORMAT parquet)"
    )
    found = bench.differing(product, other)
    assert found["search_7d"] == 2_000
    assert 0 < found["worth_30"] <= 2_000
    assert found["search_30d"] == 0


def test_a_few_customers_get_what_the_full_build_gives_them(bench, shop, product):
    few = bench.a_few(shop, rounds=1)
    assert few["customers"] == bench.FEW
    assert sum(bench.differing(shop / "few.parquet", product).values()) == 0


def test_the_page_names_figures_and_bars(bench):
    run = {"wall_s": 2.0, "cpu_s": 3.0, "gib": 1.0}
    slow = {"wall_s": 4.0, "cpu_s": 3.0, "gib": 1.0}
    text = bench.page({
        "customers": 10, "events": 1000, "orders": 20, "tenth": [run],
        "few": {"wall_s": 0.1, "cpu_s": 0.1, "customers": 10},
        "ways": {"product": [slow], "sparse": [run], "wide": [run], "polars": [{"missing": "not installed"}]},
    })  # fmt: skip
    assert "| clock ≤ 1.15 × by hand | **missed** |" in text
    assert "| processor ≤ 1.15 × by hand | reached |" in text
    assert "not installed" in text
