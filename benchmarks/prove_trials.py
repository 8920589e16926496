"""Do the intervals keep their promise? Simulated trials whose truth is known, read daily for thirty days.

    python benchmarks/prove_trials.py                 minutes on two cores; `make prove-trials` writes the page
    python benchmarks/prove_trials.py --small         seconds: few runs, wider bars; a test runs it
    python benchmarks/prove_trials.py --write FILE    also writes the results as a page

Every number comes out of liuke.learn.inference as the product calls it. Exits 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from math import sqrt
from pathlib import Path

import numpy as np

from liuke.learn.inference import (
    ArmMean,
    ClusterMoments,
    Difference,
    Moments,
    PairMoments,
    Plan,
    adjust,
    always_valid,
    compare_clusters,
    compare_means,
    compare_proportions,
    compare_ratios,
    compare_sequentially,
    permute_clusters,
    plan_clusters,
    plan_means,
    plan_proportions,
    ratio_mean,
    sample_ratio_p,
    sample_ratio_sequential,
    share_mean,
)

SEED = 20_260_801
LOOKS, PER_DAY = 30, 100  # looks, and customers per arm and day
PLANNED = 2 * LOOKS * PER_DAY
LEVEL = 0.95
REGIONS = 12
CHUNK = 250  # runs of one task; part of the seed, so the number of processes changes nothing

Rng = np.random.Generator
Floats = np.ndarray


# What customers do. Each returns (y, x) for one arm: values of shape `shape`, x the denominator or covariate.


def share(rng: Rng, shape: tuple[int, ...], lift: float) -> tuple[Floats, Floats]:
    return (rng.random(shape) < 0.10 + lift).astype(float), np.zeros(shape)


def spend(rng: Rng, shape: tuple[int, ...], lift: float) -> tuple[Floats, Floats]:
    """One customer in five buys; log-normal amounts, the top 1 % of customers spend about a quarter of it all."""
    return (rng.random(shape) < 0.2) * rng.lognormal(4.0, 1.2, shape) + lift, np.zeros(shape)


def ratio(rng: Rng, shape: tuple[int, ...], lift: float) -> tuple[Floats, Floats]:
    """Margin per order, more for those who order often: numerator and denominator go together."""
    keen = rng.gamma(2.0, 0.5, shape)
    orders = 1.0 + rng.poisson(2 * keen)
    return orders * (20 * keen * rng.lognormal(0, 0.5, shape) + lift), orders


def covariate(rng: Rng, shape: tuple[int, ...], lift: float) -> tuple[Floats, Floats]:
    """Spend after and before, both skewed, correlated by about 0.8."""
    before = rng.gamma(1.5, 40.0, shape)
    return before * rng.lognormal(0, 0.3, shape) + rng.gamma(1.0, 15.0, shape) + lift, before


Sums = PairMoments
Read = Callable[[Sums, Sums], Difference]


@dataclass(frozen=True)
class Metric:
    name: str
    draw: Callable[[Rng, tuple[int, ...], float], tuple[Floats, Floats]]
    lift: float  # of the trials with an effect, in the metric's unit
    fixed: Read
    sequential: Read


def sequence(treated: Moments | ArmMean, control: Moments | ArmMean) -> Difference:
    return compare_sequentially(treated, control, LEVEL, planned_n=PLANNED)


def fixed_cuped(t: Sums, c: Sums) -> Difference:
    adjusted = adjust(t, c)
    return compare_means(adjusted.treated, adjusted.control, LEVEL)


def sequence_cuped(t: Sums, c: Sums) -> Difference:
    adjusted = adjust(t, c)
    return sequence(adjusted.treated, adjusted.control)


METRICS = (
    Metric(
        "share of buyers, 10 %",
        share,
        0.02,
        lambda t, c: compare_proportions(t.y, c.y, LEVEL),
        lambda t, c: sequence(share_mean(t.y), share_mean(c.y)),
    ),
    Metric(
        "heavy-tailed spend",
        spend,
        4.0,
        lambda t, c: compare_means(t.y, c.y, LEVEL),
        lambda t, c: sequence(t.y, c.y),
    ),
    Metric(
        "ratio: margin per order",
        ratio,
        2.0,
        lambda t, c: compare_ratios(t, c, LEVEL),
        lambda t, c: sequence(ratio_mean(t), ratio_mean(c)),
    ),
    Metric("spend adjusted by CUPED", covariate, 3.0, fixed_cuped, sequence_cuped),
)


@dataclass(frozen=True)
class Counts:
    """How often, of ``runs``."""

    runs: int = 0
    fixed_alarm: int = 0  # zero left the fixed interval at any look
    sequential_alarm: int = 0  # zero left the sequence at any look
    fixed_holds: int = 0  # the truth lies in the fixed interval at the last look
    sequential_holds: int = 0  # the truth lies in the sequence at all looks

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))


def rng_for(*key: int) -> Rng:
    return np.random.default_rng([SEED, *key])


def arm_sums(metric: Metric, rng: Rng, runs: int, lift: float) -> list[list[PairMoments]]:
    """Return the sums so far, by run and look."""
    y, x = metric.draw(rng, (runs, LOOKS, PER_DAY), lift)
    sums = [np.cumsum(part, axis=1) for part in (x.sum(2), y.sum(2), (x * x).sum(2), (y * y).sum(2), (x * y).sum(2))]
    table = np.stack(sums, axis=2).tolist()
    return [[PairMoments((day + 1) * PER_DAY, *row) for day, row in enumerate(run)] for run in table]


def watch(which: int, truth_is_zero: bool, chunk: int, runs: int) -> Counts:
    """Read ``runs`` trials of one metric daily."""
    metric = METRICS[which]
    lift = 0.0 if truth_is_zero else metric.lift
    rng = rng_for(1, which, truth_is_zero, chunk)
    treated, control = arm_sums(metric, rng, runs, lift), arm_sums(metric, rng, runs, 0.0)
    total = Counts()
    for t_run, c_run in zip(treated, control, strict=True):
        looks = list(zip(t_run, c_run, strict=True))
        fixed = looks if truth_is_zero else looks[-1:]  # read daily only where false alarms are counted
        total += judged([metric.fixed(*look) for look in fixed], [metric.sequential(*look) for look in looks], lift)
    return total


def judged(fixed: list[Difference], sequential: list[Difference], truth: float) -> Counts:
    """Return one trial's outcome from its looks."""
    return Counts(
        1,
        any(not d.low <= 0 <= d.high for d in fixed),
        any(not d.low <= 0 <= d.high for d in sequential),
        fixed[-1].low <= truth <= fixed[-1].high,
        all(d.low <= truth <= d.high for d in sequential),
    )


