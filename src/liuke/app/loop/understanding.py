"""The steps that compute tags and key figures."""

from __future__ import annotations

from liuke.app.loop import freshness
from liuke.app.loop.context import RunContext, missing, named, set_aside
from liuke.app.scores import published_scores
from liuke.store.lineage import StepResult
from liuke.understand.metrics import COHORTS, METRICS, with_changes
from liuke.understand.metrics import measure as measure_shop
from liuke.understand.tags import CUSTOMER_TAGS, build_tags


def tag(context: RunContext) -> StepResult:
    """Compute every tag of every customer."""
    engine = context.tag_engine
    if engine is None:
        scores = published_scores(context.app, context.moment)
        rows = build_tags(context.moment, context.app.tags, scores=scores)
    else:
        rows = engine.build(context.app, context.as_of)
    commit_id = context.write_day(CUSTOMER_TAGS, rows, "tag")
    aside = context.app.aside("behaviour", "tag")
    note = f"{rows.num_rows:,} customers × {rows.num_columns - 1} tags" + (f" by {engine.name}" if engine else "")
    zh = f"{rows.num_rows:,} 位客户，{rows.num_columns - 1} 个标签"
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
    metrics = with_changes(metrics, context.newest_before(METRICS.name))
    outputs = {
        METRICS.name: context.write_day(METRICS.name, metrics, "measure"),
        COHORTS.name: context.write_day(COHORTS.name, cohorts, "measure"),
    }
    n, detail = metrics.num_rows, missing(freshness.PART, why) if why is not None else {}
    return StepResult(outputs, {"values": n}, f"{n:,} values", detail, f"{n:,} 个数值")
