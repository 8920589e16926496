"""Is this table the trial it is said to be? Each rule that is broken is named, with the row that breaks it.

The rules are asked of sums over the whole table; only when one is broken are rows looked for, so a good table pays
nothing for good messages.
"""

from __future__ import annotations

from typing import NoReturn

from liuke.learn.analysis.errors import PlanError, TableError
from liuke.learn.analysis.layout import Layout
from liuke.learn.analysis.plan import Kind, Metric
from liuke.learn.analysis.profile import Profile
from liuke.learn.analysis.table import literal

CONTROL_NAMES = ("control", "ctrl", "control_group", "no", "n", "0", "false", "holdout", "placebo", "baseline",
                 "对照", "对照组", "控制组", "否")  # fmt: skip


def check_arms(layout: Layout, seen: Profile) -> None:
    """Refuse rows without unit or arm, arms that the plan doesn't know, and a trial of fewer than two arms."""
    table, plan = layout.table, layout.plan
    if seen.rows == 0:
        raise TableError(f"{table.label} has no rows", hint="export the trial's units with their arms and outcomes")
    if seen.no_unit:
        _refuse(
            layout,
            f"{table.words(layout.unit)} IS NULL",
            layout.unit,
            "no unit",
            seen.no_unit,
            "name the unit of each row",
        )
    if seen.no_arm:
        hint = "leave out who was not drawn, or name the arm"
        _refuse(layout, f"{table.words(layout.arm)} IS NULL", layout.arm, "no arm", seen.no_arm, hint)
    if plan.shares:
        unknown = [arm for arm in seen.arms if arm not in plan.shares]
        if unknown:
            where = f"{table.words(layout.arm)} = {literal(unknown[0])}"
            known = ", ".join(plan.shares)
            what = f"arm '{unknown[0]}' is not in the plan ({known})"
            _refuse(layout, where, layout.arm, what, seen.arms[unknown[0]], "correct the row or add the arm to shares:")
        empty = [arm for arm in plan.shares if arm not in seen.arms]
        if empty:
            raise TableError(
                f"arm '{empty[0]}' of the plan has no rows in {table.label}",
                hint="a trial needs all its arms; was the file cut, or the arm never started?",
            )
    if len(seen.arms) < 2:
        only = next(iter(seen.arms), "")
        raise TableError(
            f"{table.label} has only one arm, '{only}'",
            hint="without a control arm nobody knows what would have happened",
        )


def control_of(layout: Layout, seen: Profile) -> str:
    """Return the control arm: the plan's, or the one whose name says so.

    Raises
    ------
    PlanError
        If the plan's control isn't among the arms, or no arm (or several) is called control.
    """
    wanted, arms = layout.plan.control, list(seen.arms)
    if wanted:
        found = [arm for arm in arms if arm == wanted] or [arm for arm in arms if arm.casefold() == wanted.casefold()]
        if not found:
            raise PlanError(f"there is no arm '{wanted}' to be the control", hint=f"the arms are {', '.join(arms)}")
        return found[0]
    named = [arm for arm in arms if arm.casefold() in CONTROL_NAMES]
    if len(named) != 1:
        raise PlanError(
            f"which arm is the control? The arms are {', '.join(arms)}",
            hint="say --control NAME, or control: in the plan",
        )
    return named[0]


def check_numbers(layout: Layout, seen: Profile, kinds: dict[str, Kind]) -> None:
    """Refuse what is no number, infinite, below zero where it can't be, or not of its metric's kind."""
    plan, table = layout.plan, layout.table
    for i, (column, use) in enumerate(zip(layout.numbers, layout.uses, strict=True)):
        about, value = seen.numbers(i), table.number(column)
        if about.unusable:
            hint = "write plain numbers: no units, no thousands separators, no NaN or infinity"
            _refuse(layout, f"NOT isfinite({value})", column, f"{use}: not a finite number", about.unusable, hint)
        if about.empty and plan.missing == "refuse" and not use.startswith("covariate"):
            hint = "say what an empty cell means: missing: zero, or missing: drop"
            _refuse(layout, f"({value}) IS NULL", column, f"{use}: empty", about.empty, hint)
        if about.filled == 0:
            raise TableError(f"column '{column}' ({use}) is empty in every row", hint="name another column")
        if use.startswith("covariate") and about.low == about.high:
            raise TableError(
                f"column '{column}' ({use}) is {about.low:g} in every row", hint="it explains nothing: leave it out"
            )
    if plan.cost:
        column = table.column(plan.cost, "cost:")
        _below_zero(layout, seen, column, "cost")
    for metric in plan.metrics:
        _check_kind(layout, seen, metric, kinds[metric.name])
    _check_filled(layout, seen)


def _check_filled(layout: Layout, seen: Profile) -> None:
    for arm, columns in seen.by_arm.items():
        for column, about, use in zip(layout.numbers, columns, layout.uses, strict=True):
            if about.filled == 0:
                raise TableError(
                    f"arm '{arm}' has no value in column '{column}' ({use})", hint="was it never measured there?"
                )


def _check_kind(layout: Layout, seen: Profile, metric: Metric, kind: Kind) -> None:
    table = layout.table
    if kind is Kind.RATIO:
        _below_zero(layout, seen, table.column(metric.denominator, ""), f"denominator of {metric.name}")
        return
    column = table.column(metric.columns[0], "")
    about, value = seen.numbers(layout.numbers.index(column)), table.number(column)
    if kind is Kind.PROPORTION and about.others:
        where = f"({value}) <> 0 AND ({value}) <> 1"
        _refuse(layout, where, column, f"metric {metric.name}: neither 0 nor 1", about.others, "or say kind: mean")
    if kind is Kind.COUNT:
        _below_zero(layout, seen, column, f"metric {metric.name} (a count)")
        if about.fractions:
            what = f"metric {metric.name} (a count): not a whole number"
            _refuse(layout, f"({value}) <> trunc({value})", column, what, about.fractions, "or say kind: mean")


