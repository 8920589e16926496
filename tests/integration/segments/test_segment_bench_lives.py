"""The benchmark of segment counts still runs, at a small scale: product and SQL by hand count the same."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_the_benchmark_counts_the_same_both_ways():
    path = Path(__file__).parents[3] / "benchmarks" / "segments.py"
    spec = importlib.util.spec_from_file_location("bench_segments", path)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    result = bench.measure(customers=5_000, events=60_000, rounds=2)
    assert 0 < result["six_and_event"]["members"] < result["six"]["members"] < 5_000
    assert result["six"]["product"]["median_ms"] > 0
