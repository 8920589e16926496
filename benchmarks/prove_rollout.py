"""Do trials steer as they should? Simulated shops whose strategies are known to harm, to help, to change nothing.

Each shop runs three strategies week by week through the product's own path: files, tags, draws, messages, answers,
reading, rule. `generous` offers so large a coupon that people doubt the goods and take offence; `modest` a small one;
what `nothing` sends never arrives. All three are trials with the same document: 5 → 20 → 50 → 90 % of the audience,
10 % control, guard-rails on repurchase, margin and unsubscribes, everything read by intervals that hold at all looks.

Bars: `generous` is stopped as harmful before a fifth of its audience was contacted, `modest` is rolled out, `nothing`
ends as "no effect", each in at least nine of ten shops; nowhere is a wrong end more frequent than one in ten.

Answers are stronger here than in the shop of the demo (`STRONG`): what is tested is the steering, and with answers of
the usual size it would take shops of a hundred thousand customers to see an end within weeks.

    python benchmarks/prove_rollout.py --page docs/reference/rollout-proof.md

With `--keep FILE` each shop's ends are written there as soon as it is done; the same command then goes on after a stop.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from liuke.app.bootstrap import Application
from liuke.app.demo.answers import sent_contacts
from liuke.app.demo.offers import Offer
from liuke.app.demo.translation import Translation
from liuke.app.loop import DailyLoop
from liuke.app.trials import draft_for
from liuke.kernel import SimulatedClock
from liuke.learn.experiments import Act, TrialState
from liuke_sim import SOURCES_DIR, VARIANTS, Shop, ShopConfig

ZONE = "Asia/Shanghai"
START = date(2024, 9, 2)
HISTORY_DAYS = 182
SOURCES = ("profiles", "orders", "order_status", "social_orders", "social_status", "store", "products", "behaviour")
STRONG = {
    "strength": 6.0,
    "push": 2.0,
    "most_push": 2.0,
    "fade": 0.8,
    "after_leaving": 1.0,
    "early_days": 1_000.0,
    "fatigue": 0.0,
    "irritation": 0.0,
    "annoyed_unsubscribe_share": 0.5,
    "best_value_minor": 2_000,
}
HARMFUL, USEFUL, NULL = "generous", "modest", "nothing"
OFFERS = {
    (HARMFUL, "message"): Offer("coupon", 25_000),
    (USEFUL, "message"): Offer("coupon", 1_500),
    (NULL, "message"): Offer("none"),
}
WANTED = {HARMFUL: "harmful", USEFUL: "rolled_out", NULL: "no_effect"}
PLANNED_SHARE = 0.30
"""Planned size, relative to the shop. Two of five customers are buyers by then; drawn at 5 % and again at 20 %, each
tells as much as 0.7 customers at 50 % would: 0.28 of the shop, and some of those who become buyers meanwhile."""
MOST_CONTACTED = 0.20
LEAST_RIGHT = 0.90
DOCUMENT: dict[str, Any] = {
    "rollout": {"stages": [0.05, 0.20, 0.50, 1.0], "min_days": 7, "min_units": 40},
    "rule": {"worthwhile": 0.03, "min_units_per_arm": 40},
    "metrics": {
        "guardrails": [
            {"metric": "repurchase"},
            {"metric": "margin"},
            {"metric": "unsubscribed", "worse_by": 0.10},
        ]
    },
}
_STRATEGY = """language: 1
id: {name}
name: {{zh: {name}, en: {name}}}
description: {{zh: 证明用, en: for the proof}}
audience: {{tag: purchase_days, gte: 1}}
control_share: 0.1
entry: {{again_after_days: 14}}
message: {{node: message, channel: sms, template: second_purchase}}
goal: {{metric: repurchase, horizon_days: 14}}
"""


@dataclass(frozen=True)
class Job:
    """One shop, for so many weeks."""

    seed: int
    customers: int
    weeks: int


@dataclass(frozen=True)
class End:
    """What became of one strategy in one shop.

    Parameters
    ----------
    outcome : str
        Reason of the end, or the state it was left in.
    contacted_share : float
        Customers contacted ÷ customers in the audience, at the end.
    weeks : int
        Until the end; of those that did not end, all.
    """

    strategy: str
    outcome: str
    contacted_share: float
    weeks: int

    @property
    def right(self) -> bool:
        """Whether it ended as it should."""
        enough = self.outcome == WANTED[self.strategy]
        return enough and (self.strategy != HARMFUL or self.contacted_share < MOST_CONTACTED)


def prove(job: Job) -> tuple[list[End], float]:
    """Take one shop through its weeks."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="liuke-rollout-"))
    try:
        return _live(folder / "shop", job), time.monotonic() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _live(path: Path, job: Job) -> list[End]:
    first = START + timedelta(days=HISTORY_DAYS)
    clock = SimulatedClock(ZONE, first)
    app = _workspace(path, job, clock)
    shop = Shop.generate(_config(job, first), job.seed)
    translation = Translation(shop.members(), app.cipher.pepper)
    inbox = app.workspace.path / "inbox"
    shop.write_history(inbox, first)
    _start_trials(app, first, job.customers)
    ended: dict[str, tuple[int, str]] = {}
    for week in range(job.weeks + 1):
        day = first + timedelta(weeks=week)
        clock.day = day
        DailyLoop(app).run(day, only=("ingest", "resolve", "tag", "decide", "engage", "learn"))
        for record in app.trials.records():
            if record.state is TrialState.ENDED and record.strategy not in ended and record.reason is not None:
                ended[record.strategy] = (week, record.reason.value)
        if len(ended) == len(WANTED) or week == job.weeks:
            break
        contacts = sent_contacts(app.operations, translation, OFFERS, (day, day + timedelta(days=7)), ZONE).contacts
        shop.receive(contacts.filter(pc.not_equal(contacts["campaign"], NULL)))
        shop.write_week(inbox, day, day + timedelta(days=7))
    audience = _audience(app)
    return [_end(app, name, ended, audience, job.weeks) for name in WANTED]


