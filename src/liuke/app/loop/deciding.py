"""The step that lets customers enter strategies, draws arms and plans messages."""

from __future__ import annotations

from collections.abc import Sequence

from liuke.app.definitions import AUDIENCE_PROFILE, values_unseen
from liuke.app.loop.context import RunContext, named, set_aside
from liuke.decide.strategies import EntryReport
from liuke.kernel import SetAside, SettingsError
from liuke.predict.early_warning import WARNINGS
from liuke.store.lineage import StepResult
from liuke.understand.tags import CUSTOMER_TAGS


def decide(context: RunContext) -> StepResult:
    """Let customers enter strategies, draw arms, plan messages."""
    connection = context.moment.connection
    lake = context.app.lake
    day = f"as_of = DATE '{context.as_of}'"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE audience AS
            SELECT t.* EXCLUDE (as_of), w.level, {", ".join(f"c.{name}" for name in AUDIENCE_PROFILE)}
            FROM (SELECT * FROM {lake.scan_sql(CUSTOMER_TAGS)} WHERE {day}) t
            LEFT JOIN (SELECT * FROM {lake.scan_sql(WARNINGS.name)} WHERE {day}) w USING (customer_id)
            LEFT JOIN customers c USING (customer_id)"""
    )
    if not context.rehearse:
        context.app.trials.open_trials(context.app.strategies, context.act)
    desk, reports, aside = context.app.desk, [], list(context.app.aside("template", "strategy"))
    for strategy in context.app.strategies:
        try:
            reports.append(desk.enter(strategy, context.as_of, connection, "audience", rehearse=context.rehearse))
        except SettingsError as error:  # only today's data show it; nobody has entered, and the others go on
            aside.append(SetAside.because("strategy", strategy.id, error))
    counts = {f"{one.strategy}.{arm}": float(n) for one in reports for arm, n in one.entered.items()}
    counts["planned"] = sum(one.planned for one in reports)
    zh, en = map("".join, zip(_told(context, reports), _unseen(context), named(aside), strict=True))
    return StepResult({}, counts, en, set_aside(aside), zh)


def _told(context: RunContext, reports: Sequence[EntryReport]) -> tuple[str, str]:
    """Return who entered and what was planned, in Chinese and English."""
    if not context.app.strategies:
        return "没有策略", "no strategies: `liuke strategies ready` shows those that come with the product"
    names = {one.id: one.name.zh for one in context.app.strategies}
    entered = [(one.strategy, f"{sum(one.entered.values()):,}") for one in reports]
    planned = f"{sum(one.planned for one in reports):,}"
    zh, en = f"计划 {planned} 条消息", f"{planned} messages planned"
    if any(one.rehearsed for one in reports):
        zh, en = f"{zh}，只预演", f"{en}, rehearsed"
    return (
        "；".join([*(f"{names[strategy]}：{n} 人进入" for strategy, n in entered), zh]),
        "; ".join([", ".join(f"{strategy}: {n} entered" for strategy, n in entered), en]).removeprefix("; "),
    )


def _unseen(context: RunContext) -> tuple[str, str]:
    """Return what the note says, in Chinese and English, of values that strategies ask for and nobody of today has."""
    columns = {name: name for name in context.app.audience.types}
    run = context.moment.connection
    told = [
        (f"；{strategy.name.zh}：{one.told[0]}", f"; {strategy.id}: {one.told[1]}")
        for strategy in context.app.strategies
        for one in values_unseen(
            strategy, context.app.audience, lambda sql: run.execute(sql).fetchall(), "audience", columns
        )
    ]
    return "".join(zh for zh, _ in told), "".join(en for _, en in told)


def strategy_versions(context: RunContext) -> tuple[str, ...]:
    """Return every strategy with its version, and what was set aside."""
    aside = (one.en for one in context.app.aside("template", "strategy"))
    return (*(f"{one.id}@{one.version}" for one in context.app.strategies), *aside)
