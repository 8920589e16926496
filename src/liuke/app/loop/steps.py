"""What each step of the daily loop does: read through the rooms' doors, write a lake table or two, report."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import timedelta

import pyarrow as pa

from liuke.app.loop.context import RunContext, missing
from liuke.app.loop.publishing import publish_build
from liuke.app.scores import published_scores
from liuke.collect.identity import IDENTITIES, IDENTITY_MAP
from liuke.collect.sources import CANONICAL
from liuke.decide.strategies import entries_of
from liuke.engage.outreach import CONTACTS, Delivery
from liuke.kernel import NotEnoughData
from liuke.learn.experiments import ASSIGNMENTS, EFFECTS, Effect, Reading, effects_table, export_assignments, read_out
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.early_warning import WARNING_THRESHOLDS, WARNINGS, detect, grade, totals
from liuke.store.lineage import StepResult
from liuke.understand.metrics import COHORTS, METRICS
from liuke.understand.metrics import measure as measure_shop
from liuke.understand.tags import CUSTOMER_TAGS, build_tags

__all__ = [
    "HISTORY",
    "decide",
    "engage",
    "ingest",
    "learn",
    "measure",
    "predict",
    "publish_build",
    "resolve",
    "send",
    "strategy_definition",
    "tag",
    "tag_definition",
    "warn",
]

HISTORY = (*(spec.name for spec in CANONICAL), IDENTITIES.name)
"""Tables behind a moment's views."""

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
    if report.refused:
        note += f", {len(report.refused)} files refused: {report.refused[0].message}"
    return StepResult(outputs, counts, note if report.loads or report.refused else "no new files")


def resolve(context: RunContext) -> StepResult:
    """Write down which identities exact keys have joined by now."""
    merged = context.moment.connection.sql(
        "SELECT identity_id, customer_id FROM identity_map ORDER BY identity_id"
    ).to_arrow_table()
    commit = context.app.lake.overwrite(IDENTITY_MAP.name, merged, None, context.commit_key("resolve"))
    note = f"{merged.num_rows:,} identities joined to another"
    return StepResult({IDENTITY_MAP.name: commit.snapshot_id}, {"merged": merged.num_rows}, note)


def tag(context: RunContext) -> StepResult:
    """Compute every tag of every customer."""
    engine = context.tag_engine
    if engine is None:
        scores = published_scores(context.app, context.moment)
        rows = build_tags(context.moment, context.app.tags, scores=scores)
    else:
        rows = engine.build(context.app, context.as_of)
    commit_id = _write_day(context, CUSTOMER_TAGS, rows, "tag")
    note = f"{rows.num_rows:,} customers × {rows.num_columns - 1} tags" + (f" by {engine.name}" if engine else "")
    return StepResult({CUSTOMER_TAGS: commit_id}, {"customers": rows.num_rows, "tags": rows.num_columns - 1}, note)


def tag_definition(context: RunContext) -> str:
    """Return the hash of the settings and of all tag definitions."""
    return context.definition(context.app.tags.hash())


def measure(context: RunContext) -> StepResult:
    """Compute key figures and cohorts."""
    measured = measure_shop(context.moment, context.app.shop)
    outputs = {
        METRICS.name: _write_day(context, METRICS.name, measured.metrics, "measure"),
        COHORTS.name: _write_day(context, COHORTS.name, measured.cohorts, "measure"),
    }
    return StepResult(outputs, {"values": measured.metrics.num_rows}, f"{measured.metrics.num_rows:,} values")


def predict(context: RunContext) -> StepResult:
    """Score every active buyer, after training where a model is due."""
    run = context.app.churn.run(context.as_of, progress=context.progress, moment=context.moment)
    outputs = {CHURN_SCORES.name: context.app.lake.snapshot_id(CHURN_SCORES.name)}
    if isinstance(run.outcome, NotEnoughData) and not run.scores.num_rows:
        return StepResult(outputs, {"scored": 0}, "not enough data", missing("churn", run.outcome))
    if isinstance(run.outcome, NotEnoughData):
        how = f"with {run.model_version}: no new model, {run.outcome.reason_en}"
    else:
        how = "with the model of an earlier day" if run.outcome is None else run.outcome.verdict_en()
    return StepResult(outputs, {"scored": run.scores.num_rows}, f"{run.scores.num_rows:,} scored; {how}")


