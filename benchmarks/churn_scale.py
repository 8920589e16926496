"""How long do training and scoring of the churn model take for a million customers, features ready?

A generated shop (histories drawn from BG/NBD, as many columns as the shipped features) is trained on past moments and
scored through the product's own functions. Beside it, on the same matrix and with the same threads: bare LightGBM,
which neither starts from purchase models nor calibrates nor says when, what is at stake, or why.
Bars: scoring below 60 s, training below 5 min and 6 GiB, on two cores.

    python benchmarks/churn_scale.py --customers 1000000 --write docs/reference/churn-scale.md
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import lightgbm as lgb
import numpy as np

from liuke.app.cli.progress import TerminalProgress
from liuke.collect.behaviours import load_catalogue
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.features import BG_NBD_FEATURE, TagFeatures
from liuke.predict.churn.models import boosted_trees, rhythm
from liuke.predict.churn.models.rhythm import Rhythms
from liuke.predict.churn.origins import Observation, Origin
from liuke.predict.churn.population import Outcomes
from liuke.predict.churn.scoring import score_table
from liuke.predict.churn.storage import ChurnModel
from liuke.predict.churn.training import Fitted, fit_population
from liuke.predict.clv import PurchaseSummary

DAY = dt.date(2026, 1, 1)
HORIZON = 56
ORIGINS = 6
T = TypeVar("T")


@dataclass
class Line:
    what: str
    seconds: float
    cpu_seconds: float
    note: str = ""


def histories(n: int, seed: int) -> PurchaseSummary:
    """Draw what customers did before a moment: random buying, random leaving, both differing between customers."""
    rng = np.random.default_rng(seed)
    age = rng.integers(1, 720, n).astype(float)
    rate, leave = rng.gamma(0.8, 1 / 40, n), rng.beta(0.8, 2.5, n)
    stays = rng.geometric(np.clip(leave, 1e-6, 1))
    wanted = rng.poisson(rate * age)
    frequency = np.minimum(wanted, stays).astype(float)
    alive = wanted <= stays
    last = np.where(alive, rng.beta(np.maximum(frequency, 1), 1), rng.beta(2, 2, n)) * age
    recency = np.where(frequency > 0, np.floor(np.maximum(last, 1)), 0.0)
    margin = np.round(rng.lognormal(8, 0.7, n))
    return PurchaseSummary(np.arange(n, dtype=np.int64), frequency, np.minimum(recency, age), age, margin)


def observed(n: int, seed: int, day: dt.date, names: tuple[str, ...]) -> Observation:
    """Put features around drawn histories; half of the columns say something, half are noise."""
    summary = histories(n, seed)
    rng = np.random.default_rng(seed + 1000)
    rhythms = Rhythms.fit(summary)
    silences = rhythms.silences(summary, HORIZON)
    basis = rhythm.basis(summary, silences)
    columns = [(basis[:, j % basis.shape[1]] if j % 2 else 0.0) + rng.normal(size=n) for j in range(len(names) - 1)]
    features = np.column_stack([*columns, silences[:, 0]])
    active = summary.since_last_days <= 365
    return Observation(day, summary, active, features, names, basis, rhythms)


def followed(seen: Observation, seed: int) -> Origin:
    """Let the horizon pass."""
    rng = np.random.default_rng(seed + 2000)
    n = len(seen.summary)
    churned = (rng.random(n) < np.clip(seen.features[:, -1] + 0.05 * seen.features[:, 1], 0.01, 0.99)).astype(float)
    days = np.where(churned == 1, np.nan, rng.integers(0, HORIZON, n))
    margin = np.where(churned == 1, 0.0, seen.summary.mean_margin_minor)
    return Origin(seen, Outcomes(churned, margin, days, np.zeros(n, dtype=bool)), np.ones(n))


def timed(lines: list[Line], what: str, call: Callable[[], T], note: str = "") -> T:
    """Run and write the time down."""
    begin, cpu = time.perf_counter(), time.process_time()
    result = call()
    lines.append(Line(what, time.perf_counter() - begin, time.process_time() - cpu, note))
    print(f"{what}: {lines[-1].seconds:.1f} s, {lines[-1].cpu_seconds:.1f} s of processor, {note}", flush=True)
    return result


def peak_gib() -> float:
    """Return the most memory that the process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def train(lines: list[Line], names: tuple[str, ...], per_origin: int, settings: ChurnSettings) -> Fitted:
    told = (histories(per_origin, k) for k in range(ORIGINS))
    timed(
        lines,
        "what purchase models say at past moments: fit and columns",
        lambda: [rhythm.basis(one, Rhythms.fit(one).silences(one, HORIZON)) for one in told],
        f"{ORIGINS} past moments of {per_origin:,} customers",
    )
    origins = [followed(observed(per_origin, k, DAY, names), k) for k in range(ORIGINS)]
    families = dict(TagFeatures.of(load_catalogue(None)).families)
    fitted = timed(
        lines,
        "training, calibration, judgement, training for use",
        lambda: fit_population("active", origins, families, HORIZON, 0, settings.num_threads, settings.min_class),
    )
    assert isinstance(fitted, Fitted)
    lines[-1].note = f"{ORIGINS} past moments of {per_origin:,} customers, peak {peak_gib():.1f} GiB"
    x = np.vstack([o.seen.features[o.seen.active] for o in origins[:-1]])
    y = np.concatenate([o.outcomes.churned[o.seen.active] for o in origins[:-1]])
    parameters = boosted_trees.PARAMETERS | {"num_threads": settings.num_threads}
    rounds = fitted.report.rounds
    timed(
        lines,
        "baseline: bare LightGBM, once",
        lambda: lgb.train(parameters, lgb.Dataset(x, y), rounds),
        f"{rounds} trees, {len(y):,} rows",
    )
    return fitted


