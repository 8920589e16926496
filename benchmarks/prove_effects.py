"""Are measured effects true? Hundreds of small simulated shops go through the product's own path, and keep score.

Each shop is generated from its own seed, delivers files, is ingested, resolved, tagged; three strategies draw arms and
send; the customers answer; the files of the weeks after it are ingested and the read-out is taken. Then, and only then,
the truth is looked at. One of the three strategies truly changes nothing: what it sends never arrives.

Bars for 200 shops or more: 92 to 98 % of the 95 % intervals hold the true effect; at most 7 % of the intervals of the
strategy without effect leave out zero; intervals are at most 1.2 times as wide as those of an analysis with plain
numpy that knows the assignments and the outcomes only. They hold for the interval of one look at the end; the interval
that the console shows every day is wider on purpose, holds at all looks together, and is scored beside it. Fewer shops
cannot tell 92 from 98 %: there a run fails only where luck would do the same less than once in a thousand times. The
mean error, in standard errors, is held to zero in both.

Some shops with strong effects are read out twice, the second time with a planted bug: half of the treated count as
control. The proof fails if it does not notice.

    python benchmarks/prove_effects.py --page docs/reference/effects-proof.md
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from scipy import stats

from liuke.app.bootstrap import Application
from liuke.app.demo.answers import sent_contacts
from liuke.app.demo.comparison import entered, outcomes, true_effects
from liuke.app.demo.offers import Offer
from liuke.app.demo.translation import Translation
from liuke.app.loop import DailyLoop
from liuke.collect.identity import IDENTITY_MAP
from liuke.decide.strategies import Arm, entries_of
from liuke.engage.outreach import CONTACTS
from liuke.kernel import SimulatedClock
from liuke.learn.experiments import ASSIGNMENTS, TrialRecord
from liuke_sim import SOURCES_DIR, VARIANTS, Shop, ShopConfig

ZONE = "Asia/Shanghai"
START = date(2024, 9, 2)
HISTORY_DAYS = 182  # half a year of files before anybody is written to
AFTER_DAYS = 35  # four weeks of window, and one for what is cancelled and sent back
HORIZON_DAYS = 28
SOURCES = ("profiles", "orders", "order_status", "social_orders", "social_status", "store", "products")
"""Mappings that the strategies and the read-out need; behaviour and texts would only take time."""
OFFERS = {
    ("coupon", "message"): Offer("coupon", 3_000),
    ("reminder", "message"): Offer("reminder"),
    ("nothing", "message"): Offer("none"),
}
CHANNELS = {"coupon": "sms", "reminder": "email", "nothing": "sms"}
ZERO = "nothing"
STRONG = {"strength": 6.0, "push": 2.0, "most_push": 2.0, "fade": 0.95, "after_leaving": 1.0, "early_days": 1_000.0}
"""Answers of the shops with the planted bug: far beyond any real shop's, so that few shops show what it does."""
LEVEL = 0.95
STRICT_FROM = 200
"""Shops from which the bars hold as they stand."""
CLOSE = 0.15
"""Mean error in standard errors that counts as none: what a till with a mistyped phone hides is of that size."""
ALIKE = 1.6
"""Rows that say as much as one independent row: the two metrics of a strategy see the same customers."""
_STRATEGY = """language: 1
id: {name}
name: {{zh: {name}, en: {name}}}
description: {{zh: 证明用, en: for the proof}}
audience: {{tag: purchase_days, gte: 1}}
control_share: {control_share}
message: {{node: message, channel: {channel}, template: second_purchase}}
goal: {{metric: repurchase, horizon_days: {horizon}}}
"""


@dataclass(frozen=True)
class Job:
    """One shop to prove."""

    seed: int
    customers: int
    variant: str = "plain"
    strong: bool = False
    control_share: float = 0.5
    planted: bool = False


