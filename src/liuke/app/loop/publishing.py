"""Gathers what the console reads and hands it to `publish`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from liuke.app.loop.context import RunContext
from liuke.app.loop.segmenting import published_sizes
from liuke.app.publish import MetricWord, StrategyWord, TagWord, Vocabulary, publish
from liuke.app.publish.contracts import TagKind
from liuke.collect.identity import IDENTITY_MAP
from liuke.engage.outreach import CONTACTS
from liuke.learn.experiments import ASSIGNMENTS, EFFECTS
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.clv import CUSTOMER_VALUES, GROUP_VALUES
from liuke.predict.early_warning import INTERVENTIONS, WARNING_BACKTEST, WARNING_THRESHOLDS, WARNINGS
from liuke.store.lineage import StepResult
from liuke.understand.metrics import COHORTS, METRICS, metric_definitions
from liuke.understand.tags import CUSTOMER_TAGS, FAMILIES, TagDefinition, value_names

PUBLISHED_TABLES = (
    CUSTOMER_TAGS,
    METRICS.name,
    COHORTS.name,
    CHURN_SCORES.name,
    WARNINGS.name,
    CUSTOMER_VALUES.name,
    GROUP_VALUES.name,
    WARNING_THRESHOLDS.name,
    WARNING_BACKTEST.name,
    INTERVENTIONS.name,
    EFFECTS.name,
    CONTACTS.name,
    ASSIGNMENTS.name,
)

_KIND_OF_TYPE: dict[str, TagKind] = {
    "money_minor": "money",
    "category": "text",
    "boolean": "boolean",
    "date": "date",
    "list": "list",
}
_KIND_OF_UNIT: dict[str, TagKind] = {"days": "days", "share": "share"}


def publish_build(context: RunContext) -> StepResult:
    """Build the folder that the console reads, and flip to it."""
    app = context.app
    build = publish(
        app.workspace.published_dir,
        context.moment,
        {name: app.lake.scan_sql(name) for name in PUBLISHED_TABLES},
        shop=app.shop,
        vocabulary=vocabulary(context),
        identity_sql=f"SELECT identity_id, customer_id FROM {app.lake.scan_sql(IDENTITY_MAP.name)}",
        now=app.now(),
        notes=context.missing,
        aside=[one for _, one in sorted(context.aside.items())],
        tables=_tables(context),
        segments=published_sizes(context),
        value_choice=_value_choice(context),
    )
    counts = {"customers": build.customers, "timeline": build.timeline_rows}
    note = f"{build.customers:,} customers, {build.timeline_rows:,} timeline rows"
    return StepResult({}, counts, note, note_zh=f"{build.customers:,} 位客户，{build.timeline_rows:,} 条时间线记录")


def vocabulary(context: RunContext) -> Vocabulary:
    """Return the words for every key that stands in the published tables."""
    app = context.app
    names = value_names(app.tags)
    return Vocabulary(
        tags=tuple(
            _tag_word(app.tags[key], names.get(key))
            for family in FAMILIES
            for key in app.tags.visible
            if app.tags[key].family == family
        ),
        metrics=tuple(
            MetricWord(one.key, one.zh, one.en, one.formula_zh, one.formula_en, one.unit, one.better)
            for one in metric_definitions(app.shop, app.settings.metrics)
        ),
        strategies=tuple(
            StrategyWord(one.id, one.name.zh, one.name.en, one.description.zh, one.description.en)
            for one in app.strategies
        ),
        events={one.name: (one.zh, one.en) for one in app.behaviours},
    )


def _tag_word(definition: TagDefinition, one_of: tuple[str, ...] | None) -> TagWord:
    family_zh, family_en = FAMILIES[definition.family]
    words = definition.explain or definition.name
    kind = _KIND_OF_TYPE.get(definition.type) or _KIND_OF_UNIT.get(definition.unit, "number")
    return TagWord(
        key=definition.key,
        family=definition.family,
        family_zh=family_zh,
        family_en=family_en,
        zh=definition.name.zh,
        en=definition.name.en,
        explanation_zh=words.zh,
        explanation_en=words.en,
        kind=kind,
        values={value: (label.zh, label.en) for value, label in definition.labels.items()},
        one_of=one_of,
    )


def _value_choice(context: RunContext) -> dict[str, Any] | None:
    choice = context.app.value.choice(context.as_of)
    return asdict(choice) if choice is not None else None


def _tables(context: RunContext) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "rows": one.rows,
            "files": one.files,
            "bytes": one.bytes,
            "snapshots": one.snapshots,
            "snapshot_id": str(one.snapshot_id) if one.snapshot_id is not None else None,
            "committed_at": one.committed_at.isoformat() if one.committed_at else None,
        }
        for one in context.app.lake.tables()
    ]
