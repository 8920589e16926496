"""`liuke trials`: trials that can be believed. `analyse` reads any table and needs no workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from liuke.app.cli.context import JsonOption, command
from liuke.app.cli.lazy import LazyCommands
from liuke.app.cli.output import emit_json
from liuke.app.cli.trials_report import Language, print_report
from liuke.kernel import UsageError
from liuke.learn.analysis import analyse_file, html_page, plan_from, read_tree

_DESK = ("plan", "pilot", "start", "status", "read-out", "pause", "resume", "stop", "roll-back")

group = typer.Typer(
    cls=LazyCommands.of({name: f"liuke.app.cli.trials_desk:{name.replace('-', '_')}" for name in _DESK}),
    help="Find out by chance, not by hope, what retention work changes.",
    no_args_is_help=True,
)

_METRIC = (
    "NAME, NAME=NUMERATOR/DENOMINATOR for a ratio; append :down where lower is better. Repeatable; the first decides."
)
_GUARD = "The same, of what must not get worse; a third part is the loss that would be accepted: refunds:down:0.01."

LanguageOption = Annotated[
    str | None, typer.Option("--language", help="zh or en; default: the terminal's (LC_ALL, LANG).", show_default=False)
]


@group.command()
@command
def analyse(
    file: Annotated[Path, typer.Argument(help="Table of a trial: csv, csv.gz or parquet, one row per unit.")],
    unit: Annotated[str | None, typer.Option(help="Column of the unit that was drawn, such as the customer.")] = None,
    arm: Annotated[str | None, typer.Option(help="Column of the arm.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help=_METRIC)] = None,
    guardrail: Annotated[list[str] | None, typer.Option(help=_GUARD)] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Plan as YAML or JSON; options given beside it replace its keys.")
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="Name of the control arm; default: control, no, 0, 对照 …")
    ] = None,
    share: Annotated[
        list[str] | None, typer.Option(help="Intended share: ARM=0.5. Repeatable; default: equal.")
    ] = None,
    covariate: Annotated[
        list[str] | None, typer.Option(help="Column known before the start: less noise (CUPED). Repeatable.")
    ] = None,
    segment: Annotated[
        list[str] | None, typer.Option(help="Column whose groups may respond differently. Repeatable.")
    ] = None,
    cluster: Annotated[str | None, typer.Option(help="Column of the region or shop, if these were drawn.")] = None,
    strata: Annotated[str | None, typer.Option(help="Column within which arms were drawn.")] = None,
    day: Annotated[str | None, typer.Option(help="Column of the day the unit entered.")] = None,
    cost: Annotated[str | None, typer.Option(help="Column of what was spent on the unit.")] = None,
    cost_per_contact: Annotated[float | None, typer.Option(help="What each unit outside control cost.")] = None,
    value: Annotated[str | None, typer.Option(help="Metric that says what a unit brought; default: the first.")] = None,
    value_per_success: Annotated[float | None, typer.Option(help="What one success of that metric is worth.")] = None,
    level: Annotated[float | None, typer.Option(help="Coverage of intervals; default: 0.95.")] = None,
    fixed: Annotated[
        bool, typer.Option("--fixed", help="Decide by the interval for one look at a horizon fixed before.")
    ] = False,
    planned_units: Annotated[int | None, typer.Option(help="Planned size over all arms.")] = None,
    correction: Annotated[str | None, typer.Option(help="Of several metrics and arms: holm, bh or none.")] = None,
    missing: Annotated[str | None, typer.Option(help="Empty metrics: refuse, zero or drop.")] = None,
    repeats: Annotated[str | None, typer.Option(help="A unit in several rows: refuse or sum.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as one self-contained page, too.")] = None,
    language: LanguageOption = None,
    memory_mb: Annotated[int, typer.Option(min=128, help="Memory of the engine in MiB; beyond it is spilled.")] = 1024,
    as_json: JsonOption = False,
) -> None:
    """Say what a table of a trial shows: works, does not work, or wait, with the numbers and the money beside it."""
    chosen = language_of(language)
    tree = read_tree(plan) if plan else {}
    options: dict[str, Any] = {
        "unit": unit, "arm": arm, "control": control, "cluster": cluster, "strata": strata, "day": day, "cost": cost,
        "cost_per_contact": cost_per_contact, "value": value, "value_per_success": value_per_success, "level": level,
        "planned_units": planned_units, "correction": correction, "missing": missing, "repeats": repeats,
        "segments": segment or None, "shares": _shares(share), "looks": "fixed" if fixed else None,
        "metrics": _metrics(metric, guardrail, covariate),
    }  # fmt: skip
    tree |= {key: given for key, given in options.items() if given is not None}
    missing_keys = [f"--{key.rstrip('s')}" for key in ("unit", "arm", "metrics") if not tree.get(key)]
    if missing_keys:
        raise UsageError(f"{' and '.join(missing_keys)} missing", "name the columns, or give a plan by --plan")
    report = analyse_file(file, plan_from(tree, plan.name if plan else "the options"), memory_mb=memory_mb)
    if html:
        _write(html, html_page(report, chosen))
    if as_json:
        emit_json(report.to_json())
    else:
        print_report(report, chosen)


def language_of(wanted: str | None) -> Language:
    """Return the language of a text report: as asked for, else the terminal's."""
    if wanted is None:
        spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return "zh" if spoken.casefold().startswith("zh") else "en"
    languages: dict[str, Language] = {"zh": "zh", "zh-cn": "zh", "en": "en"}
    if wanted.casefold() not in languages:
        raise UsageError(f"'{wanted}' is no language of the report", "say --language zh or --language en")
    return languages[wanted.casefold()]


def _metrics(
    metric: list[str] | None, guardrail: list[str] | None, covariate: list[str] | None
) -> list[dict[str, Any]] | None:
    if not metric and not guardrail:
        if covariate:
            raise UsageError("--covariate belongs to --metric", "in a plan, list covariates: under the metric")
        return None
    found = [_metric(text, covariate) for text in metric or []]
    return found + [_metric(text, None) | {"role": "guardrail"} for text in guardrail or []]


def _metric(text: str, covariate: list[str] | None) -> dict[str, Any]:
    name, *rest = text.split(":")
    tree: dict[str, Any] = {"covariates": covariate} if covariate else {}
    if "=" in name:
        name, _, ratio = name.partition("=")
        if ratio.count("/") != 1:
            raise UsageError(f"'{text}' is no ratio", "write NAME=NUMERATOR/DENOMINATOR")
        tree["numerator"], tree["denominator"] = ratio.split("/")
    for part in rest:
        if part in ("up", "down"):
            tree["direction"] = part
        else:
            tree["margin"] = _number(part, text)
    return {"name": name, **tree}


def _shares(given: list[str] | None) -> dict[str, float] | None:
    if not given:
        return None
    shares = {}
    for text in given:
        name, sign, number = text.rpartition("=")
        if not sign:
            raise UsageError(f"'{text}' is no share", "write ARM=0.5")
        shares[name] = _number(number, text)
    return shares


def _number(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"'{text}' in '{whole}' is no number", "write it like 0.01") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "name a file in a folder that exists") from None


__all__ = ["LanguageOption", "analyse", "group", "language_of"]
