"""`liuke value`: what customers are worth and what they may take with them, as of the last run."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from liuke.app.bootstrap import Application
from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day
from liuke.app.cli.output import console, emit_json, table
from liuke.app.loop import MISSING
from liuke.kernel import UsageError, from_minor
from liuke.predict.clv import CUSTOMER_VALUES, GROUP_VALUES

group = typer.Typer(help="What customers are worth, and what they may take with them.", no_args_is_help=True)


class Grouping(StrEnum):
    """By what customers are put together."""

    ALL = "all"
    LEVEL = "level"
    STAGE = "stage"
    SEGMENT = "segment"


@group.command()
@command
def show(
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    customers: Annotated[int, typer.Option(min=0, help="How many of the most valuable customers to list.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show the value of all customers, by which model and why, and the most valuable ones."""
    with application(workspace) as app:
        day, rows, reason = _groups(app, as_of, ["all"])
        choice = app.value.choice(day)
        top = app.lake.arrow(CUSTOMER_VALUES.name, {"as_of": day}).sort_by([("value_minor", "descending")])
        best, currency, rate = top.slice(0, customers).to_pylist(), app.shop.currency, app.shop.margin_rate
    if as_json:
        emit_json({"as_of": day, "all": rows[:1], "choice": choice, "margin_rate": rate, "customers": best} | reason)
        return
    if not rows:
        _say_missing(reason)
        return
    all_ = rows[0]
    total, low, high = (_money(all_[name], currency) for name in ("value_minor", "value_low_minor", "value_high_minor"))
    console.print(
        f"As of {day}: {all_['customers']:,} buyers are worth {total} {currency} over {all_['horizon_days']} days "
        f"({all_['level']:.0%} of such totals lie between {low} and {high}).",
        soft_wrap=True,
    )
    if choice is not None:
        console.print(f"{choice.reason_en}\n{choice.reason_zh}", soft_wrap=True, markup=False)
        console.print(
            f"Totals missed by about {choice.total_error.sd:.0%} in {choice.total_error.n_periods} past periods; "
            f"margin assumed where a product's cost is unknown: {rate:.0%} of net revenue.",
            soft_wrap=True,
        )
    listed = [
        (
            str(row["customer_id"]),
            round(row["expected_purchases"], 1),
            *_triple(row, "value_minor", "low_minor", "high_minor", currency),
        )
        for row in best
    ]
    table("Most valuable customers", ("customer", "purchase days", f"value, {currency}", "low", "high"), listed)


@group.command("at-risk")
@command
def at_risk(
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    by: Annotated[list[Grouping] | None, typer.Option(help="Groupings to show; may be given more than once.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show value at risk, P(churn) × expected margin if they stay, of all, warning levels, stages and segments."""
    with application(workspace) as app:
        day, rows, reason = _groups(app, as_of, [one.value for one in by or Grouping])
        currency = app.shop.currency
    if as_json:
        emit_json({"as_of": day, "groups": rows} | reason)
        return
    if not rows:
        _say_missing(reason)
        return
    scored = next((row for row in rows if row["at_risk_minor"] is not None), None)
    if scored is None:
        console.print(f"Nobody is scored as of {day}, so nothing is known of value at risk.", soft_wrap=True)
        _say_missing(reason)
        return
    shown = [
        (row["grouping"], row["member_of"], row["scored"],
         *_triple(row, "at_risk_minor", "at_risk_low_minor", "at_risk_high_minor", currency))
        for row in rows
    ]  # fmt: skip
    title = f"Value at risk as of {day}, {scored['at_risk_days']} days ahead"
    table(title, ("grouping", "group", "scored", f"at risk, {currency}", "low", "high"), shown)
    console.print(
        f"Intervals are meant to hold what {scored['level']:.0%} of such groups lose: who leaves, what each would have "
        "brought, and how far the shop's totals missed before.",
        soft_wrap=True,
    )


def _groups(app: Application, as_of: str | None, by: list[str]) -> tuple[date, list[dict[str, Any]], dict[str, Any]]:
    """Return the day, its rows in the wanted groupings, and why parts are missing."""
    day = parse_day(as_of) or app.last_run_day()
    if day is None:
        raise UsageError("the loop has not run yet", "run `liuke run` first")
    rows = app.lake.arrow(GROUP_VALUES.name, {"as_of": day}).to_pylist()
    rows = [row for row in rows if row["grouping"] in by]
    rows.sort(key=lambda row: (by.index(row["grouping"]), row["member_of"]))
    missing: dict[str, Any] = {}
    for record in app.steps.recent(200):
        if record.as_of == day:
            missing = {**record.detail.get(MISSING, {}), **missing}
    told = {part: missing[part] for part in ("value", "churn") if part in missing}
    return day, rows, {"not_enough_data": told} if told else {}


def _say_missing(reason: dict[str, Any]) -> None:
    told = reason.get("not_enough_data", {})
    if not told:
        console.print("There are no values for this day: run `liuke run` for it.", soft_wrap=True)
    for one in told.values():
        console.print(
            f"Not enough data: {one['reason_en']}\n数据不足：{one['reason_zh']}", soft_wrap=True, markup=False
        )


def _triple(row: dict[str, Any], value: str, low: str, high: str, currency: str) -> tuple[str, str, str]:
    first, second, third = (_money(row[name], currency) for name in (value, low, high))
    return first, second, third


def _money(minor: int | None, currency: str) -> str:
    return "–" if minor is None else f"{from_minor(minor, currency):,}"
