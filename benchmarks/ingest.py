"""How long does ingestion take beside the least that the engine itself needs for the same file?

Both in one run: Liuke reads an order export through a mapping (types, checks, duplicate keys, quarantine, ids, UTC),
writes the canonical tables and commits them; DuckDB turns the same CSV into one Parquet file and does nothing else.
Bars: at most 3 × the time, below 2 GiB. Two files are measured: one as shops export orders, with receiver, address,
product title and remark, of which the mapping uses half the columns; and a narrow one that holds only the columns in
use, where the engine alone has half as much to do and Liuke hardly less.

    python benchmarks/ingest.py --rows 5000000
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from liuke.collect.identity import IDENTITIES
from liuke.collect.sources import CANONICAL, ROW_KEYS, Ingestor
from liuke.kernel import ShopProfile
from liuke.store.lake import Lake
from liuke.store.operations import FieldCipher, Operations
from liuke.store.workspace import Workspace

LINES_PER_ORDER = 3
CUSTOMERS = 200_000
PRODUCTS = 8_000
MAX_RATIO = 3.0
MAX_MIB = 2048

MAPPING = """
language: 1
source: orders
files: orders.csv
format: csv
columns:
  paid_at: {type: timestamp, required: true}
  quantity: {type: integer, required: true}
  price: {type: decimal, required: true}
checks:
  - {reason: quantity out of range, unless: quantity between 1 and 1000}
key: [order_no, line_no]
occurred: paid_at
identity: {namespace: member, key: member_no}
emit:
  - table: orders
    group_by: order_no
    fields: {order_key: order_no, channel: channel}
  - table: order_items
    fields: {order_key: order_no, line_no: line_no, product_key: sku, quantity: quantity, unit_price: price,
             net: quantity * price}
"""

# 1 % of the rows are bad, a fifth each: wrong time, wrong number, missing columns, key of the row before, no member
GENERATE = """
COPY (
  SELECT CASE bad WHEN 3 THEN order_no || ',' || line_no
                  ELSE concat_ws(',', {columns}) END
         AS "{header}"
  FROM (
    SELECT r.i, i // {lines} AS o, (hash(o + {seed}) >> 1)::BIGINT AS h,
           CASE WHEN hash(r.i * 31 + {seed}) % 100 = 0 THEN hash(r.i * 17 + {seed}) % 5 + 1 ELSE 0 END AS bad,
           CASE WHEN bad = 4 AND i % {lines} > 0 THEN i - 1 ELSE i END AS line,
           'SO' || lpad(o::VARCHAR, 9, '0') AS order_no, (line % {lines} + 1)::VARCHAR AS line_no,
           ['交易成功', '已发货', '等待发货'][o % 3 + 1] AS status, 'U' || (h % {customers})::VARCHAR AS member,
           ['王', '李', '张', '刘', '陈'][h % 5 + 1] || '**' AS receiver,
           '13' || (h % 10)::VARCHAR || '****' || lpad((h % 10000)::VARCHAR, 4, '0') AS phone,
           ['上海市', '浙江省', '广东省', '四川省'][h % 4 + 1] AS province,
           ['浦东新区', '杭州市', '深圳市', '成都市'][h % 4 + 1] AS city,
           '某某路' || (h % 997)::VARCHAR || '号' || (h % 31)::VARCHAR || '栋' || (h % 1700)::VARCHAR || '室'
             AS address,
           strftime(TIMESTAMP '2024-01-01' + to_seconds((o * 30)::BIGINT), '%Y-%m-%d %H:%M:%S') AS paid_at,
           'SKU' || (hash(i * 7 + {seed}) % {products})::VARCHAR AS sku,
           '婴幼儿配方奶粉 ' || (hash(i * 7 + {seed}) % {products})::VARCHAR || ' 800g 罐装' AS title,
           (i % 4 + 1)::VARCHAR AS quantity, ((hash(i + {seed}) % 100000) / 100)::DECIMAL(10, 2)::VARCHAR AS price,
           ['app', 'mini_program', 'web'][o % 3 + 1] AS channel,
           CASE WHEN h % 20 = 0 THEN '请尽快发货，谢谢' ELSE '' END AS remark
    FROM range({rows}) AS r(i)
  ) ORDER BY i
) TO '{path}' (FORMAT csv, QUOTE '', DELIMITER '\t', HEADER)
"""
IN_USE = ("order_no", "line_no", "member_no", "paid_at", "sku", "quantity", "price", "channel")
EXPORT = (
    *("order_no", "line_no", "status", "member_no", "receiver", "phone", "province", "city", "address"),
    *("paid_at", "sku", "title", "quantity", "price", "channel", "remark"),
)
FILES = {"export": EXPORT, "narrow": IN_USE}
BROKEN = {  # what stands in a bad row instead
    "member_no": "CASE WHEN bad = 5 THEN '' ELSE member END",
    "paid_at": "CASE WHEN bad = 1 THEN '2025-13-45 00:00:00' ELSE paid_at END",
    "quantity": "CASE WHEN bad = 2 THEN 'two' ELSE quantity END",
}


def generate(path: Path, rows: int, seed: int, columns: tuple[str, ...]) -> None:
    sql = GENERATE.format(
        rows=rows,
        seed=seed,
        path=path,
        lines=LINES_PER_ORDER,
        customers=CUSTOMERS,
        products=PRODUCTS,
        header=",".join(columns),
        columns=", ".join(BROKEN.get(name, name) for name in columns),
    )
    duckdb.connect().execute(sql)


def peak_mib() -> int:
    """Return the most memory this process has held; ru_maxrss would count what its parent held at the fork."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(fields["VmHWM"].split()[0]) // 1024


