"""A made-up shop for the benchmark of tags: files of customers, purchases and events with the columns of a moment's views.

A few customers do most of what happens (a power of a uniform draw); kinds of events and categories are skewed likewise.
Every value is a hash of the row's number, so the same sizes give the same files. Events and purchases are written month by
month in order of time, as they would arrive: memory is bounded by one month.
"""

# ruff: noqa: E501 - SQL is read across
from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import duckdb
import yaml

AS_OF = dt.date(2025, 12, 1)
MONTHS = 23
"""Months of history before `AS_OF`."""
TAGS = Path(__file__).with_name("tags")
EVENTS: tuple[str, ...] = tuple(
    next(
        entry["for_each"]["event"]
        for entry in yaml.safe_load((TAGS / "set.yaml").read_text(encoding="utf-8"))["tags"]
        if "event" in entry.get("for_each", {})
    )
)


def _draw(seed: int) -> str:
    return f"((hash(i * 64 + {seed}) >> 11)::DOUBLE / 9007199254740992e0)"


def _who(customers: int, seed: int) -> str:
    """Return a customer, few of them often; neighbours in number are no neighbours in how often."""
    return f"((floor(pow({_draw(seed)}, 1.4e0) * {customers})::BIGINT * 7919 + 13) % {customers})"


def _when(first: dt.date, days: int, seed: int) -> str:
    return (
        f"(TIMESTAMP '{first} 00:00:00' + to_microseconds((floor({_draw(seed)} * {days * 86_400})::BIGINT * 1000000)))"
    )


def months() -> list[tuple[dt.date, int]]:
    """Return the first day and the number of days of each month, the last one ending after `AS_OF`."""
    firsts = [
        dt.date(AS_OF.year + (AS_OF.month - 1 - back) // 12, (AS_OF.month - 1 - back) % 12 + 1, 1)
        for back in range(MONTHS, -2, -1)
    ]
    return [(one, (other - one).days) for one, other in itertools.pairwise(firsts)]


def generate(folder: Path, customers: int, events: dict[str, int], purchases: int) -> None:
    """Write the files.

    Parameters
    ----------
    events : mapping of folder name to number of rows
        One history of behaviour per entry, with the same customers and purchases.
    """
    run = duckdb.connect(config={"threads": 2, "memory_limit": "2GiB", "preserve_insertion_order": False})
    run.execute("SET TimeZone = 'UTC'")
    kept = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 250000)"
    folder.mkdir(parents=True, exist_ok=True)
    run.execute(
        f"COPY (SELECT i AS customer_id, DATE '2023-06-01' + floor({_draw(1)} * 900)::INT AS registered_on, "
        f"['app', 'web', 'store'][1 + floor({_draw(2)} * 3)::INT] AS channel FROM range({customers}) t(i)) TO '{folder}/customers.parquet' {kept}"
    )
    named = "[" + ", ".join(f"'{event}'" for event in EVENTS) + "]"
    spans = months()
    for name, total in [*events.items(), ("purchases", purchases)]:
        (folder / name).mkdir(exist_ok=True)
        for number, (first, days) in enumerate(spans):
            low, high = total * number // len(spans), total * (number + 1) // len(spans)
            if name == "purchases":
                columns = (
                    f"i AS order_id, {_who(customers, 3)} AS customer_id, {_when(first, days, 4)} AS occurred_at, "
                    f"(exp({_draw(5)} * 3e0 + 1.5e0) * 100e0)::BIGINT AS net_minor"
                )
                outer = "*, occurred_at::DATE AS occurred_on, net_minor * (order_id % 31) // 100 AS discount_minor, net_minor * 3 // 10 AS margin_minor"
            else:
                columns = (
                    f"{_who(customers, 6)} AS customer_id, {_when(first, days, 7)} AS occurred_at, "
                    f"{named}[1 + floor(pow({_draw(8)}, 1.8e0) * {len(EVENTS)})::INT] AS event, "
                    f"'category-' || floor(pow({_draw(9)}, 1.5e0) * 30)::INT AS category, "
                    f"round({_draw(10)} * 100e0, 2) AS value"
                )
                outer = "*, occurred_at::DATE AS occurred_on"
            run.execute(
                f"COPY (SELECT {outer} FROM (SELECT {columns} FROM range({low}, {high}) t(i)) ORDER BY occurred_at) "
                f"TO '{folder}/{name}/{first:%Y-%m}.parquet' {kept}"
            )
    run.close()


def connect(folder: Path, events: str, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Return an engine with two threads and the views of a moment that the set reads."""
    run = duckdb.connect(
        config={"threads": 2, "memory_limit": f"{memory_mb}MiB", "temp_directory": str(folder / "scratch")}
    )
    run.execute("SET TimeZone = 'UTC'")
    for name, files in (
        ("customers", "customers.parquet"),
        ("purchases", "purchases/*.parquet"),
        ("events", f"{events}/*.parquet"),
    ):
        run.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet('{folder}/{files}')")
    return run
