"""The steps that say who will not come back, and whom to worry about."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from liuke.app.loop.context import RunContext, missing
from liuke.kernel import NotEnoughData
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.early_warning import WARNING_THRESHOLDS, WARNINGS, detect, grade, totals
from liuke.store.lineage import StepResult
from liuke.understand.tags import CUSTOMER_TAGS

HYSTERESIS_DAYS = 14  # a level given earlier says nothing about today's
_LEVELS_ZH = {"red": "红色", "orange": "橙色", "yellow": "黄色", "blue": "蓝色", "fading": "悄然疏远"}


def predict(context: RunContext) -> StepResult:
    """Score every active buyer, after training where a model is due."""
    run = context.app.churn.run(context.as_of, progress=context.progress, moment=context.moment)
    outputs = {CHURN_SCORES.name: context.app.lake.snapshot_id(CHURN_SCORES.name)}
    if isinstance(run.outcome, NotEnoughData) and not run.scores.num_rows:
        return StepResult(outputs, {"scored": 0}, "not enough data", missing("churn", run.outcome), "数据还不够")
    if isinstance(run.outcome, NotEnoughData):
        how = f"with {run.model_version}: no new model, {run.outcome.reason_en}"
        how_zh = f"沿用已有模型，没有新模型：{run.outcome.reason_zh}"
    elif run.outcome is None:
        how, how_zh = "with the model of an earlier day", "沿用较早的模型"
    else:
        how, how_zh = run.outcome.verdict_en(), run.outcome.verdict_zh()
    scored = run.scores.num_rows
    return StepResult(
        outputs, {"scored": scored}, f"{scored:,} scored; {how}", note_zh=f"{scored:,} 人已评分；{how_zh}"
    )


def warn(context: RunContext) -> StepResult:
    """Look for silent declines, give each scored customer one of four levels."""
    lake, settings = context.app.lake, context.app.settings.warning
    scores = lake.arrow(CHURN_SCORES.name, {"as_of": context.as_of}).sort_by("customer_id")
    tags = lake.arrow(CUSTOMER_TAGS, {"as_of": context.as_of})
    lifecycle = pa.table({"customer_id": tags["customer_id"], "stage": tags["lifecycle"]})
    declines = detect(context.moment, scores["customer_id"].to_numpy(), context.app.behaviours.active_names, settings)
    graded = grade(scores, _previous_warnings(context), lifecycle, settings, declines=declines)
    outputs = {
        WARNINGS.name: context.write_day(WARNINGS.name, graded.warnings, "warn"),
        WARNING_THRESHOLDS.name: context.write_day(WARNING_THRESHOLDS.name, graded.thresholds, "warn"),
    }
    counts = {one.level.value: float(one.customers) for one in totals(graded.warnings)}
    counts["fading"] = float(sum(int(one.drifting.sum()) for one in declines.values()))
    note = ", ".join(f"{int(n):,} {level}" for level, n in counts.items())
    zh = "，".join(f"{_LEVELS_ZH[level]} {int(n):,} 人" for level, n in counts.items())
    return StepResult(outputs, counts, note, note_zh=zh)


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
