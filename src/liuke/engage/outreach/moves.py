"""The rows of the outbox and the moves they make, each a statement or two inside the caller's transaction.

A message is unique on (strategy, customer, entry, node): planning it again, after a crash or on another host, changes
nothing. Every move names the state that it starts from, so two workers can never both make it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from liuke.decide.strategies import MessageBatch
from liuke.engage.outreach.contracts import Held, OutboxCount, State
from liuke.engage.outreach.reasons import DEAD, Doubt
from liuke.engage.outreach.tables import CONTACTS, outbox
from liuke.kernel import stable_id

IDS_PER_QUERY = 5_000  # SQLite allows 32,766 variables in a statement, PostgreSQL 65,535
CLAIM_LOCK = 0x6C69756B65  # "liuke": claims of several hosts run one after the other, so that caps cannot be overrun
_ON_THE_WAY = (State.CLAIMED.value, State.SENDING.value, State.SENT.value, State.UNKNOWN.value)
_O = outbox.c


def message_id(strategy: str, customer_id: int, entry: str, node: str) -> int:
    """Return the id of a message: the same for every attempt to plan it."""
    return stable_id("message", "\x1f".join((strategy, str(customer_id), entry, node)))


def new_rows(connection: sa.Connection, batch: MessageBatch) -> list[dict[str, Any]]:
    """Return the rows of a batch that are not in the outbox yet."""
    m = batch.message
    pairs = list(zip(batch.customer_ids.tolist(), batch.entries.tolist(), strict=True))
    ids = [message_id(batch.strategy, customer_id, entry, m.node) for customer_id, entry in pairs]
    known = set[int]()
    for chunk in _chunks(ids):
        known.update(connection.scalars(sa.select(_O.message_id).where(_O.message_id.in_(chunk))))
    shared = {
        "strategy": batch.strategy,
        "version": batch.version,
        "node": m.node,
        "channel": m.channel,
        "template": m.template,
        "purpose": m.purpose,
        "planned_on": batch.planned_on,
        "state": State.QUEUED.value,
    }
    return [
        {**shared, "message_id": key, "customer_id": customer_id, "entry": entry}
        for key, (customer_id, entry) in zip(ids, pairs, strict=True)
        if key not in known
    ]


def insert(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue rows; those that another host queued meanwhile are left alone."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(outbox).on_conflict_do_nothing(), list(rows))
    else:
        connection.execute(postgresql.insert(outbox).on_conflict_do_nothing(), list(rows))


def end_quiet_hours(connection: sa.Connection, now: datetime) -> None:
    """Queue again what was held over quiet hours that are over."""
    is_over = sa.and_(_O.state == State.HELD.value, _O.reason == Held.QUIET_HOURS.value, _O.due_at <= now)
    connection.execute(sa.update(outbox).where(is_over).values(state=State.QUEUED.value, reason="", due_at=None))


def due(
    connection: sa.Connection, now: datetime, limit: int, mediums: Collection[str] | None = None
) -> Sequence[sa.Row[Any]]:
    """Return queued rows that may go now, of some mediums or of all; alone, until the transaction ends.

    The order is that of hashed ids: no strategy can starve another.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(CLAIM_LOCK)))
    is_due = sa.and_(_O.state == State.QUEUED.value, sa.or_(_O.due_at.is_(None), _O.due_at <= now))
    wanted = is_due if mediums is None else sa.and_(is_due, _O.channel.in_(sorted(mediums)))
    return connection.execute(sa.select(outbox).where(wanted).order_by(_O.message_id).limit(limit)).all()


def claim(connection: sa.Connection, transports: Mapping[int, str], worker: str, now: datetime) -> None:
    """Make rows ours: message id to the channel that will carry it."""
    statement = (
        sa.update(outbox)
        .where(_O.message_id == sa.bindparam("key"))
        .values(state=State.CLAIMED.value, transport=sa.bindparam("by"), worker=worker, claimed_at=now, reason="")
    )
    if transports:
        connection.execute(statement, [{"key": key, "by": by} for key, by in transports.items()])


def settle(
    connection: sa.Connection,
    moves: Sequence[Mapping[str, Any]],
    from_states: Collection[State],
    worker: str | None = None,
) -> None:
    """Make moves (see ``to``) of rows that are in one of the states and, if a worker is named, still its own."""
    mine = _O.worker == worker if worker is not None else sa.true()
    starts = sa.or_(*(_O.state == state.value for state in from_states))  # IN can't be bound once for many rows
    statement = (
        sa.update(outbox)
        .where(_O.message_id == sa.bindparam("key"), starts, mine)
        .values(
            state=sa.bindparam("to_state"),
            reason=sa.bindparam("why"),
            due_at=sa.bindparam("later"),
            sent_at=sa.bindparam("accepted_at"),
            attempts=_O.attempts + sa.bindparam("tries"),
        )
    )
    if moves:
        connection.execute(statement, list(moves))


def to(
    key: int,
    state: State,
    reason: str = "",
    *,
    due_at: datetime | None = None,
    sent_at: datetime | None = None,
    tries: int = 0,
) -> dict[str, Any]:
    """Return one row for ``settle``."""
    return {
        "key": key, "to_state": state.value, "why": reason, "later": due_at, "accepted_at": sent_at, "tries": tries,
    }  # fmt: skip


