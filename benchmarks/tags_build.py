"""What does a build of 119 tags cost, beside the same columns written by hand over the same files?

Each way runs in a process of its own with two threads and the same limit of memory, in turn, several times; every result is
a whole Arrow table. Measured inside the process, around compiling and computing: seconds on the clock, seconds of the
processor; and the largest memory the process ever held. The results are compared, column by column, before any figure is
printed. Besides: a hundred customers alone, and the same customers with a tenth of the events.

    python benchmarks/tags_build.py                                  # the bar's size: minutes, 1.5 GB of files in --data
    python benchmarks/tags_build.py --customers 50000 --events 2500000 --orders 500000
"""

# ruff: noqa: E501 - the page's words are read across
from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from tags_by_hand import polars_frame, sparse, wide
from tags_shop import AS_OF, EVENTS, TAGS, connect, generate

from liuke.collect.behaviours import Behaviour, Catalogue, load_catalogue
from liuke.understand.tags import TagSet, build_tags, load_definitions, publish_cut_points

MEMORY_MB = 1792
"""Limit of the engine; the result, an Arrow table, stands outside of it."""
BAR_RATIO, BAR_GIB, BAR_FEW_S, FEW = 1.15, 3.0, 0.6, 100
WAYS = {
    "product": "the product's plan", "sparse": "SQL by hand, sparse counts and narrow ranks",
    "wide": "SQL by hand, one FILTER per column", "polars": "polars, streaming",
}  # fmt: skip
COLUMNS = 119
KNOWN = load_catalogue(None)
OWN = [
    Behaviour(name=event, zh=event, en=event, family="shop", started_by_customer=True)
    for event in EVENTS
    if event not in KNOWN.names
]
"""What happens in the made-up shop only."""


