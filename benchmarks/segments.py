"""How long does a count take while somebody edits a rule, beside the same SQL written by hand?

A generated shop (a million customers × the shipped tag columns, in the files that `publish` writes) is asked for the
size of a segment with six nested conditions, through the product's own path: rule → plan → locked engine. The same SQL by
hand runs beside it, in turn, over the same files in a plain engine with the same threads. A second segment adds an event
condition over the published behaviour and is reported on its own. Bar: the first one's median below 150 ms, warm.

    python benchmarks/segments.py --customers 1000000 --events 10000000
"""

# ruff: noqa: E501 - rules and SQL are read across
from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from liuke.app.publish import HAPPENINGS, TAG_PREFIX
from liuke.collect.behaviours import load_catalogue
from liuke.understand.segments import (
    LockedEngine,
    SegmentBook,
    SegmentDesk,
    SegmentSettings,
    frame_of,
    parse_definition,
)
from liuke.understand.tags import CUSTOMER_COLUMNS, customer_tags_spec, load_definitions

AS_OF = dt.date(2026, 3, 1)
BAR_MS = 150.0
CUSTOMER_ROW_GROUP = 10_000  # as `liuke.app.publish.build` writes it
VALUES = "['high','medium','low','new','lost']"

GENERATED = {
    "BIGINT": "(hash(i * 31 + {n}) >> 1)::BIGINT % 100000", "INT": "(hash(i * 31 + {n}) >> 1)::BIGINT % 1000",
    "DOUBLE": "((hash(i * 31 + {n}) >> 1)::BIGINT % 10000) / 10000.0", "BOOLEAN": "(hash(i * 31 + {n}) >> 1)::BIGINT % 2 = 0",
    "VARCHAR": VALUES + "[1 + (hash(i * 31 + {n}) >> 1)::BIGINT % 5]", "DATE": "DATE '2024-01-01' + ((hash(i * 31 + {n}) >> 1)::BIGINT % 790)::INT",
    "VARCHAR[]": VALUES + "[1:(hash(i * 31 + {n}) >> 1)::BIGINT % 4]",
}  # fmt: skip

SIX = {"kind": "all", "of": [
    {"kind": "tag", "tag": "monthly_spend", "test": {"op": "gte", "value": 20_000}},
    {"kind": "any", "of": [
        {"kind": "tag", "tag": "lifecycle", "test": {"op": "in", "values": ["new", "lost"]}},
        {"kind": "all", "of": [
            {"kind": "tag", "tag": "recency_days", "test": {"op": "between", "low": 1_000, "high": 60_000}},
            {"kind": "not", "of": {"kind": "tag", "tag": "value_tier", "test": {"op": "eq", "value": "low"}}},
        ]},
    ]},
    {"kind": "profile", "field": "province", "test": {"op": "in", "values": ["high", "medium", "low"]}},
    {"kind": "not", "of": {"kind": "profile", "field": "registered_on", "test": {"op": "within_last", "days": 90}}},
]}  # fmt: skip
SIX_BY_HAND = """
SELECT count(*) FROM customers
WHERE tag_monthly_spend >= 20000 AND province IN ('high', 'medium', 'low')
  AND (registered_on IS NULL OR registered_on < DATE '2026-03-01' - 90 OR registered_on >= DATE '2026-03-01')
  AND (tag_lifecycle IN ('new', 'lost')
       OR (tag_recency_days BETWEEN 1000 AND 60000 AND tag_value_tier IS DISTINCT FROM 'low'))
"""
EVENT = {"kind": "event", "source": "events", "how": "count", "days": 30, "test": {"op": "gte", "value": 2},
         "where": [{"column": "event", "test": {"op": "eq", "value": "cart_add"}}]}  # fmt: skip
EVENT_BY_HAND = (
    SIX_BY_HAND
    + """
  AND customer_id IN (SELECT customer_id FROM events WHERE event = 'cart_add'
                        AND occurred_on >= DATE '2026-03-01' - 30 AND occurred_on < DATE '2026-03-01'
                      GROUP BY customer_id HAVING count(*) >= 2)
"""
)


