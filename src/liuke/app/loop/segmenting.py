"""The step that evaluates every segment: who is in it today, who came and who went."""

from __future__ import annotations

import pyarrow as pa

from liuke.app.loop.context import RunContext, named, set_aside
from liuke.kernel import SetAside
from liuke.predict.early_warning import WARNINGS
from liuke.store.lineage import StepResult
from liuke.understand.segments import (
    SEGMENT_CHANGES,
    SEGMENT_MEMBERSHIP,
    SEGMENT_SIZES,
    SegmentBook,
    SegmentDesk,
    changes_table,
    days_of_segments,
    desk_at,
    membership_table,
    sizes_table,
)
from liuke.understand.tags import CUSTOMER_TAGS

NIGHTLY_SECONDS = 900.0
"""Time for all segments together; nobody waits at a screen."""


def segment(context: RunContext) -> StepResult:
    """Evaluate every segment of the shop; one that does not fit its tags any more is left out and named."""
    read = context.app.read_segments()
    book = read.book
    desk = _desk(context, book)
    versions = {key: book.version(key) for key in book if key not in desk.refused}
    flags = desk.flags(list(versions), book) if versions else pa.table({"customer_id": pa.array([], pa.int64())})
    desk.engine.close()
    today = membership_table(flags, versions, context.as_of)
    before, previous = _before(context)
    changes = changes_table(today, before, previous, versions, context.as_of)
    sizes = sizes_table(days_of_segments(today, changes, previous, versions, context.as_of))
    where, key = {"as_of": context.as_of}, context.commit_key("segment")
    lake = context.app.lake
    outputs = {
        spec.name: lake.overwrite(spec.name, rows, where, key).snapshot_id
        for spec, rows in ((SEGMENT_MEMBERSHIP, today), (SEGMENT_CHANGES, changes), (SEGMENT_SIZES, sizes))
    }
    note = f"{len(versions):,} segments, {today.num_rows:,} memberships, {changes.num_rows:,} changes"
    zh = f"{len(versions):,} 个人群，{today.num_rows:,} 个成员，{changes.num_rows:,} 处变动"
    aside = [*read.aside, *(SetAside.because("segment", key, error) for key, error in desk.refused.items())]
    counts = {"segments": len(versions), "members": today.num_rows, "refused": len(aside)}
    more_zh, more = named(aside)
    return StepResult(outputs, counts, note + more, set_aside(aside), zh + more_zh)


def segment_versions(context: RunContext) -> tuple[str, ...]:
    """Return every segment with its version, and what was set aside."""
    read = context.app.read_segments()
    return (*(f"{key}@{read.book.version(key)}" for key in sorted(read.book)), *(one.en for one in read.aside))


def _desk(context: RunContext, book: SegmentBook) -> SegmentDesk:
    app, day = context.app, f"as_of = DATE '{context.as_of}'"
    settings = app.settings.segments.model_copy(
        update={"timeout_s": NIGHTLY_SECONDS, "memory_mb": max(app.settings.store.memory_mb, 256)}
    )
    return desk_at(
        context.moment,
        app.tags,
        list(book),
        book,
        tags=f"(SELECT * FROM {app.lake.scan_sql(CUSTOMER_TAGS)} WHERE {day})",
        levels=f"(SELECT customer_id, level FROM {app.lake.scan_sql(WARNINGS.name)} WHERE {day})",
        settings=settings,
        events=app.behaviours.names,
    )


def _before(context: RunContext) -> tuple[pa.Table, dict[str, str]]:
    """Return each segment's members at its latest earlier evaluation, and the version that was evaluated."""
    lake, run = context.app.lake, context.moment.connection
    latest = (
        f"SELECT segment, max(as_of) AS as_of FROM {lake.scan_sql(SEGMENT_SIZES.name)} "
        f"WHERE as_of < DATE '{context.as_of}' GROUP BY segment"
    )
    sizes = f"SELECT s.segment, s.version FROM {lake.scan_sql(SEGMENT_SIZES.name)} s JOIN ({latest}) l "
    previous = dict(run.execute(f"{sizes} USING (segment, as_of)").fetchall())
    members = run.sql(
        f"SELECT m.as_of, m.segment, m.version, m.customer_id FROM {lake.scan_sql(SEGMENT_MEMBERSHIP.name)} m "
        f"JOIN ({latest}) l USING (segment, as_of) ORDER BY m.segment, m.customer_id"
    ).to_arrow_table()
    return members, previous


def published_sizes(context: RunContext) -> list[dict[str, object]]:
    """Return what the console shows of the latest evaluation of each segment."""
    rows = context.moment.connection.execute(
        f'SELECT segment, version, as_of, customers, entered, "left", because '
        f"FROM {context.app.lake.scan_sql(SEGMENT_SIZES.name)} WHERE as_of <= DATE '{context.as_of}' "
        "QUALIFY row_number() OVER (PARTITION BY segment ORDER BY as_of DESC) = 1 ORDER BY segment"
    )
    names = [column[0] for column in rows.description or []]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