def _below_zero(layout: Layout, seen: Profile, column: str, use: str) -> None:
    about = seen.numbers(layout.numbers.index(column))
    if about.low is not None and about.low < 0:
        _refuse(layout, f"({layout.table.number(column)}) < 0", column, f"{use}: below zero", 0, "correct the row")


def check_groups(layout: Layout, seen: Profile) -> None:
    """Refuse rows without cluster, stratum or day where the plan names them, and clusters in two arms."""
    table = layout.table
    for column, name, n in (
        (layout.cluster, "cluster", seen.no_cluster),
        (layout.strata, "stratum", seen.no_stratum),
    ):
        if n:
            _refuse(layout, f"{table.words(column)} IS NULL", column, f"no {name}", n, f"name the {name} of each row")
    if seen.no_day:
        _refuse(
            layout,
            f"({table.day(layout.day)}) IS NULL",
            layout.day,
            "no day",
            seen.no_day,
            "write days like 2026-11-22",
        )


def check_units(layout: Layout, base: str) -> None:
    """Refuse a unit in two arms; a unit twice in one arm too, unless the plan adds its rows up."""
    connection, table = layout.table.connection, layout.table
    again = connection.execute(f"SELECT u FROM {base} GROUP BY u HAVING count(*) > 1 LIMIT 1").fetchall()
    if not again:
        return
    crossed = connection.execute(
        f"SELECT u FROM {base} GROUP BY u HAVING min(arm) <> max(arm) ORDER BY u LIMIT 1"
    ).fetchall()
    unit, arm = table.words(layout.unit), table.words(layout.arm)
    if crossed:
        name, rows, arms = _first_two(
            layout, f"{table.key(layout.unit)} = {crossed[0][0]}", f"{unit} || chr(31) || {arm}"
        )
        raise TableError(
            f"unit '{name}' is in two arms: row {rows[0]} says '{arms[0]}', row {rows[1]} says '{arms[1]}'",
            hint="a unit belongs to one arm; leave out who changed, or analyse by the first assignment",
            rows=rows,
        )
    if layout.plan.repeats == "refuse":
        name, rows, _ = _first_two(
            layout, f"{table.key(layout.unit)} = {again[0][0]}", f"{unit} || chr(31) || {arm}", differ=False
        )
        raise TableError(
            f"unit '{name}' is in rows {rows[0]} and {rows[1]}",
            hint="one row per unit; if a unit's rows should be added up, say repeats: sum (--repeats sum)",
            rows=rows,
        )


def check_clusters(layout: Layout, base: str) -> None:
    """Refuse a cluster whose units are in two arms: then it was not the cluster that was drawn."""
    connection, table = layout.table.connection, layout.table
    crossed = connection.execute(
        f"SELECT cluster FROM {base} GROUP BY cluster HAVING min(arm) <> max(arm) ORDER BY cluster LIMIT 1"
    ).fetchall()
    if crossed:
        cluster, arm = table.words(layout.cluster), table.words(layout.arm)
        name, rows, arms = _first_two(layout, f"{cluster} = {literal(crossed[0][0])}", f"{cluster} || chr(31) || {arm}")
        raise TableError(
            f"cluster '{name}' is in two arms: row {rows[0]} says '{arms[0]}', row {rows[1]} says '{arms[1]}'",
            hint="if units were drawn and not clusters, leave cluster: out; else correct the arm",
            rows=rows,
        )


def check_constant(layout: Layout, base: str, name: str, column: str) -> None:
    """Refuse a unit whose rows name different clusters, strata or segments, when its rows are added up."""
    connection, table = layout.table.connection, layout.table
    query = f"SELECT u FROM {base} GROUP BY u HAVING min({name}) <> max({name}) ORDER BY u LIMIT 1"
    found = connection.execute(query).fetchall()
    if found:
        unit = table.words(layout.unit)
        shown = f"{unit} || chr(31) || {table.words(column)}"
        who, rows, values = _first_two(layout, f"{table.key(layout.unit)} = {found[0][0]}", shown)
        raise TableError(
            f"unit '{who}' has '{values[0]}' in column '{column}' in row {rows[0]} and '{values[1]}' in row {rows[1]}",
            hint="a unit belongs to one group: use what was known when it entered",
            rows=rows,
        )


def _first_two(
    layout: Layout, where: str, shown: str, *, differ: bool = True
) -> tuple[str, tuple[int, int], tuple[str, str]]:
    """Find the first row and the first after it that says something else (or, if not ``differ``, the same again)."""
    found = layout.table.rows(where, shown, limit=100_000 if differ else 2)
    first = found[0]
    other = next((row for row in found[1:] if not differ or row[1] != first[1]), found[-1])
    (name, a), (_, b) = (row[1].split(chr(31), 1) for row in (first, other))
    return name, (first[0], other[0]), (a, b)


def _refuse(layout: Layout, where: str, column: str, what: str, count: int, hint: str) -> NoReturn:
    table = layout.table
    found = table.rows(where, table.words(column), limit=1)
    number, shown = found[0] if found else (table.first_row, "")
    more = f" (and {count - 1:,} more)" if count > 1 else ""
    value = f" ('{shown}')" if shown else ""
    raise TableError(f"{table.label}, row {number}, column '{column}'{value}: {what}{more}", hint=hint, rows=(number,))
