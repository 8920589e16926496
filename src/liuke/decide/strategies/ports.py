"""What the strategies room asks of the floors above it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from liuke.decide.strategies.contracts import Allocation, MessageBatch

Traits = Callable[[Sequence[str]], Mapping[str, NDArray[Any]]]
"""Gives columns of the audience for the customers asked about, in their order; for draws by region or within strata."""


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
        traits: Traits | None = None,
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


class Kin(Protocol):
    """Knows under which ids a customer may have been known before records were merged."""

    def of(self, customer_ids: Collection[int]) -> Mapping[int, Collection[int]]:
        """Return each customer's ids, its own included."""
        ...


class NoKin:
    """Nobody was ever merged: each customer is known under one id."""

    def of(self, customer_ids: Collection[int]) -> Mapping[int, Collection[int]]:
        """Return each customer's own id."""
        return {customer_id: (customer_id,) for customer_id in customer_ids}
