"""`liuke ingest`, `liuke run`, `liuke status`: the daily work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day, progress
from liuke.app.cli.output import console, emit_json, plain, table
from liuke.app.loop import DailyLoop, LoopReport
from liuke.app.overview import shop_status
from liuke.collect.sources import IngestReport
from liuke.engage.outreach import Stop
from liuke.kernel import DataError, ServiceError


@command
def ingest(
    workspace: WorkspaceOption = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files that would be read, read none.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the files that the mappings find and that are new or changed."""
    with application(workspace) as app:
        if dry_run:
            plan = app.ingestor.plan()
            if as_json:
                emit_json({"files": plan})
            else:
                table(
                    "Files", ("source", "file", "state"), [(one.source, one.file_key, one.state.value) for one in plan]
                )
            return
        with app.workspace.lock("ingest"), progress(quiet=as_json) as bars:
            report = app.ingestor.ingest(app.now(), bars)
    if as_json:
        emit_json(report)
    else:
        print_ingest(report)
    if report.refused:
        raise typer.Exit(DataError.exit_code)


def print_ingest(report: IngestReport) -> None:
    """Print each file's rows: read = loaded + filtered + quarantined, by reason."""
    rows = [
        (
            one.source,
            one.file_key,
            one.state.value,
            one.rows,
            one.loaded,
            sum(one.filtered.values()),
            sum(one.quarantined.values()),
        )
        for one in report.loads
    ]
    if rows:
        columns = ("source", "file", "was", "rows", "loaded", "filtered", "quarantined")
        table("Ingested", columns, rows)
    console.print(f"{len(report.loads)} files read, {report.unchanged} unchanged, {len(report.refused)} refused.")
    for kind in ("filtered", "quarantined"):
        reasons: Counter[str] = Counter()
        for one in report.loads:
            reasons.update(getattr(one, kind))
        if reasons:
            table(kind.capitalize(), ("rows", "reason"), [(count, reason) for reason, count in reasons.most_common()])
    for refused in report.refused:
        told = f"{refused.source}: {refused.file_key}: {refused.message}"
        console.print(f"[red]refused[/] {escape(told)}", soft_wrap=True)
        console.print(f"  → {refused.hint}", soft_wrap=True, markup=False)
    if any(one.quarantined for one in report.loads):
        console.print("`liuke quarantine list` shows the rows; after mending the mapping: `liuke quarantine release`.")


@command
def run(workspace: WorkspaceOption = Path(), as_of: AsOfOption = None, as_json: JsonOption = False) -> None:
    """Take the daily loop: ingest, tags, key figures, predictions, warnings, strategies, messages, effects.

    Safe to interrupt and to repeat: what is done is not done again. A past day computes everything and sends nothing on
    a channel that reaches people.
    """
    with application(workspace) as app, progress(quiet=as_json) as bars:
        report = DailyLoop(app, bars).run(parse_day(as_of))
    if as_json:
        emit_json({**plain(report), "stopped": report.stopped})
    else:
        print_run(report)
    if report.stopped:
        raise typer.Exit(ServiceError.exit_code)


def print_run(report: LoopReport) -> None:
    """Print what each step did."""
    rows: list[tuple[Any, ...]] = [
        (one.name, "as before" if one.repeated else f"{one.seconds:.1f} s", one.note) for one in report.steps
    ]
    table(
        f"Run as of {report.as_of}" + (" (rehearsed: a past day)" if report.rehearsed else ""),
        ("step", "took", "result"),
        rows,
    )
    for part, reason in report.missing.items():
        console.print(f"[yellow]{part}[/]: {escape(reason.reason_en)}", soft_wrap=True)
    print_stopped(report.stopped)


def print_stopped(stopped: Sequence[Stop]) -> None:
    """Print which channels stopped, why, and what to do."""
    for stop in stopped:
        console.print(f"[red]{stop.channel} stopped[/]: {escape(stop.message)}", soft_wrap=True)
        console.print(f"  → {stop.hint}", soft_wrap=True, markup=False)


@command
def status(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Show what is known of the shop: data, key figures, warnings, strategies, messages, the last run."""
    with application(workspace) as app:
        found = shop_status(app)
    if as_json:
        emit_json(found)
        return
    console.print(f"[bold]{escape(app.shop.name)}[/] as of {found['as_of'] or 'never run'}")
    table("Data", ("table", "rows"), list(found["tables"].items()))
    if found["levels"]:
        rows = [(one["level"], one["customers"], one["value_at_risk"]) for one in found["levels"]]
        table("Warnings", ("level", "customers", "value at risk"), rows)
    if found["metrics"]:
        rows = [(one["metric"], one["shown"], one["shown_period"]) for one in found["metrics"]]
        table("Key figures", ("figure", "value", "period"), rows)
    if found["effects"]:
        columns = ("strategy", "metric", "treated", "control", "difference", "low", "high", "verdict")
        rows = [
            (one["strategy"], one["metric"], one["treated_n"], one["control_n"], *one["shown"].values(), one["verdict"])
            for one in found["effects"]
        ]
        table("Strategies", columns, rows)
    if found["messages"]:
        told = [
            (one["strategy"], one["state"], " ".join((one["reason_zh"], one["reason_en"])).strip(), one["messages"])
            for one in found["messages"]
        ]
        table("Messages", ("strategy", "state", "reason", "messages"), told)
    print_stopped([Stop(**one) for one in found["stopped"]])
    table("Last steps", ("step", "as of", "state", "seconds", "note"), [tuple(one.values()) for one in found["steps"]])
    for part, reason in found["missing"].items():
        console.print(f"[yellow]{part}[/]: {escape(reason['reason_en'])}", soft_wrap=True)
