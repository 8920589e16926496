"""The step that delivers messages and writes down who was written to."""

from __future__ import annotations

import os
from dataclasses import asdict

import pyarrow as pa

from liuke.app.loop.context import RunContext
from liuke.engage.outreach import CONTACTS, Delivery
from liuke.store.lineage import StepResult


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
    zh = f"发送 {delivery.sent:,}，压住 {held:,}，失败 {delivery.failed:,}，状态不明 {delivery.unknown:,}"
    note += "".join(f"; {one.channel} stopped: {one.message}" for one in delivery.stopped)
    zh += "".join(f"；渠道 {one.channel} 已停" for one in delivery.stopped)
    return StepResult(outputs, {**counts, "held": held}, note, {"delivery": _plain(delivery)}, zh)


def _write_contacts(context: RunContext, contacts: pa.Table) -> int | None:
    """Replace the day's contacts if they changed; this step always runs, and a new snapshot makes others run too."""
    known = context.app.lake.arrow(CONTACTS.name, {"as_of": context.as_of}).sort_by("message_id")
    fresh = contacts.sort_by("message_id").select(known.column_names).cast(known.schema)
    if fresh.equals(known):
        return context.app.lake.snapshot_id(CONTACTS.name)
    return context.write_day(CONTACTS.name, contacts, "engage")


def _plain(delivery: Delivery) -> dict[str, object]:
    return {
        "sent": delivery.sent,
        "failed": delivery.failed,
        "unknown": delivery.unknown,
        "requeued": delivery.requeued,
        "held": dict(delivery.held),
        "stopped": [asdict(one) for one in delivery.stopped],
    }
