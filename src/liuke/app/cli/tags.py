"""`liuke tags`: which tags there are, and what they say of one customer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from liuke.app.cli.context import AsOfOption, JsonOption, WorkspaceOption, application, command, parse_day
from liuke.app.cli.output import console, emit_json, table
from liuke.kernel import UsageError
from liuke.understand.tags import FAMILIES, build_tags, explain, publish_cut_points

group = typer.Typer(help="Facts about customers, defined as data.", no_args_is_help=True)


@group.command("list")
@command
def list_(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List the definitions by family."""
    with application(workspace) as app:
        definitions = [app.tags[key] for key in app.tags.visible]
    if as_json:
        emit_json({"tags": [one.model_dump(mode="json", exclude={"value"}) for one in definitions]})
        return
    rows = [
        (FAMILIES[one.family][1], one.group.en if one.group else "", one.key, one.name.en, one.name.zh, one.type)
        for one in definitions
    ]
    table("Tags", ("family", "group", "key", "name", "名称", "type"), rows)


@group.command()
@command
def show(
    customer: Annotated[str, typer.Argument(help="Id of the customer, as the console shows it.")],
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute all tags of one customer, with their explanations."""
    if not customer.isdigit():
        raise UsageError(
            f"'{customer}' is no customer id", "ids are whole numbers; the console's customer list shows them"
        )
    with application(workspace) as app:
        day = parse_day(as_of) or app.last_run_day() or app.today()
        with app.history.at(day) as moment:
            known = moment.connection.execute(
                "SELECT count(*) FROM customers WHERE customer_id = $1", [int(customer)]
            ).fetchall()[0][0]
            if not known:
                raise UsageError(
                    f"nobody has the id {customer} as of {day}", "the console's customer list shows the ids"
                )
            ranks = publish_cut_points(moment, app.tags)
            row = build_tags(moment, app.tags, only=[int(customer)], cut_points=ranks).to_pylist()[0]
    if as_json:
        emit_json(
            {"as_of": day, "customer_id": customer, "tags": {key: row[key] for key in row if key != "customer_id"}}
        )
        return
    console.print(f"[bold]{customer}[/] as of {day}")
    rows = [(FAMILIES[app.tags[key].family][1], key, row[key], explain(app.tags, key).en) for key in app.tags.visible]
    table("Tags", ("family", "tag", "value", "meaning"), rows)
