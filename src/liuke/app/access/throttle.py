"""How long must this name or address wait before the next attempt? Doubling, capped, forgetful."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from liuke.app.access import config, tables


def wait_seconds(failures: int, since_last: timedelta) -> int:
    """Seconds still to wait after `failures` in a row, the last `since_last` ago.

    Examples
    --------
    >>> wait_seconds(4, timedelta(0)), wait_seconds(5, timedelta(0)), wait_seconds(7, timedelta(seconds=1))
    (0, 1, 3)
    """
    if failures < config.FREE_FAILURES or since_last > config.FAILURE_MEMORY:
        return 0
    # The exponent is bounded first: 2 ** 10000 is a number nobody wants to build.
    wait = min(1 << min(failures - config.FREE_FAILURES, 10), config.MAX_WAIT_SECONDS)
    return max(0, math.ceil(wait - since_last.total_seconds()))


def remaining_wait(connection: Connection, subjects: Sequence[str], now: datetime) -> int:
    """Longest wait in seconds over all `subjects`."""
    rows = connection.execute(
        select(tables.sign_in_failures).where(tables.sign_in_failures.c.subject.in_(subjects))
    ).all()
    return max((wait_seconds(r.failures, now - r.last_failed_at) for r in rows), default=0)


def count_failure(connection: Connection, subjects: Sequence[str], now: datetime) -> None:
    """Count one more failure for each of `subjects`, and forget the old ones of everybody."""
    failures = tables.sign_in_failures
    connection.execute(delete(failures).where(failures.c.last_failed_at < now - config.FAILURE_MEMORY))
    for subject in subjects:
        mine = failures.c.subject == subject
        raised = update(failures).where(mine).values(failures=failures.c.failures + 1, last_failed_at=now)
        if connection.execute(raised).rowcount == 0:
            connection.execute(insert(failures).values(subject=subject, failures=1, last_failed_at=now))


def forget(connection: Connection, subject: str) -> None:
    """Clear the failures of `subject` after a success."""
    connection.execute(delete(tables.sign_in_failures).where(tables.sign_in_failures.c.subject == subject))