@dataclass(frozen=True)
class Row:
    """One metric of one strategy in one shop, by one way of reading it.

    Parameters
    ----------
    reading : str
        ``fixed`` (one look, at the end), ``sequential`` (peek-safe: what the console shows every day) or ``planted``
        (fixed, with the bug).
    width_ratio : float
        Width of the product's interval, relative to that of the independent analysis.
    """

    strategy: str
    metric: str
    reading: str
    difference: float
    low: float
    high: float
    truth: float
    width_ratio: float

    @property
    def covered(self) -> bool:
        """Whether the interval holds the true effect."""
        return self.low <= self.truth <= self.high

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval claims an effect."""
        return self.low > 0 or self.high < 0

    @property
    def error(self) -> float:
        """Measured minus true, in standard errors."""
        return (self.difference - self.truth) / ((self.high - self.low) / 2 / stats.norm.ppf((1 + LEVEL) / 2))


def prove(job: Job) -> tuple[list[Row], float]:
    """Take one shop from its first file to the comparison with its truth; return its rows and the seconds it took."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="liuke-prove-"))
    try:
        return _prove_in(folder, job), time.monotonic() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prove_in(folder: Path, job: Job) -> list[Row]:
    entry_day = START + timedelta(days=HISTORY_DAYS)
    as_of = entry_day + timedelta(days=AFTER_DAYS)
    clock = SimulatedClock(ZONE, entry_day)
    app = _workspace(folder / "shop", job, clock)
    inbox = app.workspace.path / "inbox"
    shop = Shop.generate(_config(job, as_of), job.seed)
    translation = Translation(shop.members(), app.cipher.pepper)
    shop.write_history(inbox, entry_day)
    DailyLoop(app).run(entry_day, only=("ingest", "resolve", "tag", "decide", "engage"))
    week = (entry_day, entry_day + timedelta(days=7))
    contacts = sent_contacts(app.operations, translation, OFFERS, week, ZONE).contacts
    arriving = contacts.filter(pa.compute.not_equal(contacts["campaign"], ZERO))
    shop.receive(arriving)
    shop.write_history(inbox, as_of)
    clock.day = as_of
    DailyLoop(app).run(as_of, only=("ingest", "resolve", "learn"))
    return _rows(app, shop, translation, set(arriving["campaign"].to_pylist()), job, as_of)


def _config(job: Job, end: date) -> ShopConfig:
    plain = VARIANTS[job.variant]
    response = replace(plain.response, **STRONG) if job.strong else plain.response
    return replace(
        plain,
        customers=job.customers,
        start=START,
        weekly_from=end,
        weeks=0,
        batch_days=HISTORY_DAYS,
        response=response,
    )


def _workspace(path: Path, job: Job, clock: Callable[[], Any]) -> Application:
    settings: dict[str, dict[str, Any]] = {
        "shop": {"name": "prove", "zone": ZONE, "currency": "CNY"},
        # every strategy writes to everybody whom it may: none takes another's place
        "outreach": {"transports": {"email": "file", "sms": "file"}, "cap_messages": 10},
        "experiments": {"global_control_share": 0.0, "seed": str(job.seed), "level": LEVEL},
    }
    app = Application.create(path, settings, clock, job.seed.to_bytes(32, "big"))
    for name in SOURCES:
        shutil.copyfile(SOURCES_DIR / f"{name}.yaml", app.workspace.sources_dir / f"{name}.yaml")
    for name, channel in CHANNELS.items():
        text = _STRATEGY.format(name=name, channel=channel, control_share=job.control_share, horizon=HORIZON_DAYS)
        (app.workspace.strategies_dir / f"{name}.yaml").write_text(text, encoding="utf-8")
    return app


