"""The ready mappings account for every row of the public data sets they were written for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
ROWS = {
    "completejourney": {
        "campaigns.parquet": 4_449,
        "coupon_redemptions.parquet": 1_428,
        "demographics.parquet": 556,
        "products.parquet": 92_331,
        "transactions.parquet": 995_962,
    },
    "cdnow": {"cdnow_sample.csv.gz": 6_919},
    "tianchi_mum_baby": {"mum_baby.csv.gz": 679, "mum_baby_trade_history.csv.gz": 20_993},
    "online_retail_ii": {"online_retail_2009_2010.parquet": 525_461},
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_row_is_accounted_for(name: str, make_shop: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUKE_DATA", str(data_dir))
    shop = make_shop(name)
    shutil.copytree(EXAMPLES / name / "sources", shop.workspace.sources_dir, dirs_exist_ok=True)
    report = shop.ingest()
    assert report.refused == ()
    assert {load.file_key: load.rows for load in report.loads} == ROWS[name]
    for load in report.loads:
        assert load.rows == load.loaded + sum(load.filtered.values()) + sum(load.quarantined.values())
    assert shop.ingest().loads == ()


def test_money_of_online_retail_is_that_of_the_file(
    make_shop: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUKE_DATA", str(data_dir))
    shop = make_shop("money")
    shutil.copytree(EXAMPLES / "online_retail_ii" / "sources", shop.workspace.sources_dir, dirs_exist_ok=True)
    shop.ingest()
    file = data_dir / "online_retail_ii" / "online_retail_2009_2010.parquet"
    product = "regexp_matches(StockCode, '^([0-9]{5}|DCGS|gift_0|PADS|SP)')"
    by_fact = f"""
        SELECT CASE WHEN Invoice LIKE 'C%' THEN 'returned' ELSE 'paid' END AS fact,
               abs(sum(Quantity * Price)) * 100 AS pence, count(DISTINCT Invoice) AS invoices
        FROM '{file}'
        WHERE "Customer ID" IS NOT NULL AND {product} AND Price > 0 AND (Quantity > 0 OR Invoice LIKE 'C%')
        GROUP BY ALL ORDER BY ALL"""
    expected = {fact: (pence, invoices) for fact, pence, invoices in duckdb.execute(by_fact).fetchall()}
    assert set(expected) == {"paid", "returned"}
    found = shop.rows("order_facts", "fact, amount_minor")
    for fact, (pence, invoices) in expected.items():
        amounts = [amount for kind, amount in found if kind == fact]
        assert len(amounts) == invoices
        assert sum(amounts) == pytest.approx(pence, abs=invoices / 2)  # each invoice is rounded once
