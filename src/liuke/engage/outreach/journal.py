"""The outbox's own record of a delivery in progress: what is about to happen is committed before it can happen.

What came of a message is kept back until the next ``sending`` commits, which halves the number of commits. A crash in
between leaves those messages ``sending``: in doubt, exactly as if it had come a moment earlier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from liuke.engage.outreach import moves
from liuke.engage.outreach.config import OutreachSettings
from liuke.engage.outreach.contracts import Delivery, Outgoing, State
from liuke.engage.outreach.ports import Clock, Permissions
from liuke.store.operations import Operations

HARD_BOUNCE = "hard_bounce"
"""Why an address is suppressed that a mail server says is dead."""
DEAD_AFTER = 2
"""Messages so refused before an address counts as dead. One is too few: for hours of 15 December 2020 Gmail answered
550 5.1.1 for mailboxes that lived, and whoever believed it at once lost them."""


class OutboxJournal:
    """A ``Journal`` over the outbox table.

    Parameters
    ----------
    permissions
        Remembers addresses that turned out dead.
    rows
        Message id to its row as it was claimed, with the tries before this one.
    """

    def __init__(
        self,
        operations: Operations,
        worker: str,
        clock: Clock,
        settings: OutreachSettings,
        permissions: Permissions,
        rows: Mapping[int, sa.Row[Any]],
    ) -> None:
        self._operations = operations
        self._worker = worker
        self._clock = clock
        self._settings = settings
        self._permissions = permissions
        self._rows = rows
        self._moves: list[dict[str, Any]] = []
        self._dead: dict[str, dict[int, str]] = {}  # medium to customer to address, in memory until the next commit
        self._counts: Counter[State] = Counter()

    def sending(self, messages: Sequence[Outgoing]) -> list[Outgoing]:
        """See ``Journal.sending``."""
        keys = [message.message_id for message in messages]
        with self._operations.begin() as connection:
            self._flush(connection)
            ours = moves.mark_sending(connection, keys, self._worker, self._clock())
        return [message for message in messages if message.message_id in ours]

    def sent(self, message: Outgoing) -> None:
        """See ``Journal.sent``."""
        self._after(message, State.SENT, sent=True)

    def failed(self, message: Outgoing, reason: str, *, is_dead: bool = False) -> None:
        """See ``Journal.failed``: a dead address is suppressed in the transaction that marks the message."""
        if is_dead:
            row = self._rows[message.message_id]
            self._dead.setdefault(row.channel, {})[row.customer_id] = message.address
        self._after(message, State.FAILED, reason)

    def returned(self, message: Outgoing) -> None:
        """See ``Journal.returned``."""
        self._counts[State.QUEUED] += 1
        self._moves.append(moves.to(message.message_id, State.QUEUED))

    def lost(self, message: Outgoing, reason: str) -> None:
        """See ``Journal.lost``."""
        self._after(message, State.UNKNOWN, reason)

    def refused(self, message: Outgoing, reason: str) -> None:
        """See ``Journal.refused``: the message waits, longer after each try, and fails after the last."""
        tries = self._rows[message.message_id].attempts + 1
        if tries >= self._settings.max_attempts:
            self.failed(message, reason)
            return
        wait = timedelta(minutes=self._settings.retry_minutes * tries)
        row = moves.to(message.message_id, State.QUEUED, reason, due_at=self._clock() + wait, tries=1)
        self._counts[State.QUEUED] += 1
        self._moves.append(row)

    def spoiled(self, message_id: int, reason: str) -> None:
        """Say that a message could not even be made."""
        self._moves.append(moves.to(message_id, State.FAILED, reason))
        self._counts[State.FAILED] += 1

    def close(self) -> Delivery:
        """Commit what is left and return what this journal saw.

        Messages still claimed go back to the queue; one still ``sending`` without a word is in doubt.
        """
        with self._operations.begin() as connection:
            self._flush(connection)
            requeued = moves.release(connection, self._worker)
            in_doubt = moves.doubt(connection, self._worker)
        return Delivery(
            sent=self._counts[State.SENT],
            failed=self._counts[State.FAILED],
            unknown=self._counts[State.UNKNOWN] + in_doubt,
            requeued=self._counts[State.QUEUED] + requeued,
        )

    def _after(self, message: Outgoing, state: State, reason: str = "", *, sent: bool = False) -> None:
        at = self._clock() if sent else None
        self._moves.append(moves.to(message.message_id, state, reason, sent_at=at, tries=1))
        self._counts[state] += 1

    def _flush(self, connection: sa.Connection) -> None:
        states = (State.CLAIMED, State.SENDING, State.UNKNOWN)
        moves.settle(connection, self._moves, states, self._worker)
        for medium, refused in sorted(self._dead.items()):
            often = moves.refused_as_dead(connection, medium, sorted(refused), DEAD_AFTER)
            if addresses := sorted({refused[customer_id] for customer_id in often}):
                self._permissions.suppress(connection, medium, addresses, HARD_BOUNCE, self._clock())
        self._moves.clear()
        self._dead.clear()
