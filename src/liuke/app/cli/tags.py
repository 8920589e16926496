"""`liuke tags`: what the definitions say, what they cost, what they say of a customer, and building them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import typer

from liuke.app.bootstrap import Application
from liuke.app.cli.context import (
    AsOfOption,
    JsonOption,
    WorkspaceOption,
    application,
    command,
    parse_day,
    progress,
)
from liuke.app.cli.output import console, emit_json, print_aside, table
from liuke.app.loop import DailyLoop
from liuke.app.scores import published_scores
from liuke.app.spark import SparkEngine, check_spark
from liuke.collect.history import Moment
from liuke.kernel import SetAside, SettingsError, UsageError
from liuke.understand.tags import (
    FAMILIES,
    TagSet,
    build_tags,
    compare,
    compile_plan,
    estimate,
    explain,
    load_definitions,
    publish_cut_points,
    why,
)

group = typer.Typer(help="Facts about customers, defined as data.", no_args_is_help=True)

_BEHIND = {
    "purchases": ("orders", "order_facts", "order_items"), "purchase_items": ("orders", "order_facts", "order_items"),
    "acts": ("events", "order_facts"),
}  # fmt: skip
NamesOption = Annotated[str | None, typer.Option("--names", metavar="KEYS", help="Only these tags: a,b,c.")]


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
def check(workspace: WorkspaceOption = Path(), names: NamesOption = None, as_json: JsonOption = False) -> None:
    """Read all definitions, say how they are computed and what a build reads."""
    with application(workspace) as app:
        tags, chosen = app.tags, _names(names)
        plan = compile_plan(tags, chosen, app.today(), scores={"churn": "scores_churn"})
        rows = {one.name: one.rows for one in app.lake.tables()}
        aside = app.aside("behaviour", "tag")
    behind = {one.source: sum(rows.get(t, 0) for t in _BEHIND.get(one.source, (one.source,))) for one in plan.readings}
    costs = estimate(plan, behind)
    told = [explain(tags, column.key) for column in plan.columns]
    if as_json:
        emit_json(
            {"tags": len(plan.columns), "hash": plan.hash, "ranks": plan.ranks, "reads": costs, "explained": told}
            | {"aside": aside}
        )
        _refuse(aside)
        return
    table("How they are computed", ("tag", "computed as"), [(one.key, one.formula_en) for one in told])
    columns = ("source", "rows behind it", "times read", "rows read", "groupings", "values")
    table("What a build reads", columns, [
        (one.source, one.rows, one.passes, one.rows_read, one.groupings, one.leaves) for one in costs
    ])  # fmt: skip
    console.print(f"{len(plan.columns)} tags are in order (definition {plan.hash}); {plan.ranks} rankings.")
    print_aside(aside)
    _refuse(aside)


def _refuse(aside: Sequence[SetAside]) -> None:
    """End with the code of a wrong definition if there is one."""
    if aside:
        raise typer.Exit(SettingsError.exit_code)


@group.command()
@command
def build(
    workspace: WorkspaceOption = Path(),
    names: NamesOption = None,
    only: Annotated[str | None, typer.Option(metavar="IDS", help="Only these customers: 17,42.")] = None,
    as_of: AsOfOption = None,
    known_at: Annotated[str | None, typer.Option(metavar="INSTANT", help="UTC; default: 00:00 of the day.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write a .parquet or .csv file.")] = None,
    engine: Annotated[str, typer.Option(metavar="NAME", help="duckdb (in this process) or spark.")] = "duckdb",
    master: Annotated[str | None, typer.Option(metavar="URL", help="Where Spark runs: spark://host:7077.")] = None,
    conf: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="A setting of Spark's own.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute tags; a whole build without file or choice is kept in the lake as `customer_tags`."""
    spark = _spark(engine, master, conf or [], only)
    with application(workspace) as app:
        day = parse_day(as_of) or app.today()
        if names is None and only is None and known_at is None and out is None:
            report = DailyLoop(app, progress(quiet=as_json), spark).run(day, only=["tag"])
            _told(as_json, {"as_of": day, "note": report.steps[0].note, "repeated": report.steps[0].repeated})
            return
        if spark is not None:
            found = spark.build(app, day, _instant(known_at), _names(names))
        else:
            with app.history.at(day, _instant(known_at)) as moment:
                found = _build(app, moment, _names(names), _ids(only))
    if out is not None:
        _write(found, out)
        _told(as_json, {"as_of": day, "customers": found.num_rows, "file": out})
    elif as_json:
        emit_json({"as_of": day, "tags": found.to_pylist()})
    else:
        table(f"Tags as of {day}", found.column_names, [tuple(row.values()) for row in found.to_pylist()[:50]])
        console.print(f"{found.num_rows} customers; the first 50 are shown." if found.num_rows > 50 else "")


