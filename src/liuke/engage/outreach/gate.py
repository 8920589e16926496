"""May this message go now? Asked again in the transaction that claims it, whatever planning knew.

The checks run from the ones that no later moment can heal to the one that passes by itself: expired, control group,
consent, address, suppression, frequency cap, quiet hours. Safety messages pass all but the address; transactional ones
pass control, cap and quiet hours too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from liuke.engage.outreach import moves
from liuke.engage.outreach.config import OutreachSettings, QuietHours
from liuke.engage.outreach.contracts import Held, Recipient
from liuke.engage.outreach.ports import AddressBook, ControlGroups, Permissions
from liuke.kernel import midnight_utc


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gate says about one outbox row: go to the recipient, or held until ``due_at`` (None: for good)."""

    row: sa.Row[Any]
    recipient: Recipient | None = None
    held: Held | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Everything that can stop a message."""

    permissions: Permissions
    addresses: AddressBook
    controls: ControlGroups
    settings: OutreachSettings
    zone: str

    def rule(self, connection: sa.Connection, rows: Sequence[sa.Row[Any]], now: datetime) -> list[Ruling]:
        """Return a ruling for each row.

        Parameters
        ----------
        rows
            Queued rows of the outbox.
        now
            UTC instant.
        """
        keyed = sorted(rows, key=lambda row: (row.strategy, row.channel, row.purpose, row.message_id))
        rulings: list[Ruling] = []
        for _, group in groupby(keyed, key=lambda row: (row.strategy, row.channel, row.purpose)):
            rulings += self._rule_alike(connection, list(group), now)
        return self._capped(connection, rulings, now)

    def _rule_alike(self, connection: sa.Connection, rows: list[sa.Row[Any]], now: datetime) -> list[Ruling]:
        first, ids = rows[0], {row.customer_id for row in rows}
        is_marketing, is_safety = first.purpose == "marketing", first.purpose == "safety"
        held_out = self.controls.held_out(connection, first.strategy, ids) if is_marketing else ()
        allowed = self.permissions.may_contact(connection, ids, first.purpose, first.channel, now)
        recipients = self.addresses.look_up(connection, ids, first.channel)
        refused = self.permissions.refused_inboxes(connection, recipients, first.purpose, first.channel, now)
        suppressed = () if is_safety else self.permissions.suppressed(connection, recipients, first.channel)
        stale = timedelta(days=self.settings.valid_days)
        rulings = []
        for row in rows:
            customer_id = row.customer_id
            recipient = recipients.get(customer_id)
            held: Held | None = None
            if is_marketing and midnight_utc(row.planned_on + stale, self.zone) <= now:
                held = Held.EXPIRED
            elif customer_id in held_out:
                held = Held.CONTROL
            elif customer_id not in allowed or customer_id in refused:
                held = Held.NO_CONSENT
            elif recipient is None:
                held = Held.NO_ADDRESS
            elif customer_id in suppressed:
                held = Held.SUPPRESSED
            rulings.append(Ruling(row, recipient, held))
        return rulings

    def _capped(self, connection: sa.Connection, rulings: list[Ruling], now: datetime) -> list[Ruling]:
        """Apply cap and quiet hours, which depend on what else goes out in this very batch."""
        is_open = [r for r in rulings if r.held is None and r.row.purpose == "marketing"]
        met = self._met(connection, is_open, now - timedelta(days=self.settings.cap_days))
        ruled = []
        for ruling in rulings:
            if ruling.held is not None or ruling.recipient is None or ruling.row.purpose != "marketing":
                ruled.append(ruling)
                continue
            quiet_until = quiet_end(now, ruling.recipient.zone or self.zone, self.settings.quiet_hours)
            reached = _reached(ruling.row.customer_id, ruling.recipient)
            if len(set[int]().union(*(met[one] for one in reached))) >= self.settings.cap_messages:
                ruled.append(Ruling(ruling.row, ruling.recipient, Held.CAPPED))
            elif quiet_until is not None:
                ruled.append(Ruling(ruling.row, ruling.recipient, Held.QUIET_HOURS, quiet_until))
            else:
                for one in reached:
                    met[one].add(ruling.row.message_id)
                ruled.append(ruling)
        return ruled

    def _met(
        self, connection: sa.Connection, rulings: Sequence[Ruling], since: datetime
    ) -> defaultdict[int | str, set[int]]:
        """Return the recent messages of each account and each inbox that the rulings may reach."""
        recipients = [(r.row.customer_id, r.recipient) for r in rulings if r.recipient is not None]
        reached = {one for customer_id, recipient in recipients for one in _reached(customer_id, recipient)}
        accounts = [one for one in reached if isinstance(one, int)]
        inboxes = [one for one in reached if isinstance(one, str)]
        met: defaultdict[int | str, set[int]] = defaultdict(set)
        for message_id, customer_id, inbox in moves.recent_contacts(connection, accounts, inboxes, since):
            met[customer_id].add(message_id)
            if inbox:
                met[inbox].add(message_id)
        return met


def _reached(customer_id: int, recipient: Recipient) -> list[int | str]:
    """Return whom a message reaches: every account of the customer, and the inbox."""
    return [customer_id, *recipient.accounts, *([recipient.inbox] if recipient.inbox else [])]


def quiet_end(now: datetime, zone: str, hours: QuietHours) -> datetime | None:
    """Return the instant at which the current quiet hours end; None outside them.

    Parameters
    ----------
    now
        Naive UTC.
    zone
        The customer's; one that does not exist counts as UTC.
    hours
        Local hours; a window may pass midnight.

    Examples
    --------
    >>> quiet_end(datetime(2026, 10, 5, 14), "Asia/Shanghai", QuietHours(start=21, end=8))
    datetime.datetime(2026, 10, 6, 0, 0)
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        place = ZoneInfo("UTC")
    local = now.replace(tzinfo=UTC).astimezone(place)
    since_start = (local.hour - hours.start) % 24
    length = (hours.end - hours.start) % 24
    if since_start >= length:
        return None
    end = local.replace(hour=hours.end, minute=0, second=0, microsecond=0, fold=0)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(UTC).replace(tzinfo=None)
