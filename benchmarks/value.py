"""`make bench-value`: the CDNOW fits beside ``lifetimes`` in one run, the errors on its second half, a million values.

``lifetimes`` is looked for in this interpreter, then in the one that LIUKE_LIFETIMES names (it needs older or other
packages than Liuke's); without it that part is left out and said so. It only ever gets the arrays made here from
LIUKE_DATA; the data it ships are not read.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from liuke.kernel.progress import Progress
from liuke.predict.clv import (
    BgNbd,
    GammaGamma,
    MbgNbd,
    ModelChoice,
    ParetoNbd,
    PurchaseSummary,
    TotalError,
    value_customers,
)

CALIBRATION_END = date(1997, 9, 30)
WEEKS = 39
REPEATS = 7

# Run by the other interpreter: the same arrays, timed the same way, in the same minute.
OTHER = """
import json, sys, time, warnings
import numpy as np
warnings.filterwarnings("ignore")
import lifetimes
from lifetimes import BetaGeoFitter
x, t_x, T = np.load(sys.argv[1])
seconds = []
for _ in range(int(sys.argv[2])):
    begin = time.perf_counter()
    model = BetaGeoFitter(penalizer_coef=0.0).fit(x, t_x, T)
    seconds.append(time.perf_counter() - begin)
values = [float(model.params_[name]) for name in ("r", "alpha", "a", "b")]
print(json.dumps({"version": lifetimes.__version__, "seconds": seconds, "parameters": values}))
"""


def read_cdnow(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return frequency, recency and T in weeks, mean repeat spend, and purchases of the second half."""
    spent: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    later: dict[str, set[date]] = defaultdict(set)
    with gzip.open(data / "cdnow" / "cdnow_sample.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            day = datetime.strptime(row["date"], "%Y%m%d").date()
            if day <= CALIBRATION_END:
                spent[row["customer_id"]][day] += float(row["dollars"])
            else:
                later[row["customer_id"]].add(day)
    days = [sorted(of.items()) for of in spent.values()]
    return (
        np.array([len(of) - 1.0 for of in days]),
        np.array([(of[-1][0] - of[0][0]).days / 7 for of in days]),
        np.array([(CALIBRATION_END - of[0][0]).days / 7 for of in days]),
        np.array([np.mean([amount for _, amount in of[1:]] or [0.0]) for of in days]),
        np.array([float(len(later[customer])) for customer in spent]),
    )


def timed_fits(history: tuple[np.ndarray, ...]) -> list[float]:
    """Time BG/NBD."""
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        BgNbd().fit(*history)
        seconds.append(time.perf_counter() - begin)
    return seconds


def beside_lifetimes(history: tuple[np.ndarray, ...]) -> list[str]:
    """Fit the same arrays by both, one after the other, and compare the medians."""
    python = os.environ.get("LIUKE_LIFETIMES", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder) / "history.npy"
        np.save(arrays, np.stack(history))
        first = timed_fits(history)
        done = subprocess.run(
            [python, "-c", OTHER, str(arrays), str(REPEATS)], capture_output=True, text=True, check=False
        )
        ours = first + timed_fits(history)  # before and after, so that a busy minute hits both
    mine = statistics.median(ours)
    lines = ["| BG/NBD on CDNOW | version | median of fits | fastest | r, α, a, b |", "|---|---|---:|---:|---|"]
    found = BgNbd().fit(*history).parameters
    lines.append(f"| liuke | | {mine:.3f} s | {min(ours):.3f} s | {', '.join(f'{v:.4f}' for v in found)} |")
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason given"
        return [*lines, "", f"`lifetimes` could not be run here ({reason}), so there is no comparison."]
    other = json.loads(done.stdout.splitlines()[-1])
    theirs = statistics.median(other["seconds"])
    shown = ", ".join(f"{v:.4f}" for v in other["parameters"])
    lines.append(f"| lifetimes | {other['version']} | {theirs:.3f} s | {min(other['seconds']):.3f} s | {shown} |")
    verdict = "no slower" if mine <= theirs else "**SLOWER**"
    return [*lines, "", f"Liuke's fit is {verdict}: {theirs / mine:.1f} times as fast in this run."]


def held_out(history: tuple[np.ndarray, ...], actual: np.ndarray, spend: np.ndarray) -> list[str]:
    """Fit the first 39 weeks of CDNOW, judge by the next 39."""
    x, _, T = history
    lines = [
        f"Held out: {actual.sum():,.0f} purchases of {actual.size:,} customers.",
        "",
        "| model | parameters | log-likelihood | MAE | RMSE | bias | correlation |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    rows: list[tuple[str, str, str, np.ndarray]] = [
        ("nobody buys", "", "", np.zeros_like(actual)),
        ("past rate (x / T)", "", "", np.divide(x, T, out=np.zeros_like(x), where=T > 0) * WEEKS),
    ]
    for name, kind in (("BG/NBD", BgNbd), ("MBG/NBD", MbgNbd), ("Pareto/NBD", ParetoNbd)):
        model = kind().fit(*history)
        expected = model.conditional_expected_purchases(WEEKS, *history)
        values = ", ".join(f"{v:.4f}" for v in model.parameters)
        rows.append((name, values, f"{model.log_likelihood_:.2f}", expected))
    for name, values, fit, expected in rows:
        error = expected - actual
        correlation = "" if expected.std() == 0 else f"{np.corrcoef(expected, actual)[0, 1]:.3f}"
        lines.append(
            f"| {name} | {values} | {fit} | {np.abs(error).mean():.4f} | {np.sqrt((error**2).mean()):.3f} | "
            f"{expected.sum() / actual.sum() - 1:+.1%} | {correlation} |"
        )
    repeaters = (x > 0) & (spend > 0)
    model = GammaGamma().fit(x[repeaters], spend[repeaters])
    shown = ", ".join(f"{v:.3f}" for v in model.parameters)
    known = BgNbd().fit(*history)
    one = float(known.conditional_expected_purchases(39, 2, 30.43, 38.86))
    ahead = ", ".join(f"{v:.4f}" for v in known.expected_purchases([0.1429, 1, 3, 31.8571, 32, 78]))
    return [
        *lines,
        "",
        f"Gamma-gamma of {repeaters.sum():,} repeat buyers: p, q, v = {shown}. BG/NBD expects {one:.3f} purchases in "
        f"39 weeks of a customer with x = 2, t_x = 30.43, T = 38.86, and of a fresh one {ahead} within 1/7, 1, 3, "
        "31 6/7, 32 and 78 weeks.",
    ]


class Bars(Progress):
    """Prints how far it is."""

    def start(self, label: str, total: int | None = None) -> None:
        """Begin."""
        self._label, self._total, self._done = label, total or 0, 0

    def advance(self, n: int = 1) -> None:
        """Count on."""
        self._done += n
        print(f"\r{self._label} {self._done:,} / {self._total:,}", end="", file=sys.stderr)

    def finish(self, note: str = "") -> None:
        """End."""
        print(file=sys.stderr)


def a_million(n: int) -> list[str]:
    """Value that many customers whose histories are drawn from BG/NBD's own story."""
    rng = np.random.default_rng(1)
    T = np.floor(rng.uniform(30, 700, n))
    rate = rng.gamma(0.8, 1 / 45, n)
    # the exact path doesn't matter for speed: counts of a Poisson process, a last purchase uniform within the life
    x = rng.poisson(rate * T * rng.uniform(0.2, 1.0, n)).astype(float)
    t_x = np.where(x > 0, np.floor(T * rng.beta(np.maximum(x, 1), 1)), 0.0)
    summary = PurchaseSummary(np.arange(n), x, t_x, T, 1500.0 * rng.gamma(4, 0.25, n))
    lines = [
        f"| values of {n:,} customers with intervals, two threads | seconds | CPU seconds | customers a second |",
        "|---|---:|---:|---:|",
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for purchases, spend in (("bg_nbd", "gamma-gamma"), ("mbg_nbd", "credibility")):
        choice = ModelChoice(
            date(2026, 1, 1), purchases, purchases, spend, 365, None, {}, None, "", "", TotalError(0.1, 3.0, 0)
        )
        begin, used = time.perf_counter(), time.process_time()
        value_customers(summary, choice, None, 365, 0.10, 0.9, 0, 2, Bars())
        seconds, used = time.perf_counter() - begin, time.process_time() - used
        lines.append(f"| {purchases}, {spend} | {seconds:.1f} | {used:.1f} | {n / seconds:,.0f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [*lines, "", f"Peak memory {peak / 2**20:.1f} GiB, of which {before / 2**20:.1f} GiB before the first."]


def main() -> None:
    """Print everything as Markdown, or write it to a page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--customers", type=int, default=1_000_000)
    chosen = parser.parse_args()
    data = os.environ.get("LIUKE_DATA")
    parts = ["# Customer value: measurements", "", f"By `make bench-value`, {datetime.now(UTC):%Y-%m-%d}.", ""]
    if data:
        x, t_x, T, spend, actual = read_cdnow(Path(data))
        parts += ["## Fit", "", *beside_lifetimes((x, t_x, T)), "", "## CDNOW, 39 + 39 weeks", ""]
        parts += [*held_out((x, t_x, T), actual, spend), ""]
    else:
        parts += ["LIUKE_DATA names no data, so CDNOW is left out.", ""]
    parts += ["## A million customers", "", *a_million(chosen.customers), ""]
    text = "\n".join(parts)
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
