"""What was done, by whom, and has nobody rewritten it? A chain of hashes, one row per action.

A row holds no personal value: it names the customer by id, never by phone or name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from liuke.app.access import tables

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action, as it stands in the chain."""

    position: int
    at: datetime
    actor: str
    action: str
    detail: dict[str, object]


def record(
    connection: Connection, actor: str, action: str, now: datetime, detail: Mapping[str, object] | None = None
) -> None:
    """Append one action to the chain.

    Parameters
    ----------
    connection
        A write transaction; it serialises writers, so positions have no gaps.
    actor
        User name, or the name of a process such as ``cli``.
    action
        Verb in dotted form, such as ``session.begin``.
    now
        UTC, without zone.
    detail
        Small JSON object without personal values.
    """
    last = connection.execute(
        select(tables.audit.c.position, tables.audit.c.hash).order_by(tables.audit.c.position.desc()).limit(1)
    ).first()
    position, previous = (last.position + 1, last.hash) if last else (1, GENESIS)
    text = json.dumps(dict(detail or {}), ensure_ascii=False, sort_keys=True)
    connection.execute(
        insert(tables.audit).values(
            position=position,
            at=now,
            actor=actor,
            action=action,
            detail=text,
            previous_hash=previous,
            hash=_link(position, now, actor, action, text, previous),
        )
    )


def recent(connection: Connection, limit: int) -> list[AuditEntry]:
    """Return the last `limit` actions, newest first."""
    rows = connection.execute(select(tables.audit).order_by(tables.audit.c.position.desc()).limit(limit))
    return [AuditEntry(r.position, r.at, r.actor, r.action, json.loads(r.detail)) for r in rows]


def first_broken_entry(connection: Connection) -> int | None:
    """Walk the chain and return the position of the first row that does not fit, or ``None``."""
    previous, expected = GENESIS, 1
    for r in connection.execute(select(tables.audit).order_by(tables.audit.c.position)):
        link = _link(r.position, r.at, r.actor, r.action, r.detail, previous)
        if r.position != expected or r.previous_hash != previous or r.hash != link:
            return int(r.position)
        previous, expected = r.hash, expected + 1
    return None


def _link(position: int, at: datetime, actor: str, action: str, detail: str, previous: str) -> str:
    fields = [str(position), at.isoformat(timespec="microseconds"), actor, action, detail, previous]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()
