"""How fast does the simulated shop live and write, and in how much memory?

Each size runs in a process of its own: a year of history in files of 13 weeks, then eight weekly deliveries. Its
baseline, in the same process afterwards, writes the same rows once more from memory-mapped copies with the same writers
and does nothing else (the tills' workbooks are left out on both sides of the ratio: reading them back costs more than
writing).

    python benchmarks/simulator.py [CUSTOMERS ...]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from liuke_sim import VARIANTS, VERSION, Shop, WrittenFile, deliveries
from liuke_sim.files import open_writer

SIZES = (20_000, 200_000, 1_000_000)
BATCH_DAYS = 91


def main() -> None:
    """Print one line per size."""
    print(f"liuke_sim {VERSION}, {date.today()}: one year and eight weeks, files of {BATCH_DAYS} days, then weekly")
    print(f"{'customers':>10} {'rows':>12} {'seconds':>8} {'CPU':>7} {'peak MiB':>9} {'bare write':>11} {'ratio':>6}")
    for size in [int(one) for one in sys.argv[1:]] or SIZES:
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(size)], check=True, capture_output=True, text=True
        )
        r = json.loads(done.stdout)
        print(
            f"{size:>10,} {r['rows']:>12,} {r['seconds']:>8.1f} {r['cpu']:>7.1f} {r['peak_mib']:>9.0f} "
            f"{r['bare']:>11.1f} {r['cpu'] / r['bare']:>6.1f}",
            flush=True,
        )


def one(size: int) -> dict[str, float]:
    """Measure one size in this process."""
    config = replace(VARIANTS["plain"], customers=size, batch_days=BATCH_DAYS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        began, cpu = time.perf_counter(), time.process_time()
        shop = Shop.generate(config, seed=1)
        files = shop.write_history(folder / "shop")
        for start, end in list(deliveries(shop)):
            files += shop.write_week(folder / "shop", start, end)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        bare = sum(rewrite(file, folder / "bare") for file in files if file.series != "till")
    rows = sum(file.rows for file in files)
    return {"rows": rows, "seconds": seconds, "cpu": cpu, "peak_mib": peak, "bare": bare}


def rewrite(file: WrittenFile, folder: Path) -> float:
    """Write a file's rows once more; return the CPU seconds of the writing alone."""
    spent, writer = 0.0, None
    for table in read(file.path):
        began = time.process_time()
        writer = writer or open_writer(folder / file.path.name, table.schema)
        writer.write(table)
        spent += time.process_time() - began
    if writer:
        began = time.process_time()
        writer.close()
        spent += time.process_time() - began
    (folder / file.path.name).unlink(missing_ok=True)
    return spent


def read(path: Path) -> Iterator[pa.Table]:
    """Read a csv or parquet file piece by piece."""
    if path.suffix == ".parquet":
        for batch in pyarrow.parquet.ParquetFile(str(path)).iter_batches(batch_size=200_000):
            yield pa.Table.from_batches([batch])
        return
    convert = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names(path), pa.string()))
    reading = pyarrow.csv.ReadOptions(block_size=2**24)
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with pyarrow.csv.open_csv(str(path), reading, parsing, convert) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


def names(path: Path) -> list[str]:
    """Return the columns of a csv file."""
    with pyarrow.csv.open_csv(str(path), pyarrow.csv.ReadOptions(block_size=2**24)) as reader:
        return list(reader.schema.names)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(int(sys.argv[2]))))
    else:
        main()
