"""What each step of the daily loop does: read through the rooms' doors, write a lake table or two, report."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from liuke.app.definitions import AUDIENCE_PROFILE, values_unseen
from liuke.app.loop import freshness
from liuke.app.loop.context import RunContext, missing, named, set_aside
from liuke.app.loop.publishing import publish_build
from liuke.app.scores import published_scores
from liuke.app.treatments import LakeTreatments
from liuke.collect.identity import IDENTITIES, IDENTITY_MAP
from liuke.collect.sources import CANONICAL
from liuke.decide.strategies import entries_of
from liuke.engage.outreach import CONTACTS, Delivery
from liuke.kernel import NotEnoughData, SetAside, SettingsError
from liuke.learn.experiments import ASSIGNMENTS, EFFECTS, Effect, Reading, effects_table, export_assignments, read_out
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.early_warning import (
    INTERVENTIONS,
    WARNING_THRESHOLDS,
    WARNINGS,
    Intervened,
    detect,
    grade,
    intervened,
    intervened_table,
    totals,
)
from liuke.store.lineage import StepResult
from liuke.understand.metrics import COHORTS, METRICS, with_changes
from liuke.understand.metrics import measure as measure_shop
from liuke.understand.tags import CUSTOMER_TAGS, build_tags

__all__ = [
    "HISTORY",
    "active_names",
    "decide",
    "engage",
    "ingest",
    "learn",
    "measure",
    "predict",
    "publish_build",
    "resolve",
    "send",
    "strategy_versions",
    "tag",
    "tag_versions",
    "warn",
]

HISTORY = (*(spec.name for spec in CANONICAL), IDENTITIES.name)
"""Tables behind a moment's views."""

_LEVELS_ZH = {"red": "红色", "orange": "橙色", "yellow": "黄色", "blue": "蓝色", "fading": "悄然疏远"}

HYSTERESIS_DAYS = 14  # a level given earlier says nothing about today's


def ingest(context: RunContext) -> StepResult:
    """Read the files that are new or changed."""
    report = context.app.ingestor.ingest(context.app.now(), context.progress)
    outputs = {name: context.app.lake.snapshot_id(name) for name in HISTORY}
    counts = {
        "files": len(report.loads),
        "refused": len(report.refused),
        "loaded": report.loaded,
        "filtered": report.filtered,
        "quarantined": report.quarantined,
    }
    note = f"{len(report.loads)} files, {report.loaded:,} rows loaded, {report.quarantined:,} quarantined"
    zh = f"{len(report.loads)} 个文件,载入 {report.loaded:,} 行,隔离 {report.quarantined:,} 行"
    if report.refused:
        note += f", {len(report.refused)} files refused: {report.refused[0].message}"
        zh += f";{len(report.refused)} 个文件整个退回,其中有 {report.refused[0].file_key}"
    if not report.loads and not report.refused:
        note, zh = "no new files", "没有新文件"
    return StepResult(outputs, counts, note, note_zh=zh)


def resolve(context: RunContext) -> StepResult:
    """Write down which identities exact keys have joined by now."""
    merged = context.moment.connection.sql(
        "SELECT identity_id, customer_id FROM identity_map ORDER BY identity_id"
    ).to_arrow_table()
    commit = context.app.lake.overwrite(IDENTITY_MAP.name, merged, None, context.commit_key("resolve"))
    # the map also leads identifiers (a phone number, a member number) to their customer: those are no customers
    records, customers = context.moment.connection.sql(
        f"""SELECT count(*), count(DISTINCT customer_id) FROM identity_map
            SEMI JOIN {context.app.lake.scan_sql(IDENTITIES.name)} USING (identity_id)"""
    ).fetchall()[0]
    note = f"{customers:,} customers joined of more than one record: {records:,} records belong to another"
    zh = f"{customers:,} 位客户由多条记录合并而成,{records:,} 条记录并入了另一条"
    counts = {"merged": records, "customers": customers}
    return StepResult({IDENTITY_MAP.name: commit.snapshot_id}, counts, note, note_zh=zh)


def tag(context: RunContext) -> StepResult:
    """Compute every tag of every customer."""
    engine = context.tag_engine
    if engine is None:
        scores = published_scores(context.app, context.moment)
        rows = build_tags(context.moment, context.app.tags, scores=scores)
    else:
        rows = engine.build(context.app, context.as_of)
    commit_id = _write_day(context, CUSTOMER_TAGS, rows, "tag")
    aside = context.app.aside("behaviour", "tag")
    note = f"{rows.num_rows:,} customers × {rows.num_columns - 1} tags" + (f" by {engine.name}" if engine else "")
    zh = f"{rows.num_rows:,} 位客户,{rows.num_columns - 1} 个标签"
    counts = {"customers": rows.num_rows, "tags": rows.num_columns - 1}
    more_zh, more = named(aside)
    return StepResult({CUSTOMER_TAGS: commit_id}, counts, note + more, set_aside(aside), zh + more_zh)