def _end(app: Application, name: str, ended: dict[str, tuple[int, str]], audience: int, weeks: int) -> End:
    contacts = app.lake.arrow("contacts")
    sent = contacts.filter(pc.and_(pc.equal(contacts["strategy"], name), pc.is_valid(contacts["sent_at"])))
    contacted = len(set(sent["customer_id"].to_pylist()))
    state = next(record.state.value for record in app.trials.records() if record.strategy == name)
    week, outcome = ended.get(name, (weeks, state))
    return End(name, outcome, contacted / max(audience, 1), week)


def _audience(app: Application) -> int:
    """Return how many customers stand in the audience today."""
    tags = app.lake.arrow("customer_tags")
    today = tags.filter(pc.equal(tags["as_of"], pc.max(tags["as_of"])))
    return int(pc.sum(pc.greater_equal(today["purchase_days"], 1)).as_py() or 0)


def _config(job: Job, first: date) -> ShopConfig:
    plain = VARIANTS["plain"]
    return replace(
        plain,
        customers=job.customers,
        start=START,
        weekly_from=first,
        weeks=job.weeks,
        batch_days=HISTORY_DAYS,
        response=replace(plain.response, **STRONG),
    )


def _workspace(path: Path, job: Job, clock: Callable[[], Any]) -> Application:
    settings: dict[str, dict[str, Any]] = {
        "shop": {"name": "prove", "zone": ZONE, "currency": "CNY"},
        "outreach": {"transports": {"sms": "file"}, "cap_messages": 10},
        "experiments": {"global_control_share": 0.0, "seed": str(job.seed)},
    }
    app = Application.create(path, settings, clock, job.seed.to_bytes(32, "big"))
    for name in SOURCES:
        shutil.copyfile(SOURCES_DIR / f"{name}.yaml", app.workspace.sources_dir / f"{name}.yaml")
    for name in WANTED:
        (app.workspace.strategies_dir / f"{name}.yaml").write_text(_STRATEGY.format(name=name), encoding="utf-8")
    return app


def _start_trials(app: Application, day: date, customers: int) -> None:
    act = Act("proof", app.now(), day)
    for strategy in app.strategies:
        rule = DOCUMENT["rule"] | {"planned_units": round(PLANNED_SHARE * customers)}
        document = draft_for(strategy, app.settings.experiments, DOCUMENT | {"rule": rule})
        app.trials.plan(document, act, [strategy.id])
        app.trials.start(document.id, act, app.strategies)


# ---- judging


def failures(ends: list[End]) -> list[str]:
    """Return the bars that are missed, in words."""
    found = []
    for name in WANTED:
        own = [end for end in ends if end.strategy == name]
        right = sum(end.right for end in own) / len(own)
        if right < LEAST_RIGHT:
            found.append(f"{name}: {right:.0%} ended as they should (bar {LEAST_RIGHT:.0%})")
        wrong = Counter(end.outcome for end in own if end.outcome in WANTED.values() and not end.right)
        found += [f"{name}: {n} of {len(own)} {outcome}" for outcome, n in wrong.items() if n > len(own) / 10]
    return found


@dataclass(frozen=True)
class Done:
    """One shop that has run to its end."""

    seed: int
    commit: str
    seconds: float
    ends: list[End]


