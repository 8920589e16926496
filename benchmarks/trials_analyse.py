"""How long does a table of a trial take beside the least that the engine needs to add the same columns up?

A generated trial of ten million customers, as parquet and as csv, each analysed whole (every row checked, no unit
twice; two metrics with a covariate and a cap, segments, days, money, verdict) in a process of its own, two threads.
Beside it, in the same run, DuckDB's bare aggregate of the same columns by arm, which checks nothing. Bars: 30 s and
2 GiB per file. Seconds of processor time stand beside the clock's, since others may use the machine.

    python benchmarks/trials_analyse.py --rows 10000000
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from liuke.learn.analysis import analyse_file, plan_from

MAX_SECONDS, MAX_MIB, THREADS = 30.0, 2048, 2

PLAN = {
    "unit": "customer",
    "arm": "arm",
    "metrics": ["bought", {"name": "spend", "covariates": ["before"], "winsorise": 0.999, "money": "CNY"}],
    "segments": ["region"],
    "day": "entered_on",
    "cost_per_contact": 0.05,
    "value": "spend",
}

GENERATE = """
COPY (
  SELECT i AS customer, CASE WHEN hash(i) % 2 = 0 THEN 'control' ELSE 'treated' END AS arm,
         (bought)::INT AS bought,
         CASE WHEN bought THEN round(exp(3 + (hash(i * 11) % 1000) / 500.0), 2) ELSE 0 END AS spend,
         round((hash(i * 13) % 100000) / 1000.0, 3) AS before,
         ['north', 'east', 'south', 'west'][(hash(i * 17) % 4 + 1)::INT] AS region,
         DATE '2026-01-05' + (hash(i * 19) % 28)::INT AS entered_on
  FROM (SELECT i, hash(i * 7) % 1000 < 50 + 2 * (hash(i) % 2) AS bought FROM range({rows}) t(i))
) TO '{path}'
"""

BARE = """
SELECT arm, count(*), sum(bought), sum(spend), sum(spend * spend),
       sum(before), sum(before * before), sum(spend * before)
FROM '{path}' GROUP BY arm
"""


def main() -> None:
    """Generate, measure, print; --write keeps the result as a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--write", type=Path, help="page to write the result to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="liuke-bench-") as folder:
        files = [Path(folder) / f"trial.{kind}" for kind in ("parquet", "csv")]
        _bare_connection().execute(GENERATE.format(rows=options.rows, path=files[0]))
        _bare_connection().execute(f"COPY (FROM '{files[0]}') TO '{files[1]}'")
        rows = [_measured(path) for path in files]
    page = _page(options.rows, rows)
    print(json.dumps(rows, indent=2))
    print(page)
    if options.write:
        options.write.write_text(page, encoding="utf-8")
    over = [row["file"] for row in rows if row["seconds"] > MAX_SECONDS or row["mib"] > MAX_MIB]
    if over and options.rows == 10_000_000:
        raise SystemExit(f"over the bar: {', '.join(over)}")


def _measured(path: Path) -> dict[str, Any]:
    before = _apart(_bare, path)
    seconds, cpu, mib, said = _apart(_analyse, path)
    after = _apart(_bare, path)
    return {
        "file": path.suffix[1:],
        "file_mib": round(path.stat().st_size / 2**20),
        "bare_before": before[0],
        "bare_after": after[0],
        "bare_cpu": (before[1] + after[1]) / 2,
        "seconds": seconds,
        "cpu": cpu,
        "mib": mib,
        "verdict": said,
    }


def _apart(work: Callable[[Path], str], path: Path) -> tuple[float, float, int, str]:
    """Run in a process of its own, so that memory is counted from nothing."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_timed, (work, path))


def _timed(work: Callable[[Path], str], path: Path) -> tuple[float, float, int, str]:
    began, worked = time.perf_counter(), time.process_time()
    said = work(path)
    return time.perf_counter() - began, time.process_time() - worked, _most_memory_mib(), said


def _most_memory_mib() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def _analyse(path: Path) -> str:
    return analyse_file(path, plan_from(PLAN), threads=THREADS).verdict.value


def _bare(path: Path) -> str:
    return str(len(_bare_connection().execute(BARE.format(path=path)).fetchall()))


def _bare_connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": THREADS})
    connection.execute("SET enable_progress_bar = false")
    return connection


def _page(n: int, rows: list[dict[str, Any]]) -> str:
    lines = [
        "# Measurements: analysing a trial",
        "",
        f"`make bench-trials`, {date.today().isoformat()}, the commit that holds this page: {n:,} rows, two metrics,",
        "a covariate, a cap, a segment, days and money; every row checked, no unit twice. Beside it, in the same run,",
        "DuckDB's bare aggregate of the same columns by arm, which checks nothing. Two threads of a machine with two",
        "cores that others used too; a process each. Bars: 30 s, 2 GiB.",
        "",
        "| file | size | DuckDB, before and after | Liuke | processor: DuckDB | processor: Liuke | memory | verdict |",
        "|---|---:|---|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        over = " **over the bar**" if row["seconds"] > MAX_SECONDS or row["mib"] > MAX_MIB else ""
        lines.append(
            f"| {row['file']} | {row['file_mib']} MiB | {row['bare_before']:.1f} s, {row['bare_after']:.1f} s | "
            f"{row['seconds']:.1f} s{over} | {row['bare_cpu']:.1f} s | {row['cpu']:.1f} s | {row['mib']} MiB | "
            f"{row['verdict']} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
