"""`liuke evaluate`: how good a model is, beside baselines that need no model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day, progress
from liuke.app.cli.output import console, emit_json, table
from liuke.kernel import NotEnoughData, UsageError
from liuke.predict.churn import ChurnReport

group = typer.Typer(help="Judge the models by periods that nothing was fitted on.", no_args_is_help=True)


@group.command()
@command
def churn(
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    seed: Annotated[int, typer.Option(help="Seed of learner and bootstrap: the same seed gives the same report.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Train on past days, judge on the last full horizon before --as-of (default: the day after the last order)."""
    with application(workspace) as app, progress(quiet=as_json) as bars:
        day = parse_day(as_of) or app.day_after_last_order()
        if day is None:
            raise UsageError("there are no orders to learn from", "run `liuke ingest` first")
        report = app.churn.evaluate(day, seed, bars)
    if isinstance(report, NotEnoughData):
        if as_json:
            emit_json({"as_of": day, "not_enough_data": report})
        else:
            console.print(f"Not enough data: {report.reason_en}", soft_wrap=True)
            console.print(f"数据不足：{report.reason_zh}", soft_wrap=True)
        return
    if as_json:
        emit_json(report.to_dict())
    else:
        print_report(report)


def print_report(report: ChurnReport) -> None:
    """Print the scorecards of each population."""
    console.print(f"[bold]Churn as of {report.as_of}[/]: {report.horizon.note_en}", soft_wrap=True)
    console.print(report.plan.note_en(), soft_wrap=True)
    for population in report.populations:
        rows = [
            (
                card.model,
                f"{card.auroc.value:.3f} ({card.auroc.low:.3f} to {card.auroc.high:.3f})",
                f"{card.accuracy:.3f}",
                f"{card.balanced_accuracy:.3f}",
                f"{card.pr_auc.value:.3f}",
                f"{card.precision_at_recall:.3f}",
                f"{card.lift_at_10pct:.2f}",
                f"{card.brier:.3f}",
                f"{card.ece:.3f}",
            )
            for card in population.scorecards
        ]
        table(
            f"{population.population}: {population.n_final:,} customers on the untouched period, "
            f"{population.learner.base_rate:.1%} churned",
            ("model", "AUROC (95 %)", "accuracy", "balanced", "PR-AUC", "precision", "lift", "Brier", "ECE"),
            rows,
        )
    console.print(report.verdict_en(), soft_wrap=True)