def page(done: list[Done], options: argparse.Namespace) -> str:
    """Return the confusion table as a page."""
    ends, missed = [end for one in done for end in one.ends], failures([end for one in done for end in one.ends])
    commits = ", ".join(f"{commit} ({n} shops)" for commit, n in Counter(one.commit for one in done).items())
    shops = len(done)
    left = f" ({options.shops - shops} of {options.shops} not yet run)" if shops < options.shops else ""
    outcomes = [*WANTED.values(), *sorted({end.outcome for end in ends} - set(WANTED.values()))]
    lines = [
        "# Do trials steer as they should?",
        "",
        "Written by `make prove-rollout`; what is done is described in `benchmarks/prove_rollout.py`. Simulated shops",
        "with answers several times stronger than the demo's; the steering is tested, not the size of effects.",
        "",
        f"Date {date.today()}, commit {commits}; {shops} shops{left} of {options.customers:,} customers, at most "
        f"{options.weeks} weeks; median {statistics.median(one.seconds for one in done):.0f} s a shop, "
        f"{options.processes} at once on {os.cpu_count()} cores.",
        "",
        "| strategy | "
        + " | ".join(outcomes)
        + " | audience contacted: median, most | weeks to the end: median, most |",
        "|---|" + "---:|" * len(outcomes) + "---:|---:|",
    ]
    for name in WANTED:
        own = [end for end in ends if end.strategy == name]
        counts = Counter(end.outcome for end in own)
        cells = [f"**{counts[one]}**" if one == WANTED[name] else str(counts[one]) for one in outcomes]
        shares = sorted(end.contacted_share for end in own)
        weeks = sorted(end.weeks for end in own)
        middle = len(own) // 2
        lines.append(
            f"| {name} | " + " | ".join(cells) + f" | {shares[middle]:.0%}, {shares[-1]:.0%} "
            f"| {weeks[middle]}, {weeks[-1]} |"
        )
    stopped = [end.contacted_share for end in ends if end.strategy == HARMFUL and end.outcome == WANTED[HARMFUL]]
    late = [f"{share:.0%}" for share in stopped if share >= MOST_CONTACTED]
    lines += [
        "",
        f"Stopped as harmful, rightly: {len(stopped)}; with less than {MOST_CONTACTED:.0%} of the audience contacted: "
        f"{len(stopped) - len(late)}{'; later, at ' if late else ''}{', '.join(late)}.",
        "",
        f"Bars: at least {LEAST_RIGHT:.0%} in the bold column; `{HARMFUL}` with less than {MOST_CONTACTED:.0%} of its "
        "audience contacted.",
        "",
        f"**Result{' so far, of too few shops to tell' if left else ''}:** "
        + ("; ".join(missed) if missed else "every bar is met."),
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the proof; exit code 1 when a bar is missed."""
    options = _options().parse_args(arguments)
    say, commit = partial(print, flush=True), _commit()
    done = _kept(options.keep)
    finished = {one.seed for one in done}
    seeds = [options.seed * 1_000 + i for i in range(options.shops)]
    jobs = [Job(seed, options.customers, options.weeks) for seed in seeds if seed not in finished]
    text = _write(done, options) if done else ""
    with multiprocessing.get_context("spawn").Pool(options.processes, maxtasksperchild=5) as pool:
        for job, (found, took) in zip(jobs, pool.imap(prove, jobs), strict=True):
            done.append(Done(job.seed, commit, round(took), found))
            told = ", ".join(f"{one.strategy} {one.outcome} {one.contacted_share:.0%} w{one.weeks}" for one in found)
            say(f"shop {job.seed}: {told} ({took:.0f} s)")
            if options.keep:
                with Path(options.keep).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(done[-1])) + "\n")
            text = _write(done, options)
    say(text)
    return 1 if failures([end for one in done for end in one.ends]) else 0


def _write(done: list[Done], options: argparse.Namespace) -> str:
    text = page(done, options)
    if options.page:
        Path(options.page).write_text(text, encoding="utf-8")
    return text


def _kept(path: str | None) -> list[Done]:
    """Return the shops that an earlier run has finished."""
    if path is None or not Path(path).is_file():
        return []
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return [Done(**row | {"ends": [End(**one) for one in row["ends"]]}) for row in rows]


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=int, default=20)
    parser.add_argument("--customers", type=int, default=9_000)
    parser.add_argument("--weeks", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--page", help="write the result there, anew after every shop")
    parser.add_argument("--keep", help="file of finished shops, to go on after a stop")
    return parser


if __name__ == "__main__":
    sys.exit(main())
