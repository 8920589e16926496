"""What a channel is. Each one lies in a file of its own, is registered in ``registry`` and passes the same tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from liuke.engage.outreach.contracts import Fate, Outgoing


class Journal(Protocol):
    """Where a channel writes what it is about to do and what came of it."""

    def sending(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Commit that the provider may have these messages from now on; call it before that becomes possible.

        Returns
        -------
        sequence of Outgoing
            Those that are still ours to send; leave the others alone.
        """
        ...

    def sent(self, message: Outgoing) -> None:
        """The provider accepted the message."""
        ...

    def failed(self, message: Outgoing, reason: str, *, is_dead: bool = False) -> None:
        """The provider refused the message for good.

        Parameters
        ----------
        reason
            A key of ``reasons``, perhaps with the provider's codes; no personal values.
        is_dead
            True if the address itself is at fault: refused so again, it is remembered, and nothing more is sent to it.
        """
        ...

    def refused(self, message: Outgoing, reason: str) -> None:
        """The provider certainly does not have the message, but may take it later."""
        ...

    def returned(self, message: Outgoing) -> None:
        """The provider certainly does not have the message, and that was not its fault: as if it had not been tried."""
        ...

    def lost(self, message: Outgoing, reason: str) -> None:
        """Nobody can say now whether the provider has the message."""
        ...


class Channel(Protocol):
    """One way out of the house.

    ``name`` is its key in the registry; ``real`` tells whether messages reach people.
    """

    name: str
    real: bool

    def check(self) -> None:
        """Make sure, without asking anybody, that messages can be sent as things are set up.

        Raises
        ------
        OutreachError
            Naming the setting.
        """
        ...

    def send(self, messages: Sequence[Outgoing], journal: Journal, at: datetime) -> None:
        """Hand over messages in order, telling the journal about each; one bad recipient stops nobody else.

        Raises
        ------
        ChannelDown
            If the provider cannot be talked to, or takes nobody's messages; those without a word in the journal stay
            queued.
        """
        ...

    def reconcile(self, sent_since: Mapping[str, datetime]) -> Mapping[str, Fate]:
        """Ask what became of messages: idempotency key and UTC instant of sending to fate."""
        ...
