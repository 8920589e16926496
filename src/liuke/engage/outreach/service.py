"""Plan messages and deliver them: each at most once, none lost, whatever crashes and whenever.

The life of a message is a row in the outbox; ``moves`` moves it, ``gate`` decides, a channel carries, ``journal``
writes down. This module is the order in which they act.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from liuke.decide.strategies import MessageBatch
from liuke.engage.outreach import moves
from liuke.engage.outreach.channels import Channel
from liuke.engage.outreach.config import OutreachSettings
from liuke.engage.outreach.contracts import Delivery, Fate, OutboxCount, Outgoing, State, Stop
from liuke.engage.outreach.errors import ChannelDown, OutreachError, TemplateError
from liuke.engage.outreach.gate import Gate, Ruling
from liuke.engage.outreach.journal import OutboxJournal
from liuke.engage.outreach.keys import MessageKeys, earlier_key
from liuke.engage.outreach.ports import AddressBook, Clock, ControlGroups, Permissions
from liuke.engage.outreach.reasons import Failed
from liuke.engage.outreach.templating import TemplateLibrary
from liuke.engage.outreach.unsubscribing import check_unsubscribe, unsubscribe_at
from liuke.kernel import Progress, ShopProfile, SilentProgress
from liuke.store.operations import Operations


class Outreach:
    """The outbox of one shop. It is the ``MessagePlanner`` that strategies ask.

    Parameters
    ----------
    operations
        Where the outbox lives.
    channels
        By name, from ``build_channels``.
    permissions, addresses, controls
        See ``ports``.
    clock
        Gives the instant of each move.
    keys
        Makes the keys under which providers and recipients know messages.
    """

    def __init__(
        self,
        operations: Operations,
        channels: Mapping[str, Channel],
        templates: TemplateLibrary,
        permissions: Permissions,
        addresses: AddressBook,
        controls: ControlGroups,
        settings: OutreachSettings,
        shop: ShopProfile,
        clock: Clock,
        keys: MessageKeys,
    ) -> None:
        self._operations = operations
        self._channels = channels
        self._templates = templates
        self._keys = keys
        self._permissions = permissions
        self._gate = Gate(permissions, addresses, controls, settings, shop.zone)
        self._settings = settings
        self._shop = shop
        self._clock = clock

    def is_real(self, channel: str) -> bool:
        """Tell whether messages on a medium reach people.

        Raises
        ------
        OutreachError
            If no channel carries the medium.
        """
        return self._channels[self._transport(channel)].real

    def check(self) -> None:
        """Make sure that what reaches people is set up for it, before the first message.

        Raises
        ------
        OutreachError
            Naming the setting that is missing or wrong. Channels that reach nobody need none.
        """
        for medium in sorted(self._settings.transports):
            channel = self._channels[self._transport(medium)]
            if channel.real:
                channel.check()
                check_unsubscribe(self._settings)

    def plan(self, connection: sa.Connection, batch: MessageBatch, *, rehearse: bool = False) -> int:
        """Queue a message for many entries, each at most once.

        Parameters
        ----------
        connection
            An open transaction of the operational store.
        rehearse
            True to count only; a channel that reaches nobody (``real = False``) takes messages even then.

        Returns
        -------
        int
            Messages that were not planned before.

        Raises
        ------
        OutreachError
            If no channel carries the medium or the template cannot be used; nothing is queued.
        """
        self._templates.check(batch.message.template, batch.message.purpose)
        is_real = self.is_real(batch.message.channel)
        rows = moves.new_rows(connection, batch)
        if not (rehearse and is_real):
            moves.insert(connection, rows)
        return len(rows)

    def recover(self, *, alone: bool = True) -> Delivery:
        """Tidy up after a crash: what no provider saw is queued again, what one may have seen is asked for.

        Parameters
        ----------
        alone
            True when no other worker can be alive (the caller holds the workspace's lock); else only what has been
            silent for ``lease_seconds`` is taken over.
        """
        silent_since = None if alone else self._clock() - timedelta(seconds=self._settings.lease_seconds)
        with self._operations.begin() as connection:
            requeued = moves.release(connection, None, silent_since)
            moves.doubt(connection, None, silent_since)
        return Delivery(requeued=requeued) + self._reconcile()

    def deliver(
        self,
        worker: str,
        *,
        limit: int | None = None,
        rehearse: bool = False,
        strategies: Collection[str] | None = None,
        progress: Progress | None = None,
    ) -> Delivery:
        """Send everything that is due.

        Parameters
        ----------
        worker
            Names this run of this process; no two live ones share a name.
        limit
            Most messages to look at; None for all.
        rehearse
            True for a past day: only what a channel carries that reaches nobody (``real = False``).
        strategies
            Only their messages, those of others stay queued; None for all.

        Returns
        -------
        Delivery
            With ``stopped`` naming the channels whose provider takes nobody's messages: their queue is kept for a later
            call, the other channels go on.

        Raises
        ------
        OutreachError
            If a channel that reaches people is not set up for it (see ``check``); nothing is sent.
        """
        if not rehearse:
            self.check()
        progress = progress or SilentProgress()
        progress.start("outreach")
        # SQLite folds its log back into the database whenever the last connection closes, which would double the cost
        # of each short transaction below; an idle connection held open leaves that to SQLite's own thrift
        with self._operations.engine.connect():
            with self._operations.begin() as connection:
                moves.end_quiet_hours(connection, self._clock())
            total = self._deliver_batches(worker, limit, self._harmless() if rehearse else None, strategies, progress)
        progress.finish(f"{total.sent} sent")
        return total

    def counts(self) -> tuple[OutboxCount, ...]:
        """Return how many messages stand where, the unknown ones included."""
        with self._operations.read() as connection:
            return moves.count_by_state(connection)

    def retry(self, strategy: str | None = None, reason: str | None = None, *, dry_run: bool = False) -> int:
        """Queue failed messages again; return how many (with ``dry_run``: would be).

        A message that its recipient may have is never among them: it is ``unknown``, not ``failed``. The gate rules
        anew at the next delivery: what is too old expires, a remembered dead address stays suppressed.

        Parameters
        ----------
        strategy, reason
            Only those of one strategy, only those with one reason; None for all.
        """
        with self._operations.begin() as connection:
            found = moves.failed(connection, strategy, reason)
            return len(found) if dry_run else moves.queue_again(connection, found)

    def contacts_as_of(self, as_of: date) -> pa.Table:
        """Return every message planned by a day, shaped like the lake table ``contacts``."""
        with self._operations.read() as connection:
            return moves.contacts_as_of(connection, as_of)

    def _harmless(self) -> set[str]:
        """Return the mediums whose messages reach nobody."""
        return {medium for medium in self._settings.transports if not self.is_real(medium)}

    def _deliver_batches(
        self,
        worker: str,
        limit: int | None,
        mediums: set[str] | None,
        strategies: Collection[str] | None,
        progress: Progress,
    ) -> Delivery:
        total, seen = Delivery(), 0
        while limit is None or seen < limit:
            size = self._settings.batch_size if limit is None else min(self._settings.batch_size, limit - seen)
            rulings, cleared = self._claim(worker, size, mediums, strategies)
            if not rulings:
                break
            total += Delivery(held=dict(Counter(r.held.value for r in rulings if r.held is not None)))
            delivery = self._send(worker, cleared)
            total += delivery
            if delivery.stopped:
                mediums = self._open(self._settings.transports if mediums is None else mediums, delivery.stopped)
            seen += len(rulings)
            progress.advance(len(rulings))
        return total

    def _open(self, mediums: Iterable[str], stopped: Sequence[Stop]) -> set[str]:
        closed = {stop.channel for stop in stopped}
        return {medium for medium in mediums if self._transport(medium) not in closed}

    def _claim(
        self, worker: str, size: int, mediums: set[str] | None, strategies: Collection[str] | None = None
    ) -> tuple[list[Ruling], list[Ruling]]:
        """Rule on the next rows and make those that may go ours, in one transaction."""
        now = self._clock()
        with self._operations.begin() as connection:
            rulings = self._gate.rule(connection, moves.due(connection, now, size, mediums, strategies), now)
            held = [
                moves.to(r.row.message_id, State.HELD, r.held.value, due_at=r.due_at)
                for r in rulings
                if r.held is not None
            ]
            moves.settle(connection, held, (State.QUEUED,))
            cleared = [r for r in rulings if r.held is None]
            transports = {r.row.message_id: self._transport(r.row.channel) for r in cleared}
            inboxes = {r.row.message_id: r.recipient.inbox for r in cleared if r.recipient is not None}
            moves.claim(connection, transports, inboxes, worker, now)
        return rulings, cleared

    def _send(self, worker: str, cleared: Sequence[Ruling]) -> Delivery:
        rows = {ruling.row.message_id: ruling.row for ruling in cleared}
        journal = OutboxJournal(self._operations, worker, self._clock, self._settings, self._permissions, rows)
        by_transport: dict[str, list[Outgoing]] = {}
        for ruling in cleared:
            outgoing = self._rendered(ruling)
            if isinstance(outgoing, TemplateError):
                journal.spoiled(ruling.row.message_id, Failed.BAD_TEMPLATE)
            else:
                by_transport.setdefault(self._transport(ruling.row.channel), []).append(outgoing)
        delivery = Delivery()
        try:
            for transport, messages in sorted(by_transport.items()):
                try:
                    self._channels[transport].send(messages, journal, self._clock())
                except ChannelDown as down:
                    delivery += Delivery(stopped=(Stop(transport, down.message, down.hint),))
        finally:
            delivery += journal.close()
        return delivery

    def _rendered(self, ruling: Ruling) -> Outgoing | TemplateError:
        row, recipient = ruling.row, ruling.recipient
        assert recipient is not None
        key = self._keys.key(row.message_id)
        unsubscribe = unsubscribe_at(self._settings, key) if row.purpose == "marketing" else ""
        variables = {"name": "", "shop": self._shop.name, "unsubscribe": unsubscribe, **recipient.variables}
        try:
            content = self._templates.render(row.template, recipient.language, variables, self._shop.spoken)
        except TemplateError as error:
            return error
        return Outgoing(
            row.message_id, key, recipient.address, content.subject, content.text, content.html, unsubscribe
        )

    def _reconcile(self) -> Delivery:
        with self._operations.read() as connection:
            rows = moves.unknown(connection)
        fates: dict[int, Fate] = {}
        for name in sorted({row.transport for row in rows if row.transport in self._channels}):
            asked = [row for row in rows if row.transport == name]
            names = {row.message_id: (self._keys.key(row.message_id), earlier_key(row.message_id)) for row in asked}
            since = {key: row.sending_at for row in asked for key in names[row.message_id]}
            answers = self._channels[name].reconcile(since)
            fates.update({known: _fate([answers[key] for key in keys]) for known, keys in names.items()})
        resolved = [_resolved(row, fates.get(row.message_id, Fate.CANNOT_SAY)) for row in rows]
        with self._operations.begin() as connection:
            moves.settle(connection, [move for move in resolved if move is not None], (State.UNKNOWN,))
        tally = Counter(fates.get(row.message_id, Fate.CANNOT_SAY) for row in rows)
        return Delivery(sent=tally[Fate.ACCEPTED], requeued=tally[Fate.NEVER_ARRIVED], unknown=tally[Fate.CANNOT_SAY])

    def _transport(self, channel: str) -> str:
        name = self._settings.transports.get(channel, "")
        if name not in self._channels:
            known = ", ".join(sorted(self._channels))
            raise OutreachError(
                f"No channel carries {channel!r} (transport {name or 'not set'!r}).",
                hint=f"Set [outreach.transports] {channel} to one of: {known}.",
            )
        return name


def _fate(answers: Collection[Fate]) -> Fate:
    """Return what became of a message that may bear either of several keys."""
    if Fate.ACCEPTED in answers:
        return Fate.ACCEPTED
    return Fate.CANNOT_SAY if Fate.CANNOT_SAY in answers else Fate.NEVER_ARRIVED


def _resolved(row: sa.Row[int, str, datetime, int], fate: Fate) -> dict[str, Any] | None:
    if fate is Fate.ACCEPTED:
        return moves.to(row.message_id, State.SENT, sent_at=row.sending_at, tries=1)
    if fate is Fate.NEVER_ARRIVED:
        return moves.to(row.message_id, State.QUEUED, tries=1)
    return None