def generate(folder: Path, customers: int, events: int) -> int:
    """Write the published files of a made-up shop; return the number of tag columns."""
    spec = [
        column
        for column in customer_tags_spec(load_definitions(catalogue=load_catalogue(None))).columns
        if column.name not in ("as_of", "customer_id")
    ]
    tags = [f"{GENERATED[c.type].format(n=n)} AS {TAG_PREFIX}{c.name}" for n, c in enumerate(spec)]
    kinds = {"date": "DATE", "text": "VARCHAR"}
    profile = [
        f"{GENERATED[kinds[k]].format(n=900 + n)} AS {name}" for n, (name, k) in enumerate(CUSTOMER_COLUMNS.items())
    ]
    run = duckdb.connect(config={"temp_directory": str(folder / "scratch")})
    run.execute("SET TimeZone = 'UTC'")
    columns = tags + profile
    run.execute(
        f"COPY (SELECT i AS customer_id, {', '.join(columns)} FROM range({customers}) t(i) ORDER BY 1) "
        f"TO '{folder}/customers.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {CUSTOMER_ROW_GROUP})"
    )
    run.execute(
        f"COPY (SELECT (hash(i) >> 1)::BIGINT % {customers} AS customer_id, "
        "['page_view', 'search', 'cart_add', 'login'][1 + (hash(i * 7) >> 1)::BIGINT % 4] AS event, 'app' AS channel, "
        f"NULL::BIGINT AS product_id, NULL::VARCHAR AS category, NULL::DOUBLE AS value, "
        f"DATE '{AS_OF}' - (1 + (hash(i * 11) >> 1)::BIGINT % 400)::INT AS occurred_on, "
        f"(DATE '{AS_OF}' - (1 + (hash(i * 11) >> 1)::BIGINT % 400)::INT)::TIMESTAMP AS occurred_at "
        f"FROM range({events}) t(i) ORDER BY customer_id, occurred_at) "
        f"TO '{folder}/events.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )
    run.close()
    return len(spec)


def desk_over(folder: Path, settings: SegmentSettings) -> SegmentDesk:
    """Return the desk that the web process would have over these files."""
    files = {"customers": folder / "customers.parquet", "events": folder / "events.parquet"}
    engine = LockedEngine(files, settings, [folder])
    return SegmentDesk(
        engine, frame_of(engine.columns("customers"), AS_OF, TAG_PREFIX, {"events": HAPPENINGS["events"]})
    )


def by_hand(folder: Path, settings: SegmentSettings) -> duckdb.DuckDBPyConnection:
    """Return a plain engine over the same files, with the same threads and memory."""
    run = duckdb.connect(config={"threads": settings.threads, "memory_limit": f"{settings.memory_mb}MiB"})
    for name in ("customers", "events"):
        run.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder}/{name}.parquet')")
    return run


Times = list[tuple[float, float]]
"""Milliseconds on the clock, and of all processors together."""


def timed(ask: Callable[[], int], other: Callable[[], int], rounds: int) -> tuple[int, Times, Times]:
    """Ask both in turn, after one warm-up each; return the answer and the times of both.

    Raises
    ------
    AssertionError
        If the two answers differ.
    """
    answer, check = ask(), other()
    assert answer == check, f"the product counts {answer}, the SQL by hand {check}"
    mine: Times = []
    theirs: Times = []
    for _ in range(rounds):
        for question, times in ((ask, mine), (other, theirs)):
            began, worked = time.perf_counter(), time.process_time()
            question()
            times.append(((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000))
    return answer, mine, theirs


def measure(customers: int, events: int, rounds: int) -> dict[str, Any]:
    """Generate, ask, and return every figure."""
    named = {"six": SIX, "six_and_event": {"kind": "all", "of": [SIX, EVENT]}}
    book = SegmentBook(
        parse_definition({"language": 1, "key": key, "name": {"zh": key, "en": key}, "rule": rule})
        for key, rule in named.items()
    )
    settings = SegmentSettings()
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        tags = generate(folder, customers, events)
        desk, hand = desk_over(folder, settings), by_hand(folder, settings)
        result: dict[str, Any] = {"customers": customers, "events": events, "tags": tags, "threads": settings.threads}
        for key, sql in (("six", SIX_BY_HAND), ("six_and_event", EVENT_BY_HAND)):

            def count(key: str = key) -> int:
                return desk.count(key, book)

            def plain(sql: str = sql) -> int:
                return int(hand.execute(sql).fetchall()[0][0])

            answer, mine, theirs = timed(count, plain, rounds)
            result[key] = {"members": answer, "product": _summary(mine), "by_hand": _summary(theirs)}
        desk.engine.close()
        hand.close()
    return result


def _summary(times: Times) -> dict[str, float]:
    wall, cpu = zip(*times, strict=True)
    return {
        "median_ms": round(statistics.median(wall), 1), "slowest_ms": round(max(wall), 1),
        "cpu_ms": round(statistics.median(cpu), 1),
    }  # fmt: skip


def _said(one: dict[str, float]) -> str:
    return f"median {one['median_ms']} ms, slowest {one['slowest_ms']} ms, processors {one['cpu_ms']} ms"


def main() -> None:
    """Print the figures; exit 1 if the bar is missed at full scale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=21)
    given = parser.parse_args()
    result = measure(given.customers, given.events, given.rounds)
    print(json.dumps(result, indent=2))
    print(
        f"\n{result['customers']:,} customers × {result['tags']} tags, {result['events']:,} events, {result['threads']} threads"
    )
    print(f"load of the machine, average of a minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for key, name in (("six", "six nested conditions"), ("six_and_event", "the same and an event condition")):
        one = result[key]
        print(f"{name}: {one['members']:,} customers")
        print(f"  through the product: {_said(one['product'])}")
        print(f"  the same by hand:    {_said(one['by_hand'])}")
    reached = result["six"]["product"]["median_ms"] < BAR_MS
    print(f"bar: median of six nested conditions below {BAR_MS:g} ms: {'reached' if reached else 'MISSED'}")
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