@group.command()
@command
def show(
    customer: Annotated[str, typer.Argument(help="Id of the customer, as the console shows it.")],
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    names: NamesOption = None,
    with_rows: Annotated[bool, typer.Option("--why", help="Also show which rows gave the values.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute the tags of one customer, with their explanations."""
    if not customer.isdigit():
        raise UsageError(
            f"'{customer}' is no customer id", "ids are whole numbers; the console's customer list shows them"
        )
    with application(workspace) as app:
        day = parse_day(as_of) or app.last_run_day() or app.today()
        keys = _names(names) or list(app.tags.visible)
        with app.history.at(day) as moment:
            found = _build(app, moment, keys, [int(customer)]).to_pylist()
            if not found:
                raise UsageError(
                    f"nobody has the id {customer} as of {day}", "the console's customer list shows the ids"
                )
            reasons = why(moment, app.tags, keys, int(customer)) if with_rows else []
    row = {key: found[0][key] for key in keys}
    if as_json:
        told = {"as_of": day, "customer_id": customer, "tags": row}
        emit_json(told | ({"why": reasons} if with_rows else {}))
        return
    console.print(f"[bold]{customer}[/] as of {day}")
    rows = [(FAMILIES[app.tags[key].family][1], key, row[key], explain(app.tags, key).en) for key in keys]
    table("Tags", ("family", "tag", "value", "meaning"), rows)
    for reason in reasons:
        console.print(f"\n[bold]{reason.tag}[/] ← {reason.en}: {reason.rows} rows", soft_wrap=True)
        for one in reason.newest:
            console.print("    " + "  ".join(f"{k}={v}" for k, v in one.items()), markup=False, soft_wrap=True)


@group.command()
@command
def diff(
    before: Annotated[str, typer.Argument(help="A folder of definitions, `shipped` or `workspace`.")],
    after: Annotated[str, typer.Argument(help="The same, for the other side.")],
    workspace: WorkspaceOption = Path(),
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say for how many customers each tag would change between two sets of definitions."""
    with application(workspace) as app:
        day = parse_day(as_of) or app.last_run_day() or app.today()
        one, other = _definitions(app, before), _definitions(app, after)
        with app.history.at(day) as moment:
            changes = compare(moment, one, other, published_scores(app, moment))
    if as_json:
        emit_json({"as_of": day, "changes": changes})
        return
    rows = [
        (c.tag, c.state, c.customers, f"{c.share:.1%}",
         "; ".join(f"{e['customer_id']}: {e['before']} → {e['after']}" for e in c.examples))
        for c in changes
    ]  # fmt: skip
    table(f"Changes as of {day}", ("tag", "state", "customers", "share", "examples"), rows)
    if not changes:
        console.print("Both compute the same.")


@group.command()
@command
def backfill(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, included.")],
    every: Annotated[str, typer.Option(metavar="DAYS", help="Distance between days: 7d.")] = "7d",
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Build the tags of past days; days that are already built with the same definitions and data are passed over."""
    first, last = parse_day(since), parse_day(until)
    if not every.removesuffix("d").isdigit() or int(every.removesuffix("d")) < 1:
        raise UsageError(f"'{every}' is no distance", "write a number of days: 7d")
    if first is None or last is None or last < first:
        raise UsageError("--to lies before --from", "give the earlier day to --from")
    days: list[date] = [
        first + timedelta(days=k) for k in range(0, (last - first).days + 1, int(every.removesuffix("d")))
    ]
    with application(workspace) as app:
        loop = DailyLoop(app, progress(quiet=as_json))
        records = [loop.run(day, only=["tag"]).steps[0] for day in days]
    built = sum(not record.repeated for record in records)
    _told(as_json, {"days": len(days), "built": built, "already_there": len(days) - built})


def _spark(engine: str, master: str | None, conf: list[str], only: str | None) -> SparkEngine | None:
    """Return the engine that the options name, None for the one in this process."""
    if engine not in ("duckdb", "spark"):
        raise UsageError(f"there is no engine '{engine}'", "engines are duckdb and spark")
    if engine == "duckdb":
        if master is not None or conf:
            raise UsageError("--master and --conf are Spark's", "add --engine spark")
        return None
    if only is not None:
        raise UsageError("Spark builds the tags of every customer", "leave out --only, or leave out --engine spark")
    if bad := [one for one in conf if not one.partition("=")[0] or "=" not in one]:
        raise UsageError(f"'{bad[0]}' is no setting", "write --conf spark.executor.memory=4g")
    check_spark()
    return SparkEngine(master or "local[*]", dict(one.split("=", 1) for one in conf))


def _build(app: Application, moment: Moment, names: list[str] | None, only: list[int] | None) -> pa.Table:
    scores = published_scores(app, moment)
    cuts = publish_cut_points(moment, app.tags, names, scores) if only is not None else None
    return build_tags(moment, app.tags, names, only, cuts, scores)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _ids(text: str | None) -> list[int] | None:
    parts = None if text is None else [part.strip() for part in text.split(",") if part.strip()]
    if parts is not None and not all(part.isdigit() for part in parts):
        raise UsageError(f"'{text}' is no list of customer ids", "write whole numbers: 17,42")
    return None if parts is None else [int(part) for part in parts]


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no instant", "write it like 2026-11-22T09:30:00 (UTC)") from None


def _definitions(app: Application, name: str) -> TagSet:
    if name == "shipped":
        return load_definitions(catalogue=app.behaviours)
    if name == "workspace":
        return app.tags
    if not Path(name).is_dir():
        raise UsageError(f"'{name}' is no folder", "give a folder of definitions, `shipped` or `workspace`")
    return load_definitions(Path(name), catalogue=app.behaviours)


def _write(found: pa.Table, out: Path) -> None:
    if out.suffix == ".parquet":
        pq.write_table(found, out)
    elif out.suffix == ".csv":
        lists = [name for name in found.column_names if pa.types.is_list(found[name].type)]
        flat = found
        for name in lists:
            joined = pa.array(
                [None if value is None else "|".join(map(str, value)) for value in found[name].to_pylist()]
            )
            flat = flat.set_column(flat.column_names.index(name), name, joined)
        pa_csv.write_csv(flat, out)
    else:
        raise UsageError(f"'{out}' is neither .parquet nor .csv", "choose one of the two endings")


def _told(as_json: bool, said: dict[str, object]) -> None:
    if as_json:
        emit_json(said)
    else:
        console.print(" · ".join(f"{key.replace('_', ' ')}: {value}" for key, value in said.items()), soft_wrap=True)