def _rows(
    app: Application, shop: Shop, translation: Translation, received: set[str], job: Job, as_of: date
) -> list[Row]:
    merged = app.lake.arrow(IDENTITY_MAP.name)
    joined = dict(zip(merged["identity_id"].to_pylist(), merged["customer_id"].to_pylist(), strict=True))
    assignments = app.lake.arrow(ASSIGNMENTS.name).to_pylist()
    actual = shop.purchases()
    rows = []
    for record in app.trials.records():
        with app.operations.read() as connection:
            entries = entries_of(connection, record.strategy)
        who = entered(entries, joined, HORIZON_DAYS, as_of)
        without = shop.purchases(("without", record.strategy)) if record.strategy in received else actual
        happened, would_have = (outcomes(world, translation, joined, who, HORIZON_DAYS) for world in (actual, without))
        truths = true_effects(who, happened, would_have)
        widths = independent_widths(assignments, record.strategy, actual, translation, joined)
        kept = app.trials.report(record.id)
        assert kept is not None, "the loop has just read it"
        readings = [("fixed", kept["analysis"]), ("sequential", kept["analysis"])]
        if job.planted:
            readings.append(("planted", _misread(app, record, job, as_of)))
        for reading, analysis in readings:
            for metric, truth in truths.items():
                found = next(one for one in analysis["metrics"] if one["name"] == metric)["comparisons"][0]
                interval = found["sequential" if reading == "sequential" else "fixed"]
                low, high = interval["low"], interval["high"]
                ratio = (high - low) / widths[metric]
                rows.append(Row(record.strategy, metric, reading, interval["value"], low, high, truth.value, ratio))
    return rows


def _misread(app: Application, record: TrialRecord, job: Job, as_of: date) -> Any:
    """Read a trial out with the bug: half of the treated customers count as control."""

    def wrong_entries(connection: Any, strategy: str) -> pa.Table:
        entries = entries_of(connection, strategy)
        rng = np.random.default_rng(job.seed)
        arms, chances = np.array(entries["arm"].to_pylist()), entries["probability"].to_numpy().copy()
        wrong = (arms == Arm.TREATED.value) & (rng.random(len(arms)) < 0.5)
        arms[wrong], chances[wrong] = Arm.CONTROL.value, 1 - chances[wrong]
        columns = {"arm": pa.array(arms.tolist(), pa.string()), "probability": pa.array(chances)}
        for name, column in columns.items():
            entries = entries.set_column(entries.schema.get_field_index(name), name, column)
        return entries

    contacts = app.lake.arrow(CONTACTS.name, {"as_of": as_of})
    with patch("liuke.learn.experiments.service.entries_of", wrong_entries), app.history.at(as_of) as moment:
        reading = app.trials.read(moment, record, contacts)
    assert reading.analysis is not None
    return reading.analysis.to_json()


def independent_widths(
    assignments: list[dict[str, Any]],
    strategy: str,
    purchases: pa.Table,
    translation: Translation,
    joined: dict[int, int],
) -> dict[str, float]:
    """Return by metric how wide an interval is for somebody who has the assignments, the outcomes and numpy only."""
    arm = {
        joined.get(row["customer_id"], row["customer_id"]): (row["arm"] == "treated", row["assigned_on"])
        for row in assignments
        if row["experiment"] == strategy
    }
    bought, margin = dict.fromkeys(arm, 0.0), dict.fromkeys(arm, 0.0)
    buyers = translation.customers(purchases["customer"].to_numpy(), joined).tolist()
    days, margins = purchases["occurred_on"].to_pylist(), purchases["margin_minor"].to_pylist()
    for buyer, day, minor in zip(buyers, days, margins, strict=True):
        if buyer in arm and 0 <= (day - arm[buyer][1]).days < HORIZON_DAYS:
            bought[buyer], margin[buyer] = 1.0, margin[buyer] + minor
    treated = np.array([one for one, _ in arm.values()])
    widths = {}
    for metric, outcome in (("repurchase", bought), ("margin", margin)):
        values = np.array([outcome[one] for one in arm])
        arms = (values[treated], values[~treated])
        error = np.sqrt(sum(sample.var(ddof=1) / len(sample) for sample in arms))
        widths[metric] = float(2 * stats.norm.ppf((1 + LEVEL) / 2) * error)
    return widths


# ---- judging


