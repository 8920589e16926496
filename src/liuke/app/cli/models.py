"""`liuke models`: which churn model is in use, why, and how to go back."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from liuke.app.bootstrap import Application
from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day
from liuke.app.cli.output import console, emit_json, table
from liuke.kernel import UsageError
from liuke.predict.churn import Decision, NoModelError

group = typer.Typer(help="Churn models: versions, comparison, promotion, roll-back.", no_args_is_help=True)

VersionArgument = Annotated[
    str | None, typer.Argument(help="A version as `liuke models list` shows it; default: the one in use.")
]


@group.command("list")
@command
def list_models(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the versions, oldest first, and what was decided about them."""
    with application(workspace) as app:
        shelf = app.churn.models
        decisions, used = shelf.history(), shelf.latest()
        told = [shelf.describe(version) for version in shelf.versions()]
    active = used.version if used else None
    if as_json:
        models = [_brief(one) | {"in_use": one["version"] == active} for one in told]
        emit_json({"in_use": active, "models": models, "decisions": [asdict(one) for one in decisions]})
        return
    if not told:
        console.print("No churn model yet: `liuke run` trains one. 还没有流失模型：运行 `liuke run` 会训练一个。")
        return
    rows = []
    for one in map(_brief, told):
        auroc = one["auroc"]
        rows.append((
            f"{one['version']}{' *' if one['version'] == active else ''}", one["horizon_days"],
            f"{auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f})",
            f"{one['log_loss']:.4f}", f"{one['ece']:.3f}", one["customers"],
        ))  # fmt: skip
    table("Versions (* in use)", ("version", "horizon", "AUROC (95 %)", "log-loss", "ECE", "judged on"), rows)
    table(
        "Decisions",
        ("from", "action", "in use", "why", "原因"),
        [(one.as_of.isoformat(), one.action, one.active, one.reason_en, one.reason_zh) for one in decisions],
    )


@group.command()
@command
def show(version: VersionArgument = None, workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Show one version: data, definitions, metrics."""
    with application(workspace) as app:
        told = app.churn.models.describe(_wanted(app, version))
    if as_json:
        emit_json(told)
        return
    console.print(f"[bold]{told['version']}[/]: {told['report']['verdict_en']}", soft_wrap=True)
    console.print(told["report"]["verdict_zh"], soft_wrap=True)
    console.print(told["report"]["goal_en"], soft_wrap=True)
    table(
        "Made from",
        ("what", "value"),
        [
            ("horizon, window", f"{told['horizon_days']}, {told['window_days']} days"),
            ("origins", told["report"]["origins"]["en"]),
            ("features", f"{len(told['features'])}, definitions {told['definition_hash'][:16]}"),
            ("settings", told["settings_hash"]),
            ("learner", f"{told['rounds']} trees, believed to {told['belief']:.0%}"),
            *((f"snapshot of {name}", str(number)) for name, number in sorted(told["inputs"].items())),
        ],
    )


@group.command()
@command
def card(
    version: VersionArgument = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Print the model card: what the model says, how well, and what not to do with it."""
    if language not in ("zh", "en"):
        raise UsageError(f"'{language}' is no language of the card", "write zh or en")
    with application(workspace) as app:
        text = app.churn.models.card(_wanted(app, version), language)
    if as_json:
        emit_json({"language": language, "card": text})
    else:
        console.print(text, markup=False, soft_wrap=True)


@group.command()
@command
def promote(
    version: Annotated[str, typer.Argument(help="A version as `liuke models list` shows it.")],
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a version into use from the day of the last run (or --as-of) on, whatever the comparison said."""
    with application(workspace) as app:
        _say(
            app.churn.models.choose(version, parse_day(as_of) or app.last_run_day() or app.today(), getpass.getuser()),
            as_json,
        )


@group.command("roll-back")
@command
def roll_back(workspace: WorkspaceOption = Path(), as_of: AsOfOption = None, as_json: JsonOption = False) -> None:
    """Take the model into use again that was in use before the present one."""
    with application(workspace) as app:
        _say(
            app.churn.models.roll_back(parse_day(as_of) or app.last_run_day() or app.today(), getpass.getuser()),
            as_json,
        )


def _from_day(app: Application, as_of: str | None) -> date:
    return parse_day(as_of) or app.last_run_day() or app.today()


def _wanted(app: Application, version: str | None) -> str:
    if version is not None:
        return version
    model = app.churn.models.latest()
    if model is None:
        raise NoModelError("there is no churn model yet", hint="train one with `liuke run`")
    return model.version


def _say(decision: Decision, as_json: bool) -> None:
    if as_json:
        emit_json(decision)
    else:
        console.print(f"In use from {decision.as_of}: {decision.active} (before: {decision.against or 'none'})")
        console.print(f"自 {decision.as_of} 起使用：{decision.active}")


def _brief(told: dict[str, Any]) -> dict[str, Any]:
    learner = told["report"]["populations"][0]["scorecards"][0]
    return {
        "version": told["version"],
        "as_of": told["as_of"],
        "horizon_days": told["horizon_days"],
        "auroc": learner["auroc"],
        "log_loss": learner["log_loss"],
        "ece": learner["ece"],
        "customers": learner["n"],
    }
