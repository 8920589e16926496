"""What the experiments room asks of the outside; ``app/bootstrap.py`` supplies it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

import duckdb
import sqlalchemy as sa


class MomentLike(Protocol):
    """The part of ``liuke.collect.history.Moment`` that a read-out needs: its day and its views."""

    @property
    def as_of(self) -> date:
        """Facts are of days before it."""
        ...

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with the views of the contract and the table ``identity_map``, which names merged customers."""
        ...


class AuditTrail(Protocol):
    """Writes down who did what, in the same transaction."""

    def __call__(
        self,
        connection: sa.Connection,
        actor: str,
        action: str,
        now: datetime,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Append one action."""
        ...


def no_audit(
    connection: sa.Connection,
    actor: str,
    action: str,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write nothing down: for trials kept outside a shop."""