@dataclass(frozen=True)
class Score:
    """What many rows say together; shares are of intervals."""

    shops: int
    rows: int
    live_rows: int
    coverage: float
    zero_rows: int
    false_positives: float
    width_ratio: float
    mean_error: float
    mean_truth: dict[tuple[str, str], float]

    @classmethod
    def of(cls, shops: int, rows: list[Row]) -> Score:
        """Pool the rows of some shops."""
        zero = [row for row in rows if row.truth == 0.0 and row.strategy == ZERO]
        live = [row for row in rows if row.strategy != ZERO] or rows
        pairs = sorted({(row.strategy, row.metric) for row in rows})
        return cls(
            shops,
            len(rows),
            len(live),
            float(np.mean([row.covered for row in rows])),
            len(zero),
            float(np.mean([row.excludes_zero for row in zero])),
            float(np.mean([row.width_ratio for row in rows])),
            float(np.mean([row.error for row in live])),
            {pair: float(np.mean([row.truth for row in rows if (row.strategy, row.metric) == pair])) for pair in pairs},
        )

    def failures(self) -> list[str]:
        """Return the bars that are missed, in words."""
        found = []
        by_luck = self.shops < STRICT_FROM
        lowest, highest, most_false = 0.92, 0.98, 0.07
        if by_luck:
            n, n_zero = int(self.rows / ALIKE), max(int(self.zero_rows / ALIKE), 1)
            lowest, highest = stats.binom.ppf(0.001, n, LEVEL) / n, 1.0
            most_false = stats.binom.ppf(0.999, n_zero, 1 - LEVEL) / n_zero
        if not lowest <= self.coverage <= highest:
            found.append(f"coverage {self.coverage:.1%} is outside {lowest:.1%} to {highest:.1%}")
        if self.false_positives > most_false:
            found.append(
                f"false positives of the strategy without effect {self.false_positives:.1%} > {most_false:.1%}"
            )
        if self.width_ratio > 1.2:
            found.append(f"intervals are {self.width_ratio:.2f} times as wide as needed (bar 1.2)")
        bar = CLOSE + 3.3 / np.sqrt(max(self.live_rows / ALIKE, 1))  # 3.3: once in a thousand
        if abs(self.mean_error) > bar:
            found.append(f"mean error {self.mean_error:+.2f} standard errors (bar ±{bar:.2f})")
        return found


