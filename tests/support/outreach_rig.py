"""An outbox with real parts: the consent room as it is, addresses in two languages, a clock that the test sets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from liuke.collect.consent import ConsentLedger, ConsentRecord, SuppressionList
from liuke.decide.strategies import Message, MessageBatch
from liuke.engage.outreach import (
    READY_TEMPLATES,
    MessageKeys,
    Outreach,
    OutreachSettings,
    Recipient,
    TemplateLibrary,
    build_channels,
    outbox,
)
from liuke.kernel import ShopProfile
from liuke.learn.experiments import ExperimentSettings, HashAllocator
from liuke.store.operations import FieldCipher

DAY = date(2026, 10, 5)
NOON = datetime(2026, 10, 5, 4)  # 12:00 in Shanghai


@dataclass
class Shop:
    """The consent room as it is, with one identity per customer, and an address book of two languages."""

    ledger: ConsentLedger = field(default_factory=ConsentLedger)
    suppression: SuppressionList = field(default_factory=lambda: SuppressionList(FieldCipher(bytes(range(32)))))
    without_address: frozenset[int] = frozenset()
    zones: dict[int, str] = field(default_factory=dict)

    def may_contact(self, connection, customer_ids, purpose, channel, at):
        return self.ledger.may_contact(connection, customer_ids, purpose, channel, at)

    def suppressed(self, connection, recipients, channel):
        by_address = {recipient.address: customer_id for customer_id, recipient in recipients.items()}
        return {by_address[a] for a in self.suppression.contains(connection, "email", by_address, channel)}

    def suppress(self, connection, channel, addresses, reason, since):
        self.suppression.add(connection, channel, addresses, reason=reason, since=since)

    def look_up(self, connection, customer_ids, channel):
        return {
            n: Recipient(f"c{n}@example.org", "zh-CN" if n % 2 else "en", self.zones.get(n, ""), {"name": f"<N{n}>"})
            for n in customer_ids
            if n not in self.without_address
        }


class Rig:
    """An outreach with real parts and a clock that the test sets."""

    def __init__(self, operations, folder, **settings) -> None:
        self.operations, self.folder, self.now, self.shop = operations, folder, NOON, Shop()
        self.settings = OutreachSettings.model_validate({"smtp": {"sender": "hello@shop.example"}, **settings})
        self.channels = build_channels(self.settings, folder)
        self.allocator = HashAllocator(ExperimentSettings())
        self.outreach = Outreach(
            operations,
            self.channels,
            TemplateLibrary([READY_TEMPLATES]),
            self.shop,
            self.shop,
            self.allocator,
            self.settings,
            ShopProfile(name="小店"),
            lambda: self.now,
            MessageKeys(FieldCipher(bytes(32))),
        )

    def consent(self, *ids: int, granted: bool = True, at: datetime | None = None) -> None:
        at = at or NOON - timedelta(days=100)
        with self.operations.begin() as connection:
            self.shop.ledger.record(
                connection, [ConsentRecord(n, "marketing", "email", granted, "1", at, at, "form") for n in ids]
            )

    def plan(self, *ids: int, strategy="second_purchase", entry="2026-10-05", on=DAY, rehearse=False, **message) -> int:
        parts = {"node": "thanks", "channel": "email", "template": "second_purchase", **message}
        batch = MessageBatch(
            strategy, "v1", Message(**parts), np.array(ids, dtype=np.int64), np.array([entry] * len(ids)), on
        )
        with self.operations.begin() as connection:
            return self.outreach.plan(connection, batch, rehearse=rehearse)

    def lines(self) -> list[dict]:
        files = sorted(self.folder.glob("*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]

    def states(self) -> dict[int, str]:
        with self.operations.read() as connection:
            rows = connection.execute(sa.select(outbox.c.customer_id, outbox.c.state, outbox.c.reason))
            return {row.customer_id: row.reason if row.state == "held" else row.state for row in rows}
