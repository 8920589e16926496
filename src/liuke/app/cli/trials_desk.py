"""`liuke trials plan|start|status|read-out|pause|resume|stop|roll-back`: the shop's own trials."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from liuke.app import trials
from liuke.app.bootstrap import Application
from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day
from liuke.app.cli.output import console, emit_json, table
from liuke.decide.strategies import Strategy
from liuke.engage.outreach import CONTACTS
from liuke.kernel import UsageError
from liuke.learn.experiments import Act, Trial, TrialRecord, balance_of, choose_pilot, parse_trial, reading_tree

TrialArgument = Annotated[str, typer.Argument(help="The trial's id; `liuke trials status` lists them.")]
WhyOption = Annotated[str, typer.Option("--why", help="A few words for the trial's history.")]


@command
def plan(
    file: Annotated[Path | None, typer.Argument(help="A trial as YAML or JSON.")] = None,
    workspace: WorkspaceOption = Path(),
    strategy: Annotated[str | None, typer.Option(help="Instead of a file: plan this strategy's trial.")] = None,
    trial_id: Annotated[str | None, typer.Option("--id", help="The trial's id; default: of the file.")] = None,
    worthwhile: Annotated[
        float | None, typer.Option(min=0, help="Smallest gain worth acting on: 0.01 is a point.")
    ] = None,
    stages: Annotated[str | None, typer.Option(help="Treated shares through which it grows: 0.05,0.2,0.5,1.0.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep it as a draft that can be started.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say how many customers a trial needs and for how long, from the shop's own history; --save keeps the draft."""
    with application(workspace) as app:
        document = _document(app, file, strategy, trial_id, worthwhile, stages)
        found = trials.sizes(app.trials, document)
        if save:
            app.trials.plan(document, _act(app), (one.id for one in app.strategies))
    if as_json:
        emit_json(found | {"saved": save})
        return
    facts = found["facts"]
    console.print(f"[bold]{document.id}[/] of {document.strategy}, document {document.version}", soft_wrap=True)
    console.print(f"From {facts['customers']:,} customers: {found['population']['en']}.", soft_wrap=True)
    columns = ("metric", "baseline", "worthwhile", "customers", "treated", "without CUPED", "days")
    rows = [
        (
            one["words"]["en"], one["baseline"], one["worthwhile"], one["units"], one["treated_units"],
            one["units_without_cuped"], one["days"],
        )
        for one in found["metrics"]
    ]  # fmt: skip
    table("Needed, read as often as you like", columns, rows)
    if save:
        console.print(f"Kept as a draft; `liuke trials start {document.id}` fixes it and starts.", soft_wrap=True)