def region_days(rng: Rng) -> tuple[Floats, Floats]:
    """Return customers and totals so far by region and day, shapes (12, 30): unequal sizes, regions that differ."""
    daily = np.maximum(5, rng.lognormal(3.5, 0.5, REGIONS))
    sizes = np.cumsum(rng.poisson(daily[:, None], (REGIONS, LOOKS)) + 1, axis=1).astype(float)
    steps = np.diff(sizes, axis=1, prepend=0.0)
    level = 50 + rng.normal(0, 6, REGIONS)[:, None] + rng.normal(0, 3, (REGIONS, LOOKS))
    return sizes, np.cumsum(steps * level + rng.normal(0, 30, (REGIONS, LOOKS)) * np.sqrt(steps), axis=1)


def watch_regions(truth_is_zero: bool, chunk: int, runs: int) -> tuple[Counts, int]:
    """Read ``runs`` trials of twelve regions daily; also count how often the permutation's interval holds the truth."""
    rng, lift = rng_for(2, truth_is_zero, chunk), 0.0 if truth_is_zero else 4.0
    total, permuted = Counts(), 0
    keys = tuple(f"r{i}" for i in range(REGIONS))
    for _ in range(runs):
        sizes, totals = region_days(rng)
        order = rng.permutation(REGIONS)
        halves = order[: REGIONS // 2], order[REGIONS // 2 :]
        totals[halves[0]] += lift * sizes[halves[0]]
        fixed, sequential, arms = [], [], []
        for day in range(LOOKS):
            arms = [
                ClusterMoments(
                    tuple(keys[i] for i in half), tuple(sizes[half, day].tolist()), tuple(totals[half, day].tolist())
                )
                for half in halves
            ]
            fixed.append(compare_clusters(arms[0], arms[1], LEVEL))
            sequential.append(always_valid(fixed[-1], REGIONS, planned_n=REGIONS, small_sample=True))
        chance = permute_clusters(arms[0], arms[1], LEVEL)
        permuted += chance.low <= lift <= chance.high
        total += judged(fixed, sequential, lift)
    return total, permuted


def watch_split(chunk: int, runs: int) -> tuple[int, int]:
    """Check a fair split daily at 5 %: alarms of the chi-square test and of the sequential one."""
    days = rng_for(3, chunk).multinomial(2 * PER_DAY, [0.5, 0.5], (runs, LOOKS))
    fixed = sum(
        any(sample_ratio_p(so_far.tolist(), [1, 1]) < 0.05 for so_far in np.cumsum(run, axis=0)) for run in days
    )
    return fixed, sum(sample_ratio_sequential(run, [1, 1]).p_value < 0.05 for run in days)


# Power: trials of the planned size, read once.


def power_share(rng: Rng, plan: Plan, mde: float) -> Difference:
    n0, n1 = plan.n_per_arm
    return compare_proportions(
        Moments.of_share(int(rng.binomial(n1, 0.10 + mde)), n1), Moments.of_share(int(rng.binomial(n0, 0.10)), n0)
    )


def power_of_metric(which: int) -> Callable[[Rng, Plan, float], Difference]:
    def trial(rng: Rng, plan: Plan, mde: float) -> Difference:
        metric, sums = METRICS[which], []
        for n, lift in zip(plan.n_per_arm, (0.0, mde), strict=True):
            y, x = metric.draw(rng, (n,), lift)
            sums.append(PairMoments.of(x, y))
        return metric.fixed(sums[1], sums[0])

    return trial


def power_clusters(rng: Rng, plan: Plan, mde: float) -> Difference:
    arms, first = [], 0
    for k, lift in zip(plan.n_per_arm, (0.0, mde), strict=True):
        sizes = np.maximum(10, rng.normal(50, 15, k)).round()
        totals = sizes * (lift + rng.normal(0, sqrt(0.05), k)) + rng.normal(0, sqrt(0.95), k) * np.sqrt(sizes)
        keys = tuple(f"{first + i}" for i in range(k))
        arms.append(ClusterMoments(keys, tuple(sizes.tolist()), tuple(totals.tolist())))
        first += k
    return compare_clusters(arms[1], arms[0])


def power_sequence(rng: Rng, plan: Plan, mde: float) -> Difference:
    arms = [
        Moments.from_mean(float(rng.normal(lift, 10 / sqrt(n))), 10 * sqrt(rng.chisquare(n - 1) / (n - 1)), n)
        for n, lift in zip(plan.n_per_arm, (0.0, mde), strict=True)
    ]
    return compare_sequentially(arms[1], arms[0], LEVEL, planned_n=plan.n_total)


def large_sample(which: int) -> PairMoments:
    y, x = METRICS[which].draw(rng_for(4, which), (400_000,), 0.0)
    return PairMoments.of(x, y)


def power_cases() -> list[tuple[str, Plan, float, Callable[[Rng, Plan, float], Difference]]]:
    """Return what was planned, from the variances that a shop's history would give."""
    money, margins, before = (large_sample(which) for which in (1, 2, 3))
    kept = adjust(before, before)
    rho = sqrt(1 - kept.variance_kept)
    plans = (
        ("share, 10 % → 12 %", plan_proportions(0.10, 0.02), power_share),
        ("share, control 1/5 of customers", plan_proportions(0.10, 0.02, shares=(1, 4)), power_share),
        ("heavy-tailed spend", plan_means(money.y.variance, 12.0), power_of_metric(1)),
        ("ratio: margin per order", plan_means(ratio_mean(margins).variance, 2.5), power_of_metric(2)),
        ("CUPED", plan_means(before.y.variance, 6.0, correlation=rho), power_of_metric(3)),
        ("regions, unequal", plan_clusters(1.0, 0.25, 50, 0.05, cluster_size_cv=0.3), power_clusters),
        ("confidence sequence, at its end", plan_means(100, 1.0, sequential=True), power_sequence),
    )
    return [(name, plan, plan.mde, trial) for name, plan, trial in plans]


def find_power(case: int, chunk: int, runs: int) -> int:
    _, plan, mde, trial = CASES[case]
    rng = rng_for(5, case, chunk)
    found = (trial(rng, plan, mde) for _ in range(runs))
    return sum(not d.low <= 0 <= d.high for d in found)


CASES = power_cases()


# Bars and the page


class Bars:
    """Collects rows and what missed its bar; a small proof widens the bars by three standard errors of its runs."""

    def __init__(self, runs: int, small: bool) -> None:
        self.runs, self.small, self.missed, self.lines = runs, small, [], []  # type: ignore[var-annotated]

    def _slack(self, rate: float) -> float:
        return 3 * sqrt(rate * (1 - rate) / self.runs) if self.small else 0.0

    def check(self, what: str, value: float, low: float, high: float) -> str:
        """Return the rate as it is shown, marked if it misses its bar."""
        fits = low - self._slack(max(low, 0.01)) <= value <= high + self._slack(min(high, 0.99))
        if not fits:
            self.missed.append(f"{what}: {value:.2%}, wanted {low:.1%} to {high:.1%}")
        return f"{value:.2%}" + ("" if fits else " ✗")

    def add(self, line: str = "") -> None:
        """Keep and show a line."""
        self.lines.append(line)
        print(line, flush=True)


def prove(runs: int, small: bool, workers: int) -> Bars:
    bars = Bars(runs, small)
    sizes = [min(CHUNK, runs - start) for start in range(0, runs, CHUNK)]
    with ProcessPoolExecutor(workers) as pool:
        tasks = {
            (which, zero): [pool.submit(watch, which, zero, i, n) for i, n in enumerate(sizes)]
            for which in range(len(METRICS))
            for zero in (True, False)
        }
        regions = {
            zero: [pool.submit(watch_regions, zero, i, n) for i, n in enumerate(sizes)] for zero in (True, False)
        }
        split = [pool.submit(watch_split, i, n) for i, n in enumerate(sizes)]
        power = [[pool.submit(find_power, case, i, n) for i, n in enumerate(sizes)] for case in range(len(CASES))]

        bars.add(
            "| metric | false alarms, fixed interval read daily | false alarms, sequence "
            "| fixed holds the truth at the end | sequence holds the truth at all looks |"
        )
        bars.add("|---|---|---|---|---|")
        for which, metric in enumerate(METRICS):
            null, real = (sum((t.result() for t in tasks[which, zero]), Counts()) for zero in (True, False))
            bars.add(row(bars, metric.name, null, real, (0.20, 0.40)))
        nulls, reals = ([t.result() for t in regions[zero]] for zero in (True, False))
        null, real = (sum((counts for counts, _ in found), Counts()) for found in (nulls, reals))
        bars.add(row(bars, "12 regions, unequal", null, real, (0.0, 0.40)))
        holds = bars.check("regions by permutation", sum(n for _, n in reals) / runs, 0.94, 0.96)
        bars.add(f"| 12 regions, by permutation | | | {holds} | |")
        fixed, sequential = (sum(t.result()[i] for t in split) / runs for i in (0, 1))
        alarms = bars.check("split, sequential", sequential, 0, 0.05)
        bars.add(f"| split of customers (SRM at 5 %) | {fixed:.2%} | {alarms} | | |")
        bars.add()
        bars.add("| trial planned for a power of 80 % | sizes (control, treated) | found |")
        bars.add("|---|---|---|")
        for (name, plan, _, _), found in zip(CASES, power, strict=True):
            rate = bars.check(f"power, {name}", sum(t.result() for t in found) / runs, 0.78, 0.82)
            bars.add(f"| {name} | {plan.n_per_arm[0]:,}, {plan.n_per_arm[1]:,} | {rate} |")
    return bars


def row(bars: Bars, name: str, null: Counts, real: Counts, expected_fixed: tuple[float, float]) -> str:
    cells = [
        bars.check(f"{name}, fixed read daily", null.fixed_alarm / null.runs, *expected_fixed),
        bars.check(f"{name}, sequence read daily", null.sequential_alarm / null.runs, 0, 0.05),
        bars.check(f"{name}, coverage fixed", real.fixed_holds / real.runs, 0.94, 0.96),
        bars.check(f"{name}, coverage sequential", real.sequential_holds / real.runs, 0.95, 1),
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def commit_of_code() -> str:
    """Return the last commit that touched what is proven; asked before the run, which takes a while."""
    sources = ["--", "src/liuke/learn/inference", "benchmarks/prove_trials.py"]
    asked = ["git", "log", "-1", "--format=%h", *sources]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def page(bars: Bars, seconds: float, commit: str) -> str:
    return "\n".join(
        [
            "# Proof: the intervals keep their promise",
            "",
            f"Written by `make prove-trials` on {date.today().isoformat()}, commit {commit}, "
            f"{platform.machine()}, {seconds:.0f} s.",
            "",
            f"{bars.runs:,} simulated trials per row, seed {SEED}; {LOOKS} daily looks at {PER_DAY} new customers per "
            f"arm and day; intervals of {LEVEL:.0%}. A false alarm: without any effect, zero left the interval at one "
            "look or more. It holds: with an effect, the true one lies inside. Bars: false alarms of a sequence at "
            "most 5 %, coverage 94 to 96 % fixed and at least 95 % sequential, power 78 to 82 %. The fixed interval "
            "read daily stands beside as the baseline; it is not made for that.",
            "",
            *bars.lines,
            "",
            "All bars met." if not bars.missed else "Missed: " + "; ".join(bars.missed) + ".",
            "",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few runs and wider bars")
    parser.add_argument("--runs", type=int, help="trials per row (default 10,000; small: 200)")
    parser.add_argument("--write", type=Path, help="write the results as a page")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    began, commit = time.perf_counter(), commit_of_code()
    bars = prove(arguments.runs or (200 if arguments.small else 10_000), arguments.small, arguments.workers)
    seconds = time.perf_counter() - began
    if arguments.write:
        arguments.write.write_text(page(bars, seconds, commit), encoding="utf-8")
    print(f"\n{seconds:.0f} s; " + ("all bars met" if not bars.missed else "missed: " + "; ".join(bars.missed)))
    return 1 if bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