def tag_versions(context: RunContext) -> tuple[str, ...]:
    """Return the hash of all tag definitions, and what was set aside."""
    return (context.app.tags.hash(), *(one.en for one in context.app.aside("behaviour", "tag")))


def active_names(context: RunContext) -> tuple[str, ...]:
    """Return the events that make a customer active."""
    return tuple(context.app.behaviours.active_names)


def measure(context: RunContext) -> StepResult:
    """Compute key figures and cohorts."""
    app = context.app
    measured = measure_shop(context.moment, app.shop, app.settings.metrics, app.behaviours.active_names)
    metrics, cohorts = measured.metrics, measured.cohorts
    end = freshness.data_end(context.moment.connection)
    why = freshness.staleness(context.as_of, end, app.settings.sources.stale_after_days)
    if why is not None and end is not None:
        metrics = freshness.without_unknown_figures(metrics, end, why)
        cohorts = freshness.without_unknown_months(cohorts, end)
    metrics = with_changes(metrics, _newest_before(context, METRICS.name))
    outputs = {
        METRICS.name: _write_day(context, METRICS.name, metrics, "measure"),
        COHORTS.name: _write_day(context, COHORTS.name, cohorts, "measure"),
    }
    n, detail = metrics.num_rows, missing(freshness.PART, why) if why is not None else {}
    return StepResult(outputs, {"values": n}, f"{n:,} values", detail, f"{n:,} 个数值")


def predict(context: RunContext) -> StepResult:
    """Score every active buyer, after training where a model is due."""
    run = context.app.churn.run(context.as_of, progress=context.progress, moment=context.moment)
    outputs = {CHURN_SCORES.name: context.app.lake.snapshot_id(CHURN_SCORES.name)}
    if isinstance(run.outcome, NotEnoughData) and not run.scores.num_rows:
        return StepResult(outputs, {"scored": 0}, "not enough data", missing("churn", run.outcome), "数据还不够")
    if isinstance(run.outcome, NotEnoughData):
        how = f"with {run.model_version}: no new model, {run.outcome.reason_en}"
        how_zh = f"沿用已有模型,没有新模型:{run.outcome.reason_zh}"
    elif run.outcome is None:
        how, how_zh = "with the model of an earlier day", "沿用较早的模型"
    else:
        how, how_zh = run.outcome.verdict_en(), run.outcome.verdict_zh()
    scored = run.scores.num_rows
    return StepResult(outputs, {"scored": scored}, f"{scored:,} scored; {how}", note_zh=f"{scored:,} 人已评分;{how_zh}")


def warn(context: RunContext) -> StepResult:
    """Look for silent declines, give each scored customer one of four levels."""
    lake, settings = context.app.lake, context.app.settings.warning
    scores = lake.arrow(CHURN_SCORES.name, {"as_of": context.as_of}).sort_by("customer_id")
    tags = lake.arrow(CUSTOMER_TAGS, {"as_of": context.as_of})
    lifecycle = pa.table({"customer_id": tags["customer_id"], "stage": tags["lifecycle"]})
    declines = detect(context.moment, scores["customer_id"].to_numpy(), context.app.behaviours.active_names, settings)
    graded = grade(scores, _previous_warnings(context), lifecycle, settings, declines=declines)
    outputs = {
        WARNINGS.name: _write_day(context, WARNINGS.name, graded.warnings, "warn"),
        WARNING_THRESHOLDS.name: _write_day(context, WARNING_THRESHOLDS.name, graded.thresholds, "warn"),
    }
    counts = {one.level.value: float(one.customers) for one in totals(graded.warnings)}
    counts["fading"] = float(sum(int(one.drifting.sum()) for one in declines.values()))
    note = ", ".join(f"{int(n):,} {level}" for level, n in counts.items())
    zh = ",".join(f"{_LEVELS_ZH[level]} {int(n):,} 人" for level, n in counts.items())
    return StepResult(outputs, counts, note, note_zh=zh)


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
    names = {one.id: one.name.zh for one in context.app.strategies}
    rehearsed = ", rehearsed" if any(one.rehearsed for one in reports) else ""
    note = ", ".join(f"{one.strategy}: {sum(one.entered.values()):,} entered" for one in reports)
    note = f"{note}; {int(counts['planned']):,} messages planned{rehearsed}"
    zh = ",".join(f"{names[one.strategy]}:{sum(one.entered.values()):,} 人进入" for one in reports)
    zh = f"{zh};计划 {int(counts['planned']):,} 条消息{',只预演' if rehearsed else ''}".removeprefix(";")
    if not reports and not aside:
        note, zh = "no strategies: `liuke strategies ready` shows those that come with the product", "没有策略"
    for more_zh, more in (_unseen(context), named(aside)):
        zh, note = zh + more_zh, note + more
    return StepResult({}, counts, note, set_aside(aside), zh)