class Moment:
    """What the shop knew at 00:00 of `as_of`: an engine with the views."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.as_of = AS_OF
        self.connection = connection


def definitions() -> TagSet:
    return load_definitions(TAGS, catalogue=Catalogue([*KNOWN, *OWN]), shipped=False)


def one_way(way: str, folder: Path, events: str, keep: Path | None) -> dict[str, Any]:
    """Build once in this process; return what it cost. The result is written, outside the clock, where `keep` says."""
    if way == "polars":
        try:
            import polars
        except ImportError:
            return {"missing": "not installed"}
    run = connect(folder, events, MEMORY_MB)
    began, worked = time.perf_counter(), time.process_time()
    if way == "product":
        table = build_tags(Moment(run), definitions())
    elif way == "polars":
        table = polars_frame(folder, events).collect(engine="streaming")
    else:
        table = run.sql(sparse() if way == "sparse" else wide()).to_arrow_table()
    cost = {
        "wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - worked,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "rows": table.shape[0], "columns": table.shape[1] - 1,
    }  # fmt: skip
    if way == "polars":
        cost["version"] = polars.__version__
        if keep is not None:
            table.write_parquet(keep)
    elif keep is not None:
        run.register("built", table)
        run.execute(f"COPY built TO '{keep}' (FORMAT parquet, COMPRESSION zstd)")
    run.close()
    return cost


def a_few(folder: Path, rounds: int = 7) -> dict[str, Any]:
    """Build for a hundred customers, ranks read off cut-points; the median of several, after one to warm up."""
    run = connect(folder, "events", MEMORY_MB)
    moment, tags = Moment(run), definitions()
    cuts = publish_cut_points(moment, tags)
    total = run.sql("SELECT count(*) FROM customers").fetchall()[0][0]
    only = [(n * 7919 + 13) % total for n in range(0, total, max(1, total // FEW))][:FEW]
    build_tags(moment, tags, only=only, cut_points=cuts)
    times, work = [], []
    for _ in range(rounds):
        began, worked = time.perf_counter(), time.process_time()
        table = build_tags(moment, tags, only=only, cut_points=cuts)
        times.append(time.perf_counter() - began)
        work.append(time.process_time() - worked)
    assert table.num_rows == len(set(only))
    run.register("few", table)
    run.execute(f"COPY few TO '{folder}/few.parquet' (FORMAT parquet)")
    run.close()
    return {"wall_s": statistics.median(times), "cpu_s": statistics.median(work), "customers": table.num_rows}


def differing(mine: Path, theirs: Path) -> dict[str, int]:
    """Return, for each column, in how many rows of `mine` the two results differ (numbers: by more than 1e-9 of them)."""
    run = duckdb.connect(config={"threads": 2, "memory_limit": "1500MiB"})
    found: dict[str, int] = {}
    rows = run.sql(f"DESCRIBE SELECT * FROM '{mine}'").fetchall()
    kinds = {name: kind for name, kind, *_ in rows if name != "customer_id"}
    other = {name for name, *_ in run.sql(f"DESCRIBE SELECT * FROM '{theirs}'").fetchall()} - {"customer_id"}
    assert set(kinds) == other, f"other columns: {sorted(set(kinds) ^ other)}"
    names = list(kinds)
    for start in range(0, len(names), 20):
        some = names[start : start + 20]
        tests = [
            f"""count(*) FILTER (WHERE b.customer_id IS NULL OR a."{n}" IS DISTINCT FROM b."{n}" """
            + (
                ""
                if kinds[n] == "VARCHAR"
                else f"""AND NOT coalesce(abs(a."{n}"::DOUBLE - b."{n}"::DOUBLE) <= 1e-9 * greatest(1e0, abs(a."{n}"::DOUBLE)), false)"""
            )
            + ")"
            for n in some
        ]
        counts = run.sql(
            f"SELECT {', '.join(tests)} FROM '{mine}' a LEFT JOIN '{theirs}' b USING (customer_id)"
        ).fetchall()[0]
        found |= dict(zip(some, counts, strict=True))
    run.close()
    return found


def asked(way: str, folder: Path, events: str = "events", keep: Path | None = None) -> dict[str, Any]:
    """Run one way in a fresh process."""
    command = [sys.executable, __file__, "--way", way, "--data", str(folder), "--from", events]
    done = subprocess.run([*command, *(["--keep", str(keep)] if keep else [])], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{way}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(folder: Path, customers: int, events: int, orders: int, rounds: int) -> dict[str, Any]:
    """Generate, build every way in turn, compare, and return every figure.

    Raises
    ------
    AssertionError
        If a way's results differ from the product's.
    """
    histories = {"events": events, "events_tenth": events // 10}
    if not (folder / "done").exists():
        generate(folder, customers, histories, orders)
        (folder / "done").write_text(f"{customers} {events} {orders}")
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS:
            if runs[way] and "missing" in runs[way][0]:
                continue
            runs[way].append(asked(way, folder, keep=None if number else folder / f"{way}.parquet"))
            print(f"round {number + 1}: {way} {_said(runs[way][-1])}", file=sys.stderr, flush=True)
    few = asked("few", folder)
    tenth = [asked("product", folder, "events_tenth") for _ in range(rounds)]
    checked = {}
    for way in (*WAYS, "few"):
        if way != "product" and (way == "few" or "missing" not in runs[way][0]):
            result = folder / f"{way}.parquet"
            pair = (result, folder / "product.parquet") if way == "few" else (folder / "product.parquet", result)
            wrong = {name: n for name, n in differing(*pair).items() if n}
            assert not wrong, f"{way} differs from the product: {wrong}"
            checked[way] = 0
    return {
        "customers": customers, "events": events, "orders": orders, "ways": runs, "few": few, "tenth": tenth, "checked": checked,
    }  # fmt: skip


def best(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Return the smallest times and the largest memory of several runs."""
    return {
        "wall_s": min(run["wall_s"] for run in runs), "cpu_s": min(run["cpu_s"] for run in runs),
        "gib": max(run["gib"] for run in runs),
    }  # fmt: skip


def _said(cost: dict[str, Any]) -> str:
    return cost.get("missing") or f"{cost['wall_s']:.1f} s, processor {cost['cpu_s']:.1f} s, {cost['gib']:.2f} GiB"


def page(result: dict[str, Any]) -> str:
    """Return the page with the figures."""
    ways, rounds = result["ways"], len(result["tenth"])
    hand, mine, tenth, few = best(ways["sparse"]), best(ways["product"]), best(result["tenth"]), result["few"]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=TAGS
    ).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        "# Measurements: building tags",
        "",
        f"`make bench-tags`, {dt.date.today()}, on commit {commit or 'unknown'}: {result['customers']:,} customers, "
        f"{result['events']:,} events, {result['orders']:,}",
        f"purchases of a made-up shop in parquet files; {COLUMNS} tags (benchmarks/tags/set.yaml) as of {AS_OF}. "
        "Every way runs in a process of its",
        f"own with two threads and an engine limit of {MEMORY_MB} MiB, in turn, {rounds} times; the result is a whole Arrow "
        "table. Shown: the least",
        "time, the most memory. Ratios are to the SQL by hand in the best known shape. All results are equal, column by "
        "column (1e-9).",
        "",
        f"Machine: {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}; load while it ran: {os.getloadavg()[1]:.1f} (average of five minutes).",
        "",
        "| way | clock | ratio | processor | ratio | memory |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for way, runs in ways.items():
        if "missing" in runs[0]:
            lines.append(f"| {WAYS[way]} | {runs[0]['missing']} | | | | |")
            continue
        one = best(runs)
        lines.append(
            f"| {WAYS[way]} | {one['wall_s']:.1f} s | {one['wall_s'] / hand['wall_s']:.2f} | {one['cpu_s']:.1f} s "
            f"| {one['cpu_s'] / hand['cpu_s']:.2f} | {one['gib']:.2f} GiB |"
        )
    passed = {
        f"processor ≤ {BAR_RATIO} × by hand": mine["cpu_s"] / hand["cpu_s"] <= BAR_RATIO,
        f"clock ≤ {BAR_RATIO} × by hand": mine["wall_s"] / hand["wall_s"] <= BAR_RATIO,
        f"memory ≤ {BAR_GIB:g} GiB": mine["gib"] <= BAR_GIB,
        f"{FEW} customers ≤ {BAR_FEW_S} s": few["wall_s"] <= BAR_FEW_S,
    }
    lines += [
        "",
        f"{few['customers']} customers alone (`only=`, ranks read off cut-points; median of 7, warm): {few['wall_s']:.2f} s, "
        f"processor {few['cpu_s']:.2f} s.",
        "",
        f"Growth, the same customers and purchases: {result['events'] // 10:,} events take {tenth['wall_s']:.1f} s (processor "
        f"{tenth['cpu_s']:.1f} s, {tenth['gib']:.2f} GiB); ten times as many",
        f"take {mine['wall_s'] / tenth['wall_s']:.1f} times the clock, {mine['cpu_s'] / tenth['cpu_s']:.1f} times the processor "
        f"and {mine['gib'] / tenth['gib']:.1f} times the memory.",
        "",
        "| bar | |",
        "|---|---|",
        *(f"| {bar} | {'reached' if ok else '**missed**'} |" for bar, ok in passed.items()),
        "",
        "Every run, in the order of the clock:",
        "",
        *(f"- {WAYS[way]}: {'; '.join(map(_said, runs))}" for way, runs in ways.items()),
        f"- a tenth of the events: {'; '.join(map(_said, result['tenth']))}",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="folder of the files, kept; without it a temporary one")
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--way", choices=[*WAYS, "few"], help=argparse.SUPPRESS)
    parser.add_argument("--from", dest="events_from", default="events", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        cost = (
            a_few(given.data) if given.way == "few" else one_way(given.way, given.data, given.events_from, given.keep)
        )
        print(json.dumps(cost))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.data or Path(scratch)
        text = page(measure(folder, given.customers, given.events, given.orders, given.rounds))
    print(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
