"""`liuke warnings`: how past warnings came out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day, progress
from liuke.app.cli.output import console, emit_json, plain, table
from liuke.app.warning_backtest import Backtest, run_backtest
from liuke.kernel import NotEnoughData, UsageError
from liuke.predict.early_warning import WeekOfWarnings

group = typer.Typer(help="Look back at the early warning.", no_args_is_help=True)


@group.callback()
def root() -> None:
    """Look back at the early warning."""


@group.command()
@command
def backtest(
    workspace: WorkspaceOption = Path(),
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How many past weeks with a complete outcome.")] = 8,
    as_of: AsOfOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the learner: the same seed gives the same answer.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Warn again in each past week with what was known then: who was warned, who left, how early, who was missed.

    The answer is kept for the console, which shows it after the next run.
    """
    with application(workspace) as app, progress(quiet=as_json) as bars:
        day = parse_day(as_of) or app.day_after_last_order()
        if day is None:
            raise UsageError("there are no orders to look back on", "run `liuke ingest` first")
        found = run_backtest(app, day, weeks, seed, bars)
    if isinstance(found, NotEnoughData):
        if as_json:
            emit_json({"as_of": day, "not_enough_data": found})
            return
        console.print(f"Not enough data: {found.reason_en}", soft_wrap=True)
        console.print(f"数据不足：{found.reason_zh}", soft_wrap=True)
    elif as_json:
        told = [{**plain(week), "precision": week.precision, "recall": week.recall} for week in found.weeks]
        emit_json({"as_of": day, "weeks": told})
    else:
        _print(found)


def _print(found: Backtest) -> None:
    horizon = found.weeks[0].horizon_days
    table(
        f"Early warning of {len(found.weeks)} past weeks, seen from {found.as_of} "
        f"(warned: orange or red; left: no purchase in {horizon} days)",
        ("week", "scored", "warned", "of them left", "left in all", "warned of them", "missed", "worth an offer"),
        [_row(week) for week in found.weeks],
    )
    table(
        "Lead time of those first warned in the week who then left (days to the end of their own expected interval)",
        ("week", "customers", "72 h or more", "lower quartile", "median", "upper quartile"),
        [
            (
                week.week.isoformat(),
                week.first_warned,
                week.in_time,
                *(None if one is None else f"{one:.1f}" for one in _lead(week)),
            )
            for week in found.weeks
        ],
    )
    console.print("以上为按当时已知数据重演的预警；本命令不发送任何消息。", soft_wrap=True)
    console.print("Replayed with what was known in each week; nothing is sent.", soft_wrap=True)


def _row(week: WeekOfWarnings) -> tuple[object, ...]:
    return (
        week.week.isoformat(),
        week.scored,
        week.warned,
        _of(week.warned_churned, week.precision),
        _of(week.churned, week.churned / week.scored if week.churned is not None and week.scored else None),
        None if week.recall is None else f"{week.recall:.0%}",
        week.missed,
        week.missed_paying,
    )


def _lead(week: WeekOfWarnings) -> tuple[float | None, ...]:
    return week.lead_days_low, week.lead_days_median, week.lead_days_high


def _of(n: int | None, part: float | None) -> str | None:
    return None if n is None else f"{n:,}" + ("" if part is None else f" ({part:.0%})")