@command
def pilot(
    workspace: WorkspaceOption = Path(),
    column: Annotated[str, typer.Option("--by", help="province, city, channel or member_tier.")] = "province",
    share: Annotated[float, typer.Option(min=0.01, max=0.99, help="Share of all customers in the pilot.")] = 0.2,
    groups: Annotated[list[str] | None, typer.Option("--group", help="Show these instead. Repeatable.")] = None,
    max_groups: Annotated[int, typer.Option(min=1, max=20, help="At most so many groups.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Choose regions or groups that stand for the whole shop, with the balance shown."""
    with application(workspace) as app:
        sums = app.trials.groups(column)
    chosen = balance_of(column, sums, groups) if groups else choose_pilot(column, sums, share, max_groups)
    if as_json:
        emit_json(trials.balance(chosen))
        return
    told = (
        f"{', '.join(chosen.groups)}: {chosen.customer_share:.1%} of customers, {chosen.revenue_share:.1%} of revenue"
    )
    console.print(escape(told), soft_wrap=True)
    rows = [(one.fact, one.pilot_mean, one.whole_mean, f"{one.smd:+.3f}") for one in chosen.balance]
    table("Pilot against the whole shop", ("fact", "pilot", "whole", "SMD"), rows)
    console.print("Balanced: every difference is below 0.1." if chosen.balanced else "Not balanced: see SMD ≥ 0.1.")


@command
def start(trial: TrialArgument, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Start a draft: from now on its document cannot change."""
    with application(workspace) as app:
        _tell(app, app.trials.start(trial, _act(app), app.strategies), as_json=as_json)


@command
def status(
    trial: Annotated[str | None, typer.Argument(help="One trial whole; default: all of them.")] = None,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """List trials with stage and verdict, or show one with its last reading."""
    with application(workspace) as app:
        if trial is None:
            found = trials.trial_list(app.trials, app.strategies)
        else:
            found = trials.trial_detail(app.trials, app.strategies, trial)
    if as_json:
        emit_json(found)
    elif trial is None:
        _print_list(found)
    else:
        _print_detail(found)


@command
def read_out(
    trial: TrialArgument, workspace: WorkspaceOption = Path(), as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """Read a trial as of a day (default: the last run's); nothing is kept and nothing moves."""
    with application(workspace) as app:
        record, _ = app.trials.record(trial)
        day = parse_day(as_of) or app.last_run_day()
        if day is None or record.started_on is None:
            raise UsageError(f"there is nothing to read of {trial} yet", "start the trial and run the loop first")
        contacts = app.lake.arrow(CONTACTS.name, {"as_of": _last_contacts(app, day)})
        with app.history.at(day) as moment:
            reading = app.trials.read(moment, record, contacts)
    if as_json:
        emit_json(reading_tree(reading))
        return
    _print_reading(reading_tree(reading))


@command
def pause(
    trial: TrialArgument, workspace: WorkspaceOption = Path(), why: WhyOption = "", as_json: JsonOption = False
) -> None:
    """Let nobody enter and nobody be contacted for now."""
    with application(workspace) as app:
        _tell(app, app.trials.pause(trial, _act(app), why), as_json=as_json)


@command
def resume(trial: TrialArgument, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Go on after a pause or a roll-back."""
    with application(workspace) as app:
        _tell(app, app.trials.resume(trial, _act(app)), as_json=as_json)


@command
def stop(
    trial: TrialArgument, workspace: WorkspaceOption = Path(), why: WhyOption = "", as_json: JsonOption = False
) -> None:
    """End a trial; its strategy contacts nobody any more."""
    with application(workspace) as app:
        _tell(app, app.trials.stop(trial, _act(app), why), as_json=as_json)


@command
def roll_back(
    trial: TrialArgument, workspace: WorkspaceOption = Path(), why: WhyOption = "", as_json: JsonOption = False
) -> None:
    """Go back one stage; from the first one nobody is contacted any more."""
    with application(workspace) as app:
        _tell(app, app.trials.roll_back(trial, _act(app), why), as_json=as_json)


def _act(app: Application) -> Act:
    return Act("cli", app.now(), app.today())


def _document(
    app: Application,
    file: Path | None,
    strategy: str | None,
    trial_id: str | None,
    worthwhile: float | None,
    stages: str | None,
) -> Trial:
    if (file is None) == (strategy is None):
        raise UsageError("name a file or --strategy, one of them", "`liuke trials plan trial.yaml`")
    changes: dict[str, Any] = {}
    if trial_id is not None:
        changes["id"] = trial_id
    if worthwhile is not None:
        changes["rule"] = {"worthwhile": worthwhile}
    if stages is not None:
        changes["rollout"] = {"stages": [_share(one) for one in stages.split(",")]}
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}", "give the path of a YAML or JSON file") from None
        return trials.changed(parse_trial(text, file.name), changes)
    known: dict[str, Strategy] = {one.id: one for one in app.strategies}
    if strategy not in known:
        raise UsageError(f"there is no strategy {strategy!r}", f"there are {', '.join(known)}")
    return trials.draft_for(known[strategy], app.settings.experiments, {"id": f"{strategy}_trial"[-64:]} | changes)


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"'{text}' is no share", "write 0.05,0.2,0.5,1.0") from None


def _last_contacts(app: Application, day: date) -> date:
    """Return the last day up to this one of which contacts were written down."""
    days = [one.as_of for one in app.steps.recent(500) if one.name == "engage" and one.as_of <= day]
    return max(days, default=day)


def _tell(app: Application, record: TrialRecord, *, as_json: bool) -> None:
    row = trials.trial_row(record, {one.id: one for one in app.strategies}, None)
    if as_json:
        emit_json(row)
        return
    words = row["reason_words"]
    ended = f" ({words['en']})" if words else ""
    console.print(f"[bold]{record.id}[/] is {record.state.value}{ended}; {record.treated_share:.0%} are treated.")


def _print_list(found: dict[str, Any]) -> None:
    columns = ("trial", "strategy", "state", "stage", "treated", "since", "verdict")
    rows = [
        (
            one["id"], one["strategy"], one["reason_words"]["en"] if one["reason_words"] else one["state"],
            f"{one['stage'] + 1} of {len(one['stages'])}", f"{one['treated_share']:.0%}", one["started_on"],
            one["verdict_words"]["en"],
        )
        for one in found["trials"]
    ]  # fmt: skip
    table("Trials", columns, rows)
    console.print(f"Booked, proven by control groups: {found['booked_minor']:,} (minor units).")


def _print_detail(found: dict[str, Any]) -> None:
    head = f"{found['id']}: {found['state']}, stage {found['stage'] + 1} of {len(found['stages'])}"
    console.print(f"[bold]{escape(head)}[/], {found['treated_share']:.0%} treated; {found['verdict_words']['en']}")
    progress = found["progress"]
    planned = f" of {progress['planned']:,} planned" if progress["planned"] else ""
    worth = progress["informative"]
    told = f" (at so small a share they tell as much as {worth:,.0f})" if worth < 0.95 * progress["complete"] else ""
    console.print(f"{progress['complete']:,} windows read{told}{planned}, {progress['pending']:,} not over yet.")
    rows = [
        (one["day"], one["actor"], one["action"], f"{one['treated_share']:.0%}", one["en"]) for one in found["events"]
    ]
    table("History", ("day", "who", "what", "treated", "why"), rows)
    if found["report"] is not None:
        _print_reading(found["report"])


def _print_reading(report: dict[str, Any]) -> None:
    analysis = report["analysis"]
    if analysis is None:
        console.print(escape(report["problem"] or "Too few customers have a complete window to compare."))
        return
    console.print(f"As of {report['as_of']}: {escape(analysis['reason']['en'])}", soft_wrap=True)
    rows = []
    for metric in analysis["metrics"]:
        values = {one["arm"]: one["value"] for one in metric["arms"]}
        for one in metric["comparisons"]:
            each = one["sequential"]
            rows.append(
                (metric["name"], values["treated"], values["control"], each["value"], each["low"], each["high"])
            )
    table("Treated against control", ("metric", "treated", "control", "difference", "low", "high"), rows)