def warn(context: RunContext) -> StepResult:
    """Look for silent declines, give each scored customer one of four levels."""
    lake, settings = context.app.lake, context.app.settings.warning
    scores = lake.arrow(CHURN_SCORES.name, {"as_of": context.as_of}).sort_by("customer_id")
    tags = lake.arrow(CUSTOMER_TAGS, {"as_of": context.as_of})
    lifecycle = pa.table({"customer_id": tags["customer_id"], "stage": tags["lifecycle"]})
    declines = detect(context.moment, scores["customer_id"].to_numpy(), context.app.behaviours.active_names, settings)
    graded = grade(scores, _previous_warnings(context), lifecycle, settings=settings, declines=declines)
    outputs = {
        WARNINGS.name: _write_day(context, WARNINGS.name, graded.warnings, "warn"),
        WARNING_THRESHOLDS.name: _write_day(context, WARNING_THRESHOLDS.name, graded.thresholds, "warn"),
    }
    counts = {one.level.value: float(one.customers) for one in totals(graded.warnings)}
    counts["fading"] = float(sum(int(one.drifting.sum()) for one in declines.values()))
    note = ", ".join(f"{int(n):,} {level}" for level, n in counts.items())
    return StepResult(outputs, counts, note)


def decide(context: RunContext) -> StepResult:
    """Let customers enter strategies, draw arms, plan messages."""
    connection = context.moment.connection
    lake = context.app.lake
    day = f"as_of = DATE '{context.as_of}'"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE audience AS
            SELECT t.* EXCLUDE (as_of), w.level, c.province, c.city, c.gender, c.channel
            FROM (SELECT * FROM {lake.scan_sql(CUSTOMER_TAGS)} WHERE {day}) t
            LEFT JOIN (SELECT * FROM {lake.scan_sql(WARNINGS.name)} WHERE {day}) w USING (customer_id)
            LEFT JOIN customers c USING (customer_id)"""
    )
    if not context.rehearse:
        context.app.trials.open_trials(context.app.strategies, context.act)
    desk = context.app.desk
    reports = [
        desk.enter(strategy, context.as_of, connection, "audience", rehearse=context.rehearse)
        for strategy in context.app.strategies
    ]
    counts = {f"{one.strategy}.{arm}": float(n) for one in reports for arm, n in one.entered.items()}
    counts["planned"] = sum(one.planned for one in reports)
    rehearsed = ", rehearsed" if any(one.rehearsed for one in reports) else ""
    note = ", ".join(f"{one.strategy}: {sum(one.entered.values()):,} entered" for one in reports)
    if not reports:
        return StepResult({}, counts, "no strategies: `liuke strategies ready` shows those that come with the product")
    return StepResult({}, counts, f"{note}; {int(counts['planned']):,} messages planned{rehearsed}")


def strategy_definition(context: RunContext) -> str:
    """Return the hash of the settings and of every strategy's version."""
    return context.definition(*(f"{one.id}@{one.version}" for one in context.app.strategies))


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
    return delivery + outreach.deliver(f"run-{os.getpid()}", rehearse=context.rehearse, progress=context.progress)


def _delivered(delivery: Delivery, outputs: dict[str, int | None]) -> StepResult:
    counts = {"sent": delivery.sent, "failed": delivery.failed, "unknown": delivery.unknown}
    held = sum(delivery.held.values())
    note = f"{delivery.sent:,} sent, {held:,} held back, {delivery.failed:,} failed, {delivery.unknown:,} unknown"
    note += "".join(f"; {one.channel} stopped: {one.message}" for one in delivery.stopped)
    return StepResult(outputs, {**counts, "held": held}, note, {"delivery": _plain(delivery)})


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
                reading = Reading(strategy.id, strategy.goal.horizon_days)
                effects += read_out(context.moment, entries, reading, app.settings.experiments)
        assignments = export_assignments(connection, merged, contacts)
    effects.sort(key=lambda one: one.strategy)
    outputs = {
        EFFECTS.name: _write_day(context, EFFECTS.name, effects_table(effects), "learn"),
        ASSIGNMENTS.name: app.lake.overwrite(
            ASSIGNMENTS.name, assignments, None, context.commit_key("learn")
        ).snapshot_id,
    }
    note = ", ".join(f"{one.strategy}: {one.verdict.value}" for one in effects if one.metric == "repurchase")
    moved = [f"{one.record.id} {one.move.reason or one.move.action}" for one in found if one.move.action != "stay"]
    return StepResult(outputs, {"assignments": assignments.num_rows}, "; ".join([note, *moved]))


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
