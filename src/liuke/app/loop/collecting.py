"""The steps that read the shop's files and say whose records they are."""

from __future__ import annotations

from liuke.app.loop.context import RunContext
from liuke.collect.identity import IDENTITIES, IDENTITY_MAP
from liuke.collect.sources import CANONICAL
from liuke.store.lineage import StepResult

HISTORY = (*(spec.name for spec in CANONICAL), IDENTITIES.name)
"""Tables behind a moment's views."""


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
    zh = f"{len(report.loads)} 个文件，载入 {report.loaded:,} 行，隔离 {report.quarantined:,} 行"
    if report.refused:
        note += f", {len(report.refused)} files refused: {report.refused[0].message}"
        zh += f"；{len(report.refused)} 个文件整个退回，其中有 {report.refused[0].file_key}"
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
    zh = f"{customers:,} 位客户由多条记录合并而成，{records:,} 条记录并入了另一条"
    counts = {"merged": records, "customers": customers}
    return StepResult({IDENTITY_MAP.name: commit.snapshot_id}, counts, note, note_zh=zh)