def score(lines: list[Line], fitted: Fitted, names: tuple[str, ...], n: int, settings: ChurnSettings) -> None:
    seen = observed(n, 99, DAY, names)
    seen = Observation(DAY, seen.summary, np.ones(n, dtype=bool), seen.features, names, seen.basis, seen.rhythms)
    model = ChurnModel(DAY, fitted.trees, fitted.calibrator, HORIZON, HORIZON, "", "", {}, {}, {})
    builder = TagFeatures.of(load_catalogue(None))
    bare = lgb.Booster(model_str=fitted.trees.text)
    timed(lines, "baseline: bare LightGBM predict", lambda: bare.predict(seen.features, raw_score=True), f"{n:,} rows")
    with TerminalProgress(quiet=False) as bars:
        rows = timed(
            lines,
            "scoring: probability, days, margin, reasons (attributions alone) of those with most at stake",
            lambda: score_table(model, seen, builder, settings, "CNY", bars, lambda _: {}),
            f"{n:,} customers, reasons for {settings.max_explained:,}",
        )
    assert rows.num_rows == n
    rhythms = seen.rhythms
    assert rhythms is not None

    def rhythm_features() -> Any:
        return rhythm.basis(seen.summary, rhythms.silences(seen.summary, HORIZON))

    timed(
        lines, "beside it, where features aren't ready: what purchase models say", rhythm_features, f"{n:,} customers"
    )
    timed(lines, "and their fit", lambda: Rhythms.fit(seen.summary))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--learn-from", type=int, help="customers of each past moment (default: the setting)")
    parser.add_argument("--write", type=Path, help="page to write")
    arguments = parser.parse_args()
    settings = ChurnSettings()
    names = (*TagFeatures.of(load_catalogue(None)).definitions.visible, BG_NBD_FEATURE)
    lines: list[Line] = []
    per_origin = arguments.learn_from or min(arguments.customers, settings.max_customers)
    fitted = train(lines, names, per_origin, settings)
    score(lines, fitted, names, arguments.customers, settings)
    load = os.getloadavg()[0]
    page = [
        "# The churn model at scale",
        "",
        f"Printed by `make bench-churn` on {dt.datetime.now(dt.UTC).date()}: a generated shop of "
        f"{arguments.customers:,} customers, {len(names)} features, {settings.num_threads} threads; the machine's load "
        f"at the end {load:.0f} on {os.cpu_count()} cores (others were at work if it is above {settings.num_threads}).",
        "",
        "| step | seconds | seconds of processor | |",
        "|---|---:|---:|---|",
        *(f"| {line.what} | {line.seconds:.1f} | {line.cpu_seconds:.1f} | {line.note} |" for line in lines),
        "",
        f"Most memory held by the whole run: {peak_gib():.1f} GiB. Bars: scoring below 60 s, training below 300 s and "
        "6 GiB, on two cores; on a machine that others keep busy read the seconds of processor: two cores give "
        "two of them a second. Features are ready here; what they cost is what `make bench-tags` measures.",
    ]
    print("\n".join(page))
    if arguments.write:
        arguments.write.write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
