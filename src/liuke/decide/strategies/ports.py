"""What the strategies room asks of the floors above it."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from liuke.decide.strategies.contracts import Allocation, MessageBatch


class Allocator(Protocol):
    """Decides by chance who is contacted; ``learn.experiments.HashAllocator`` is one."""

    def allocate(
        self,
        connection: sa.Connection,
        experiment: str,
        customer_ids: NDArray[np.int64],
        control_share: float,
        on: date,
        *,
        store: bool = True,
    ) -> Allocation:
        """Return arms and their probabilities; the global control group is drawn first, stored arms stand."""
        ...


class MessagePlanner(Protocol):
    """Takes messages to send; ``engage.outreach.Outreach`` is one."""

    def is_real(self, channel: str) -> bool:
        """Tell whether messages on this medium reach people."""
        ...

    def plan(self, connection: sa.Connection, batch: MessageBatch, *, rehearse: bool = False) -> int:
        """Queue messages, each at most once; return how many are new."""
        ...