def run(jobs: Iterable[Job], processes: int, say: Callable[[str], None]) -> tuple[list[list[Row]], float]:
    """Prove shops in parallel; return their rows and the mean seconds of one."""
    jobs = list(jobs)
    results, seconds = [], []
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=20) as pool:
        for done, (rows, took) in enumerate(pool.imap(prove, jobs), start=1):
            results.append(rows)
            seconds.append(took)
            if done % max(1, len(jobs) // 10) == 0:
                say(f"{done} of {len(jobs)} shops, {np.mean(seconds):.1f} s each")
    return results, float(np.mean(seconds))


def pooled(results: list[list[Row]], reading: str = "fixed") -> Score:
    """Score one way of reading."""
    return Score.of(len(results), [row for rows in results for row in rows if row.reading == reading])


# ---- the command


@dataclass(frozen=True)
class Proof:
    """One set of shops and what it has to show."""

    name: str
    score: Score
    daily: Score
    misread: Score | None
    seconds: float

    def verdicts(self) -> list[str]:
        """Return what failed."""
        found = [f"{self.name}: {one}" for one in self.score.failures()]
        if self.daily.coverage < self.score.coverage:
            found.append(f"{self.name}: the peek-safe intervals hold the truth less often than those of one look")
        if self.misread is not None and not self.misread.failures():
            found.append(f"{self.name}: the planted bug was not noticed")
        return found


def main(arguments: list[str] | None = None) -> int:
    """Run the proof; exit code 1 when a bar is missed."""
    options = _options().parse_args(arguments)
    say = partial(print, flush=True)
    make = partial(Job, customers=options.customers)
    first = options.seed * 1_000_000
    sets = [("plain", [make(first + i) for i in range(options.shops)])]
    quiet, strong = options.no_effect_shops, options.planted_shops
    sets.append(("no_effect", [make(first + 500_000 + i, variant="no_effect") for i in range(quiet)]))
    planted = partial(make, customers=2 * options.customers, strong=True, control_share=0.1, planted=True)
    sets.append(("planted", [planted(first + 700_000 + i) for i in range(strong)]))
    commit, proofs = _commit(), []  # the commit that the run began with
    for name, jobs in sets:
        if jobs:
            say(f"{name}: {len(jobs)} shops of {options.customers} customers")
            results, seconds = run(jobs, options.processes, say)
            misread = pooled(results, "planted") if name == "planted" else None
            proofs.append(Proof(name, pooled(results), pooled(results, "sequential"), misread, seconds))
    failures = [one for proof in proofs for one in proof.verdicts()]
    text = page(proofs, options, commit, failures)
    say(text)
    if options.page:
        write(Path(options.page), text, append=options.append)
    return 1 if failures else 0


def write(path: Path, text: str, *, append: bool) -> None:
    """Write the page, or add a further run to it without its opening lines."""
    if append and path.exists():
        text = path.read_text(encoding="utf-8") + "\n## A further run\n\n" + text[text.index("Date ") :]
    path.write_text(text, encoding="utf-8")


def page(proofs: list[Proof], options: argparse.Namespace, commit: str, failures: list[str]) -> str:
    """Return the result as a page."""
    noticed = ", the planted bug is noticed" if any(proof.misread for proof in proofs) else ""
    lines = [
        "# Are measured effects true?",
        "",
        "Written by `make prove-effects`; what is done is described in `benchmarks/prove_effects.py`. Everything here",
        "is simulated: only there the true effect of a contact is known.",
        "",
        f"Date {date.today()}, commit {commit}, {options.processes} processes on {os.cpu_count()} cores; shops of "
        f"{options.customers} customers.",
        "",
        "| shops | intervals | hold the true effect | strategy without effect: leave out zero | width against plain "
        "numpy | mean error, in standard errors | seconds a shop |",
        "|---|---|---|---|---|---|---|",
    ]
    for proof in proofs:
        lines.append(_line(f"{proof.score.shops} {proof.name}", proof.score, proof.seconds))
        lines.append(_line("the same, peek-safe intervals", proof.daily, proof.seconds))
        if proof.misread is not None:
            lines.append(_line(f"the same {proof.score.shops}, read with a planted bug", proof.misread, proof.seconds))
    lines += [
        "| bars, from 200 shops on | | 92 to 98 % | ≤ 7 % | ≤ 1.2 | | |",
        "",
        "`plain`: three strategies, half of their customers in control; `coupon` and `reminder` arrive, what `nothing`",
        "sends never does. `no_effect`: a shop in which no contact changes anything. `planted`: strong effects, and a",
        "second read-out in which half of the treated count as control; it has to be noticed.",
        "",
        "| true effects, mean over the shops | " + " | ".join(f"{s} {m}" for s, m in proofs[0].score.mean_truth) + " |",
        "|---|" + "---|" * len(proofs[0].score.mean_truth),
    ]
    for proof in proofs:
        values = (
            f"{value * 100:+.2f} points" if metric == "repurchase" else f"{value / 100:+.2f} yuan"
            for (_, metric), value in proof.score.mean_truth.items()
        )
        lines.append(f"| {proof.name} | " + " | ".join(values) + " |")
    lines += [
        "",
        "**Result:** " + ("; ".join(failures) or f"every bar is met{noticed}."),
        "",
    ]
    return "\n".join(lines)


def _line(name: str, score: Score, seconds: float) -> str:
    false = f"{score.false_positives:.1%} of {score.zero_rows}"
    return (
        f"| {name} | {score.rows} | {score.coverage:.1%} | {false} | {score.width_ratio:.3f} | "
        f"{score.mean_error:+.2f} | {seconds:.1f} |"
    )


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=int, default=200)
    parser.add_argument("--no-effect-shops", type=int, default=40)
    parser.add_argument("--planted-shops", type=int, default=16)
    parser.add_argument("--customers", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--page", help="write the result there")
    parser.add_argument("--append", action="store_true", help="keep what the page says and add this run below")
    return parser


if __name__ == "__main__":
    sys.exit(main())