def _unseen(context: RunContext) -> tuple[str, str]:
    """Return what the note says, in Chinese and English, of values that strategies ask for and nobody of today has."""
    columns = {name: name for name in context.app.audience.types}
    run = context.moment.connection
    told = [
        (f";{strategy.name.zh}:{one.told[0]}", f"; {strategy.id}: {one.told[1]}")
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


def engage(context: RunContext) -> StepResult:
    """Tidy up after a crash, send what is due, write down every contact."""
    delivery = _deliver(context)
    commit_id = _write_contacts(context, context.app.outreach_on(context.clock).contacts_as_of(context.as_of))
    return _delivered(delivery, {CONTACTS.name: commit_id})


def send(context: RunContext) -> StepResult:
    """Send what is due; contacts are written down only if one moved, so that a quiet day leaves no snapshot."""
    delivery = _deliver(context)
    if not (delivery.sent or delivery.failed or delivery.held or delivery.stopped):
        return _delivered(delivery, {})
    commit_id = _write_contacts(context, context.app.outreach_on(context.clock).contacts_as_of(context.as_of))
    return _delivered(delivery, {CONTACTS.name: commit_id})


def _deliver(context: RunContext) -> Delivery:
    outreach = context.app.outreach_on(context.clock)
    delivery = outreach.recover() if not context.rehearse else Delivery()
    strategies = _sending(context)
    worker = f"run-{os.getpid()}"
    return delivery + outreach.deliver(
        worker, rehearse=context.rehearse, strategies=strategies, progress=context.progress
    )


def _sending(context: RunContext) -> list[str] | None:
    """Return the strategies whose queued messages may go, None for all: what is set aside sends nothing."""
    lost = {name for kind, name in context.aside if kind == "strategy"}
    lost |= {one.name for one in context.app.aside("strategy")}
    return [one.id for one in context.app.strategies if one.id not in lost] if lost else None


def _delivered(delivery: Delivery, outputs: dict[str, int | None]) -> StepResult:
    counts = {"sent": delivery.sent, "failed": delivery.failed, "unknown": delivery.unknown}
    held = sum(delivery.held.values())
    note = f"{delivery.sent:,} sent, {held:,} held back, {delivery.failed:,} failed, {delivery.unknown:,} unknown"
    zh = f"发送 {delivery.sent:,},压住 {held:,},失败 {delivery.failed:,},状态不明 {delivery.unknown:,}"
    note += "".join(f"; {one.channel} stopped: {one.message}" for one in delivery.stopped)
    zh += "".join(f";渠道 {one.channel} 已停" for one in delivery.stopped)
    return StepResult(outputs, {**counts, "held": held}, note, {"delivery": _plain(delivery)}, zh)


def learn(context: RunContext) -> StepResult:
    """Read every trial out, let it grow or end by its own rule, write down effects and the propensity log."""
    app = context.app
    contacts = app.lake.arrow(CONTACTS.name, {"as_of": context.as_of})
    found = app.trials.read_out(context.moment, contacts, context.act, decide=not context.rehearse)
    if not context.rehearse:
        app.trials.keep_facts(context.moment, app.strategies)
    known = {one.id for one in app.strategies}
    read = {one.record.strategy: one for one in found if one.record.strategy in known}
    effects: list[Effect] = [effect for one in read.values() for effect in one.reading.effects]
    merged = context.moment.connection.sql("SELECT identity_id, customer_id FROM identity_map").to_arrow_table()
    with app.operations.read() as connection:
        for strategy in app.strategies:
            if strategy.id not in read:  # without a control group, or never yet run but in rehearsal
                entries = entries_of(connection, strategy.id)
                reading = Reading(strategy.id, strategy.goal.horizon_days, app.shop.currency)
                effects += read_out(context.moment, entries, reading, app.settings.experiments)
        assignments = export_assignments(connection, merged, contacts)
    effects.sort(key=lambda one: one.strategy)
    outputs = {
        INTERVENTIONS.name: _write_day(context, INTERVENTIONS.name, _interventions(context, assignments), "learn"),
        EFFECTS.name: _write_day(context, EFFECTS.name, effects_table(effects), "learn"),
        ASSIGNMENTS.name: app.lake.overwrite(
            ASSIGNMENTS.name, assignments, None, context.commit_key("learn")
        ).snapshot_id,
    }
    note = ", ".join(f"{one.strategy}: {one.verdict.value}" for one in effects if one.metric == "repurchase")
    moved = [f"{one.record.id} {one.move.reason or one.move.action}" for one in found if one.move.action != "stay"]
    names = {one.id: one.name.zh for one in app.strategies}
    zh = ",".join(f"{names[one.strategy]}:{one.verdict.zh}" for one in effects if one.metric == "repurchase")
    moved_zh = [f"{one.record.id} {one.move.zh}" for one in found if one.move.action != "stay"]
    counts = {"assignments": assignments.num_rows}
    return StepResult(outputs, counts, "; ".join([note, *moved]), note_zh=";".join([zh, *moved_zh]))


def _interventions(context: RunContext, assignments: pa.Table) -> pa.Table:
    """Count who of those who left was contacted in time; by the horizon that today's scores speak of."""
    app, as_of = context.app, context.as_of
    horizons = app.lake.arrow(CHURN_SCORES.name, {"as_of": as_of})["horizon_days"].unique().to_pylist()
    if not horizons:
        note = NotEnoughData("没有流失评分", "no churn scores", 0, 1)
        return intervened_table(Intervened(as_of, as_of, note=note), None)
    treated = LakeTreatments(app.lake)(as_of)
    held = assignments.filter(pc.is_in(assignments["arm"], pa.array(["control", "global_control"])))
    held = held.select(["customer_id", "assigned_on"]).rename_columns(["customer_id", "held_on"])
    sent = treated.contacts.rename_columns(["customer_id", "contacted_on"])
    window = app.settings.churn.window_days or horizons[0]
    return intervened_table(intervened(context.moment, sent, held, horizons[0], window), horizons[0])


def _write_day(context: RunContext, table: str, rows: pa.Table, step: str) -> int | None:
    """Replace a table's rows of this day."""
    if "as_of" not in rows.column_names:
        day = pa.array([context.as_of] * rows.num_rows, pa.date32())
        rows = rows.add_column(0, "as_of", day)
    where = {"as_of": context.as_of}
    return context.app.lake.overwrite(table, rows, where, context.commit_key(step)).snapshot_id


def _write_contacts(context: RunContext, contacts: pa.Table) -> int | None:
    """Replace the day's contacts if they changed; this step always runs, and a new snapshot makes others run too."""
    known = context.app.lake.arrow(CONTACTS.name, {"as_of": context.as_of}).sort_by("message_id")
    fresh = contacts.sort_by("message_id").select(known.column_names).cast(known.schema)
    if fresh.equals(known):
        return context.app.lake.snapshot_id(CONTACTS.name)
    return _write_day(context, CONTACTS.name, contacts, "engage")


def _newest_before(context: RunContext, table: str) -> pa.Table:
    """Return a table's rows of the newest day before this one; none at the first run."""
    scan = context.app.lake.scan_sql(table)
    return context.moment.connection.sql(
        f"SELECT * FROM {scan} WHERE as_of = (SELECT max(as_of) FROM {scan} WHERE as_of < DATE '{context.as_of}')"
    ).to_arrow_table()


def _previous_warnings(context: RunContext) -> pa.Table | None:
    """Return the latest earlier levels that are recent enough to hold on to."""
    since = context.as_of - timedelta(days=HYSTERESIS_DAYS)
    found = context.moment.connection.sql(
        f"""WITH earlier AS (SELECT * FROM {context.app.lake.scan_sql(WARNINGS.name)}
                             WHERE as_of < DATE '{context.as_of}' AND as_of >= DATE '{since}')
            SELECT customer_id, level FROM earlier WHERE as_of = (SELECT max(as_of) FROM earlier)
            ORDER BY customer_id"""
    ).to_arrow_table()
    return found if found.num_rows else None


def _plain(delivery: Delivery) -> dict[str, object]:
    return {
        "sent": delivery.sent,
        "failed": delivery.failed,
        "unknown": delivery.unknown,
        "requeued": delivery.requeued,
        "held": dict(delivery.held),
        "stopped": [asdict(one) for one in delivery.stopped],
    }
