"""`liuke evaluate`: how good a model is, beside baselines that need no model."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from liuke.app.cli.churn_report import print_report
from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day, progress
from liuke.app.cli.output import console, emit_json, table
from liuke.kernel import NotEnoughData, UsageError
from liuke.kernel.money import minor_exponent
from liuke.predict.churn import churn_page
from liuke.predict.clv import ValueReport

group = typer.Typer(help="Judge the models by periods that nothing was fitted on.", no_args_is_help=True)


@group.command()
@command
def churn(
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    horizon_days: Annotated[
        int | None, typer.Option(min=7, max=365, help="Days without a purchase that count as churn, for this report.")
    ] = None,
    window_days: Annotated[
        int | None, typer.Option(min=7, max=730, help="Who bought within so many days is an active buyer, likewise.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of learner and bootstrap: the same seed gives the same report.")] = 1,
    html: Annotated[
        Path | None, typer.Option(help="Write the report as one self-contained page, in Chinese and English.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language that the page opens in: zh or en.")] = "zh",
    as_json: JsonOption = False,
) -> None:
    """Train on past days, judge on the last full horizon before --as-of (default: the day after the last order)."""
    if language not in ("zh", "en"):
        raise UsageError(f"'{language}' is no language of the page", "write zh or en")
    with application(workspace) as app, progress(quiet=as_json) as bars:
        day = parse_day(as_of) or app.day_after_last_order()
        if day is None:
            raise UsageError("there are no orders to learn from", "run `liuke ingest` first")
        report = app.churn.evaluate(day, seed, bars, horizon_days, window_days)
    if isinstance(report, NotEnoughData):
        _say_missing(day, report, as_json)
        return
    if html is not None:
        html.write_text(churn_page(report, app.features.titles, language), encoding="utf-8")
    if as_json:
        emit_json(report.to_dict())
    else:
        print_report(report)
        if html is not None:
            console.print(f"Page written: {html}", soft_wrap=True)


@group.command()
@command
def clv(
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    horizon_days: Annotated[
        int | None,
        typer.Option(min=7, help="Days to judge by (default: the second half of the history, at most a year)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of learner and bootstrap: the same seed gives the same report.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Fit the value models on days before the last horizon, judge them by what customers then brought."""
    with application(workspace) as app, progress(quiet=as_json) as bars:
        day = parse_day(as_of) or app.day_after_last_order()
        if day is None:
            raise UsageError("there are no orders to learn from", "run `liuke ingest` first")
        report = app.value.evaluate(day, horizon_days, seed, bars)
    if isinstance(report, NotEnoughData):
        _say_missing(day, report, as_json)
    elif as_json:
        emit_json(report.to_dict())
    else:
        print_value_report(report)


def print_value_report(report: ValueReport) -> None:
    """Print the errors of each model, for purchases and for margin."""
    console.print(
        f"[bold]Customer value[/]: known by {report.cutoff}, judged by the {report.horizon_days} days to "
        f"{report.as_of}: {report.n_customers:,} buyers, {report.n_repeat:,} of them on two days or more",
        soft_wrap=True,
    )
    unit = 10 ** minor_exponent(report.currency)
    for title, scores, scale in (
        ("purchase days", report.purchases, 1),
        (f"margin, {report.currency}", report.margin, unit),
    ):
        rows = [
            (
                score.model,
                f"{score.mae.value / scale:.3f}",
                f"{score.rmse.value / scale:.3f} ({score.rmse.low / scale:.3f} to {score.rmse.high / scale:.3f})",
                f"{score.bias.value:+.1%} ({score.bias.low:+.1%} to {score.bias.high:+.1%})",
                f"{score.correlation:.3f}",
                f"{score.spearman:.3f}",
                f"{score.gini:.3f}",
            )
            for score in scores
        ]
        heads = ("model", "MAE", "RMSE (95 %)", "bias of the total (95 %)", "correlation", "Spearman", "Gini")
        table(title, heads, rows)
        best = report.best(scores)
        tenths = ((one.n, f"{one.predicted / scale:.2f}", f"{one.actual / scale:.2f}") for one in best.tenths)
        table(f"{best.model} by tenths of the prediction, means", ("customers", "predicted", "came"), list(tenths))
    check = report.intervals
    console.print(
        f"Intervals of {check.level:.0%}: {check.customers:.1%} of single customers' hold what came; of "
        f"{check.n_groups} groups of {check.group_size}, {check.groups:.0%} of values, {check.kept:.0%} "
        f"of margins of those who stay, {check.left:.0%} of values at risk against those who left. All customers: "
        f"{check.total.value / unit:,.0f} ({check.total.low / unit:,.0f} to {check.total.high / unit:,.0f}); "
        f"{check.actual / unit:,.0f} came.",
        soft_wrap=True,
    )
    console.print(f"Margin where a product's cost is unknown: {report.margin_rate:.0%} of net revenue (an assumption).")
    console.print(report.covariate_note, soft_wrap=True)
    console.print(report.verdict_en(), soft_wrap=True)
    console.print(report.verdict_zh(), soft_wrap=True)


def _say_missing(day: date, missing: NotEnoughData, as_json: bool) -> None:
    if as_json:
        emit_json({"as_of": day, "not_enough_data": missing})
    else:
        console.print(f"Not enough data: {missing.reason_en}", soft_wrap=True)
        console.print(f"数据不足：{missing.reason_zh}", soft_wrap=True)
