"""What becomes of useful, harmful and null strategies under the default stages and rules, with the truth known?

A small shop lives week by week with the real allocator, desk and analysis: 1,000 customers enter weekly, 30 % buy
within 14 days, contact adds or takes away points. Prints the table of `docs/reference/trial-decisions.md`; `--write`
writes it.

    python benchmarks/prove_trial_decisions.py --seeds 20
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from trial_shop import TrialShop  # noqa: E402 - lives beside the tests that use it, too

from liuke.learn.experiments import trial_from  # noqa: E402
from liuke.store.operations import Operations  # noqa: E402

PAGE = ROOT / "docs" / "reference" / "trial-decisions.md"
EFFECTS = {"useful": 0.15, "null": 0.0, "harmful": -0.15}
STAGES = [0.05, 0.2, 0.5, 1.0]
PLANNED = 3_500  # at half treated: six thousand customers at the first stages
WEEKS = 14
HEAD = """# What becomes of trials

Printed by `make prove-trial-decisions` on {day} at {commit}. {seeds} trials per row; 1,000 customers enter weekly,
30 % of them buy within 14 days without contact; stages 5, 20, 50, 100 %, read weekly, planned size {planned}. Each
stage and end follows from the default rules; nobody intervenes. A trial that ends as "no effect" contacts nobody any
more, as one that ends as harmful: a harmful strategy may stop either way. The shop is a small one made for this table;
the customers of `liuke demo` answer in richer ways.

"""


def live(effect: float, seed: int) -> tuple[str, int, float]:
    """Return how a trial ended, after how many weeks, and which share of those who entered was contacted."""
    document = {"language": 1, "id": "hello", "strategy": "hello", "horizon_days": 14}
    rules = {"rule": {"planned_units": PLANNED}, "rollout": {"stages": STAGES}}
    with tempfile.TemporaryDirectory() as folder:
        operations = Operations(f"sqlite:///{folder}/operations.db")
        operations.create_all()
        shop = TrialShop(operations, trial_from({**document, **rules}), seed=seed, effect=effect)
        record = shop.live(WEEKS)
        operations.engine.dispose()
    return (record.reason.value if record.reason else "still running"), shop.week, shop.contacted / shop.entered


def table(seeds: int) -> str:
    """Return the confusion table as Markdown."""
    ends = ("rolled_out", "no_effect", "harmful", "still running")
    lines = [
        "| truth | effect | trials | " + " | ".join(ends) + " | weeks (median, most) | contacted at the end (most) |",
        "|---|---|---|" + "---|" * (len(ends) + 2),
    ]
    for name, effect in EFFECTS.items():
        found = []
        for seed in range(seeds):
            found.append(live(effect, 1_000 + seed))
            sys.stderr.write(f"{name} {seed + 1}: {found[-1][0]}, week {found[-1][1]}, {found[-1][2]:.1%}\n")
        counts = Counter(reason for reason, _, _ in found)
        weeks = sorted(week for _, week, _ in found)
        numbers = " | ".join(str(counts[end]) for end in ends)
        most = max(share for _, _, share in found)
        span = f"{weeks[len(weeks) // 2]}, {weeks[-1]}"
        lines.append(f"| {name} | {effect:+.2f} | {seeds} | {numbers} | {span} | {most:.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table; write the page if asked."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--write", action="store_true", help="write docs/reference/trial-decisions.md")
    chosen = options.parse_args()
    found = table(chosen.seeds)
    sys.stdout.write(found + "\n")
    if chosen.write:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        head = HEAD.format(day=date.today(), commit=commit, seeds=chosen.seeds, planned=f"{PLANNED:,}")
        PAGE.write_text(head + found + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
