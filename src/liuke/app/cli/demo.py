"""`liuke demo`: the main job end to end on a generated shop."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from liuke.app.bootstrap import Application
from liuke.app.cli.context import JsonOption, command, progress
from liuke.app.cli.output import console, emit_json, table
from liuke.app.cli.run import print_run
from liuke.app.cli.server import listen
from liuke.app.demo import CURRENCY, Demo, DemoReport, DemoSettings, let_in
from liuke.kernel.money import minor_exponent


@command
def demo(
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Folder for the demo's workspace.")] = Path(
        "liuke-demo"
    ),
    customers: Annotated[int, typer.Option(min=100, max=1_000_000, help="Customers of the generated shop.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same shop.")] = 1,
    weeks: Annotated[int, typer.Option(min=1, max=26, help="Weeks to run after the first year.")] = 8,
    port: Annotated[int | None, typer.Option(help="Port of the console; default 8420.")] = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the console at the end.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Generate a mother-and-baby shop as files, run the whole loop on them week by week, and open the console.

    Everything in it is simulated, its time too: its customers answer what is sent, and what each strategy truly changed
    is known and shown beside what was measured. Messages are written into DIR/outbox, nobody is contacted. `liuke run
    -w DIR` simulates the next day.
    """
    began = monotonic()
    with progress(quiet=as_json) as bars:
        report = Demo(directory, DemoSettings(customers, seed, weeks), bars).run()
    took = monotonic() - began
    app = Application.open(directory)
    sign_in = let_in(app)
    url = f"http://{app.settings.server.host}:{port or app.settings.server.port}"
    if as_json:
        emit_json({"report": report, "seconds": took, "url": url, "user": sign_in.user, "password": sign_in.password})
    else:
        print_summary(report, took)
        console.print(
            f"\nConsole: [link={url}]{url}[/link]   user [bold]{sign_in.user}[/]   password [bold]{sign_in.password}[/]"
        )
        console.print(f"Open it again with: liuke serve -w {shlex.quote(str(directory))}", soft_wrap=True, markup=False)
        console.print(f"The password stays in: {sign_in.file}", soft_wrap=True, markup=False)
        console.print(
            f"It stands at {report.last.as_of if report.last else ''}; one day on: liuke run -w "
            f"{shlex.quote(str(directory))}",
            soft_wrap=True,
            markup=False,
        )
    if not serve:
        return
    console.print("Stop with Ctrl+C.")
    listen(app, app.settings.server.host, port or app.settings.server.port)


def print_summary(report: DemoReport, took: float) -> None:
    """Print how long each step took, and what the last week gave."""
    rows = [(step, round(seconds, 1)) for step, seconds in report.seconds.items()]
    table(
        f"Simulated shop: {report.settings.customers:,} customers, {report.rows:,} rows in {report.files} files",
        ("step (all weeks)", "seconds"),
        [*rows, ("all", round(took, 1))],
    )
    if report.last:
        print_run(report.last)
    print_effects(report)


def print_effects(report: DemoReport) -> None:
    """Print what was measured beside what is true, which only a simulated shop can know."""
    exponent = minor_exponent(CURRENCY)
    rows = []
    for row in report.effects:
        shown = partial(_shown, row["metric"], exponent)
        measured = f"{shown(row['difference'])}  [{shown(row['low'])}, {shown(row['high'])}]"
        inside = {True: "yes", False: "no", None: "-"}[row["covered"]]
        known = row["difference"] is not None
        rows.append(
            (row["strategy"], row["metric"], row["treated_n"], row["control_n"], measured if known else "not yet",
             shown(row["true_effect"]), inside)
        )  # fmt: skip
    table(
        "Simulated: measured beside true effects",
        ("strategy", "metric", "treated", "control", "measured [interval]", "true", "inside"),
        rows,
    )
    console.print(
        f"The simulated customers received {report.contacts:,} messages; "
        f"{report.untranslated:,} more went to customers whom no profile of theirs names."
    )


def _shown(metric: str, exponent: int, value: float | None) -> str:
    """Return a change as people read it: points of a share, or money per customer."""
    if value is None:
        return "-"
    return f"{value * 100:+.1f} pp" if metric == "repurchase" else f"{value / 10**exponent:+.2f} {CURRENCY}"
