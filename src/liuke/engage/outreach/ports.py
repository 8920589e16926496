"""What the outreach room asks of others; ``app/bootstrap.py`` supplies it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from liuke.engage.outreach.contracts import Recipient

Clock = Callable[[], datetime]
"""Returns the current instant as naive UTC; in a simulation, the simulated one."""


class AddressBook(Protocol):
    """Knows where customers are reached."""

    def look_up(
        self, connection: sa.Connection, customer_ids: Collection[int], channel: str
    ) -> Mapping[int, Recipient]:
        """Return the recipients that have an address on the medium; others are left out."""
        ...


class Permissions(Protocol):
    """Knows who may be contacted, from the consent room, per customer instead of per identity."""

    def may_contact(
        self, connection: sa.Connection, customer_ids: Collection[int], purpose: str, channel: str, at: datetime
    ) -> Collection[int]:
        """Return the customers with a permission that stands at an instant."""
        ...

    def suppressed(
        self, connection: sa.Connection, recipients: Mapping[int, Recipient], channel: str
    ) -> Collection[int]:
        """Return the customers who, or whose addresses, must not be contacted."""
        ...

    def suppress(
        self, connection: sa.Connection, channel: str, addresses: Collection[str], reason: str, since: datetime
    ) -> None:
        """Remember addresses that nothing may be sent to any more."""
        ...


class ControlGroups(Protocol):
    """Knows who is in a control group; ``learn.experiments.HashAllocator`` does."""

    def held_out(self, connection: sa.Connection, experiment: str, customer_ids: Collection[int]) -> Collection[int]:
        """Return the customers whom the strategy must not contact."""
        ...
