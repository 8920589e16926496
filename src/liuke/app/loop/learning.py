"""The step that reads every trial out, and who was contacted in time."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from liuke.app.loop.context import RunContext
from liuke.app.treatments import LakeTreatments
from liuke.decide.strategies import entries_of
from liuke.engage.outreach import CONTACTS
from liuke.kernel import NotEnoughData
from liuke.learn.experiments import ASSIGNMENTS, EFFECTS, Effect, Reading, effects_table, export_assignments, read_out
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.early_warning import INTERVENTIONS, Intervened, intervened, intervened_table
from liuke.store.lineage import StepResult


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
        INTERVENTIONS.name: context.write_day(INTERVENTIONS.name, _interventions(context, assignments), "learn"),
        EFFECTS.name: context.write_day(EFFECTS.name, effects_table(effects), "learn"),
        ASSIGNMENTS.name: app.lake.overwrite(
            ASSIGNMENTS.name, assignments, None, context.commit_key("learn")
        ).snapshot_id,
    }
    note = ", ".join(f"{one.strategy}: {one.verdict.value}" for one in effects if one.metric == "repurchase")
    moved = [f"{one.record.id} {one.move.reason or one.move.action}" for one in found if one.move.action != "stay"]
    names = {one.id: one.name.zh for one in app.strategies}
    zh = "，".join(f"{names[one.strategy]}：{one.verdict.zh}" for one in effects if one.metric == "repurchase")
    moved_zh = [f"{one.record.id} {one.move.zh}" for one in found if one.move.action != "stay"]
    counts = {"assignments": assignments.num_rows}
    return StepResult(outputs, counts, "; ".join([note, *moved]), note_zh="；".join([zh, *moved_zh]))


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