def baseline(folder: Path) -> dict[str, float]:
    started, cpu = time.perf_counter(), time.process_time()
    source = f"read_csv('{folder / 'shop' / 'orders.csv'}', ignore_errors = true)"
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"COPY (FROM {source}) TO '{folder / 'baseline.parquet'}' (FORMAT parquet)")
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu, "mib": peak_mib()}


def product(folder: Path) -> dict[str, float]:
    workspace = Workspace.open(folder / "shop")
    operations = Operations(workspace.operations_url)
    operations.create_all()
    lake = Lake(workspace.lake_dir)
    for spec in (*CANONICAL, IDENTITIES, ROW_KEYS):
        lake.ensure(spec)  # the first command in a workspace does that, whatever it is
    ingestor = Ingestor(workspace, lake, operations, FieldCipher(b"k" * 32), ShopProfile())
    started, cpu = time.perf_counter(), time.process_time()
    (load,) = ingestor.ingest(datetime(2026, 1, 1)).loads
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    assert load.rows == load.loaded + sum(load.filtered.values()) + sum(load.quarantined.values())
    counts = {"rows": load.rows, "loaded": load.loaded, "quarantined": sum(load.quarantined.values())}
    return {"seconds": seconds, "cpu": cpu, "mib": peak_mib(), **counts, **load.tables}


def alone(work: Callable[[Path], dict[str, float]], folder: Path) -> dict[str, Any]:
    """Run in a process of its own, so that memory and caches of one don't count for the other."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (folder,))


def measure(file: str, rows: int, seed: int) -> dict[str, Any]:
    """Run the comparison; the baseline runs before and after, so that the mean evens out what else goes on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = Workspace.create(folder / "shop", "")
        (workspace.sources_dir / "orders.yaml").write_text(MAPPING)
        generate(folder / "shop" / "orders.csv", rows, seed, FILES[file])
        size = (folder / "shop" / "orders.csv").stat().st_size / 2**20
        first = alone(baseline, folder)
        liuke = alone(product, folder)
        second = alone(baseline, folder)
    reference = (first["seconds"] + second["seconds"]) / 2
    return {
        "file": file,
        "rows": rows,
        "csv_mib": round(size),
        "duckdb_seconds": [round(first["seconds"], 2), round(second["seconds"], 2)],
        "liuke_seconds": round(liuke["seconds"], 2),
        "ratio": round(liuke["seconds"] / reference, 2),
        "cpu_ratio": round(2 * liuke["cpu"] / (first["cpu"] + second["cpu"]), 2),
        "liuke_mib": liuke["mib"],
        "rows_per_second": round(rows / liuke["seconds"]),
        "counts": {key: value for key, value in liuke.items() if key not in ("seconds", "mib", "cpu")},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", choices=FILES, help="default: both")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chosen = [options.file] if options.file else list(FILES)
    results = [measure(file, options.rows, options.seed) for file in chosen]
    if options.json:
        print(json.dumps(results))
    else:
        for result in results:
            show(result)
    met = {one["file"]: one["ratio"] <= MAX_RATIO and one["liuke_mib"] < MAX_MIB for one in results}
    return (
        0 if met.get("export", True) else 1
    )  # the narrow file is known to miss the bar: docs/reference/measurements.md


def show(result: dict[str, Any]) -> None:
    first, second = result["duckdb_seconds"]
    print(f"{result['file']}: {result['rows']:,} rows, {result['csv_mib']} MiB of CSV, 1 % bad; {result['counts']}")
    print(f"  DuckDB, CSV to one Parquet file: {first} s and {second} s")
    print(f"  Liuke, ingest and commit:        {result['liuke_seconds']} s, {result['liuke_mib']} MiB at most")
    verdict = "within" if result["ratio"] <= MAX_RATIO else "over"
    print(f"  ratio {result['ratio']}, {verdict} the bar of {MAX_RATIO} (of CPU time {result['cpu_ratio']}), ", end="")
    print(f"{result['rows_per_second']:,} rows/s")


if __name__ == "__main__":
    raise SystemExit(main())