def mark_sending(connection: sa.Connection, keys: Sequence[int], worker: str, now: datetime) -> set[int]:
    """Say that the provider may have these from now on; return those that were still ours."""
    ours = sa.and_(_O.message_id.in_(keys), _O.worker == worker)
    query = sa.select(_O.message_id).where(ours, _O.state == State.CLAIMED.value)
    if connection.dialect.name == "postgresql":
        query = query.with_for_update()
    held = set(connection.scalars(query))
    if held:
        statement = sa.update(outbox).where(_O.message_id.in_(sorted(held)))
        connection.execute(statement.values(state=State.SENDING.value, sending_at=now))
    return held


def release(connection: sa.Connection, worker: str | None, silent_since: datetime | None = None) -> int:
    """Queue again what was claimed and never given to a provider: of one worker, or of all that fell silent."""
    stuck = _stuck(State.CLAIMED, worker, silent_since)
    return int(
        connection.execute(sa.update(outbox).where(stuck).values(state=State.QUEUED.value, worker=None)).rowcount
    )


def doubt(connection: sa.Connection, worker: str | None, silent_since: datetime | None = None) -> int:
    """Call unknown what was being sent when its worker died."""
    stuck = _stuck(State.SENDING, worker, silent_since)
    moved = sa.update(outbox).where(stuck).values(state=State.UNKNOWN.value, reason=Doubt.STOPPED.value)
    return int(connection.execute(moved).rowcount)


def unknown(connection: sa.Connection) -> Sequence[sa.Row[int, str, datetime, int]]:
    """Return rows in doubt: message_id, transport, sending_at."""
    query = sa.select(_O.message_id, _O.transport, _O.sending_at, _O.attempts).where(_O.state == State.UNKNOWN.value)
    return connection.execute(query.order_by(_O.message_id)).all()


def recent_contacts(connection: sa.Connection, customer_ids: Collection[int], since: datetime) -> dict[int, int]:
    """Count marketing messages on their way to, or with, each customer since an instant, over all strategies."""
    counts: dict[int, int] = {}
    last_move = sa.func.coalesce(_O.sent_at, _O.sending_at, _O.claimed_at)
    for chunk in _chunks(sorted(set(customer_ids))):
        query = (
            sa.select(_O.customer_id, sa.func.count())
            .where(_O.customer_id.in_(chunk), _O.purpose == "marketing", _O.state.in_(_ON_THE_WAY), last_move > since)
            .group_by(_O.customer_id)
        )
        counts.update({row[0]: row[1] for row in connection.execute(query)})
    return counts


def count_by_state(connection: sa.Connection) -> tuple[OutboxCount, ...]:
    """Return how many messages of each strategy stand where and why, and when the oldest was claimed."""
    by = (_O.strategy, _O.state, _O.reason)
    query = sa.select(*by, sa.func.count(), sa.func.min(_O.claimed_at)).group_by(*by).order_by(*by)
    return tuple(OutboxCount(*row) for row in connection.execute(query))


def failed(connection: sa.Connection, strategy: str | None, reason: str | None) -> list[int]:
    """Return the ids of failed messages: of one strategy or all, for one reason (its key, or with codes) or any."""
    query = sa.select(_O.message_id).where(_O.state == State.FAILED.value)
    if strategy is not None:
        query = query.where(_O.strategy == strategy)
    if reason is not None:
        query = query.where(sa.or_(_O.reason == reason, _O.reason.startswith(f"{reason} ", autoescape=True)))
    return list(connection.scalars(query.order_by(_O.message_id)))


def refused_as_dead(connection: sa.Connection, channel: str, customer_ids: Sequence[int], times: int) -> list[int]:
    """Return those of the customers of whom so many messages on a medium failed because the address is dead."""
    is_dead = sa.or_(*(_O.reason.startswith(reason.value, autoescape=True) for reason in DEAD))
    found: list[int] = []
    for chunk in _chunks(customer_ids):
        query = sa.select(_O.customer_id).where(_O.customer_id.in_(chunk), _O.channel == channel, is_dead)
        query = query.where(_O.state == State.FAILED.value).group_by(_O.customer_id)
        found += connection.scalars(query.having(sa.func.count() >= times)).all()
    return found


def queue_again(connection: sa.Connection, keys: Sequence[int]) -> int:
    """Queue failed messages again, their tries forgotten; return how many. What may have arrived is never failed."""
    fresh = {"state": State.QUEUED.value, "reason": "", "due_at": None, "attempts": 0, "worker": None}
    moved = 0
    for chunk in _chunks(keys):
        is_failed = sa.and_(_O.message_id.in_(chunk), _O.state == State.FAILED.value)
        moved += int(connection.execute(sa.update(outbox).where(is_failed).values(**fresh)).rowcount)
    return moved


def contacts_as_of(connection: sa.Connection, as_of: date) -> pa.Table:
    """Return every message planned by a day with its last state, shaped like the lake table ``contacts``."""
    names = CONTACTS.names
    query = sa.select(*(_O[name] for name in names if name != "as_of")).where(_O.planned_on <= as_of)
    rows = connection.execute(query.order_by(_O.message_id)).all()
    kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us")}
    schema = pa.schema([(column.name, kinds[column.type]) for column in CONTACTS.columns])
    return pa.Table.from_pylist([{"as_of": as_of, **row._mapping} for row in rows], schema=schema)


def _stuck(state: State, worker: str | None, silent_since: datetime | None) -> sa.ColumnElement[bool]:
    parts = [_O.state == state.value]
    if worker is not None:
        parts.append(_O.worker == worker)
    if silent_since is not None:
        parts.append(_O.claimed_at <= silent_since)
    return sa.and_(*parts)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield ids[start : start + IDS_PER_QUERY]
