"""`liuke tags build --engine spark` on a generated shop: the table of the embedded engine, column by column."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from spark_agreement import compared, told
from spark_cluster import Cluster

from liuke.app.bootstrap import Application
from liuke.understand.tags import CUSTOMER_TAGS
from liuke_sim import SOURCES_DIR, VARIANTS, Shop

pytestmark = pytest.mark.timeout(1800)
CONFIG = replace(VARIANTS["tiny"], customers=5_200, batch_days=182)


@pytest.fixture(scope="module")
def shop(_spark_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Application, date]:
    """A workspace with half a year of files of a generated shop in it."""
    app = Application.create(
        tmp_path_factory.mktemp("shop") / "shop", {"shop": {"zone": "Asia/Shanghai", "currency": "CNY"}}
    )
    for mapping in SOURCES_DIR.glob("*.yaml"):
        shutil.copy(mapping, app.workspace.sources_dir / mapping.name)
    generated = Shop.generate(CONFIG, seed=4)
    generated.write_history(app.workspace.path / app.settings.sources.data_dir)
    app.ingestor.ingest(app.now())
    return app, generated.today


def liuke(*arguments: str) -> Any:
    command = [str(Path(sys.executable).with_name("liuke")), *arguments, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-3000:]
    return json.loads(ended.stdout)


def test_both_engines_build_the_same_table(
    shop: tuple[Application, date], cluster: Cluster, spark_settings: dict[str, str], tmp_path: Path, say: Any
) -> None:
    app, day = shop
    place = ["-w", str(app.workspace.path), "--as-of", day.isoformat()]
    liuke("tags", "build", *place, "--out", str(tmp_path / "duckdb.parquet"))
    settings = [part for key, value in spark_settings.items() for part in ("--conf", f"{key}={value}")]
    built = liuke("tags", "build", *place, "--engine", "spark", "--master", cluster.url, *settings)
    assert cluster.url in built["note"]
    assert not built["repeated"]

    duckdb = pq.read_table(tmp_path / "duckdb.parquet")
    kept = app.lake.arrow(CUSTOMER_TAGS, {"as_of": day}).sort_by("customer_id")
    spark = kept.select(duckdb.column_names).cast(duckdb.schema)
    columns = compared(duckdb, spark)
    told(f"shipped tags of a generated shop as of {day}, by liuke tags build", columns, say)
    assert duckdb.num_rows >= 5_000
    assert len(columns) - 1 == len(app.tags.visible) > 115
    assert sum(1 for one in columns if one.values > 1) >= len(columns) - 5  # the shop is no empty one
    assert not [one for one in columns if one.differing]
    assert pc.sum(duckdb["monetary_365d"]).as_py() > 0
