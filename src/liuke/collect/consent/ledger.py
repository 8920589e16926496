"""May these people be contacted? An append-only ledger of what they said; the last word of each counts.

Withdrawing is writing one more row, so it takes effect at the next question, which the outbox asks at the moment of
claiming a message. Without any record the answer for marketing is no, and whatever is unclear is read as a no: of two
words at one instant the refusal stands, and a refusal counts at once, also when its clock runs ahead of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from liuke.collect.consent.contracts import ANY_CHANNEL, ConsentRecord, Purpose
from liuke.collect.consent.errors import ConsentError
from liuke.collect.consent.spelling import CHANNELS, channel_of, purpose_of, refused
from liuke.collect.consent.tables import consents

EVIDENCE_LENGTH = 200  # of the column
IDS_PER_QUERY = 5_000
"""Ids bound in one statement; SQLite allows 32,766 variables, PostgreSQL 65,535."""


class ConsentLedger:
    """Record what people said and ask what stands. Holds no state: every call works on the caller's transaction."""

    def record(self, connection: sa.Connection, rows: Iterable[ConsentRecord]) -> int:
        """Append statements to the ledger.

        Parameters
        ----------
        connection
            An open transaction of the operational store.
        rows
            Statements in any order; media and purposes in any spelling that is known, see ``spelling``.

        Returns
        -------
        int
            How many rows were written.

        Raises
        ------
        ConsentError
            If a grant names an unknown purpose or medium, or a record an instant with a zone; nothing is written then.
        """
        values = [_values(row) for row in rows]
        if values:
            connection.execute(sa.insert(consents), values)
        return len(values)

    def may_contact(
        self,
        connection: sa.Connection,
        identity_ids: Collection[int],
        purpose: str,
        channel: str,
        at: datetime,
    ) -> frozenset[int]:
        """Return those of the given people who may be contacted at an instant.

        Parameters
        ----------
        identity_ids
            People to ask about; any number, order and repeats do not matter.
        purpose
            One of ``Purpose``. ``transactional`` and ``safety`` need no record: they are classes of their own.
        channel
            The medium, such as ``email``; records for ``ANY_CHANNEL`` speak for it too.
        at
            UTC instant; grants made or recorded later are not seen.

        Returns
        -------
        frozenset of int
            Those with a grant that stands; a person without any record is not among them.
        """
        wanted = frozenset(identity_ids)
        if _purpose(purpose) is not Purpose.MARKETING:
            return wanted
        granted = self.standing(connection, wanted, purpose, channel, at)
        return frozenset(identity_id for identity_id, (yes, _) in granted.items() if yes)

    def standing(
        self,
        connection: sa.Connection,
        identity_ids: Collection[int],
        purpose: str,
        channel: str,
        at: datetime,
    ) -> dict[int, tuple[bool, datetime]]:
        """Return each person's last word, ``(granted, occurred_at)``; people without a record are left out.

        A customer who is several identities has several last words; whoever merges them takes the latest.
        """
        answer: dict[int, tuple[bool, datetime]] = {}
        for chunk in _chunks(sorted(set(identity_ids))):
            rows = connection.execute(_last_word(chunk, purpose, channel, at))
            answer.update((row.identity_id, (row.granted, row.occurred_at)) for row in rows)
        return answer

    def supersede(self, connection: sa.Connection, load_id: int, at: datetime) -> int:
        """Take back the grants that a load brought, because a corrected file replaces it.

        Refusals stay: a correction that merely forgets a refusal must not turn it into silence. Only a later grant
        lifts one.
        """
        return self._end(connection, at, consents.c.load_id == load_id, consents.c.granted.is_(True))

    def hold(
        self,
        connection: sa.Connection,
        rows: Iterable[ConsentRecord],
        load_id: int,
        now: datetime,
        replaces: Collection[int] = (),
    ) -> int:
        """Append the refusals that quarantined rows of a load say or, where they can't be read, have to be read as.

        A load may be tried again and again: what it said before isn't said twice, and a refusal without a moment of its
        own keeps the instant at which it was first met, so that a grant given since still lifts it.

        Parameters
        ----------
        now
            The instant that refusals without a readable moment carry.
        replaces
            Loads of older versions of the file.

        Returns
        -------
        int
            How many rows were written.
        """
        first = _instants(connection, [*replaces, load_id], unclear=True)
        said = _instants(connection, [load_id], unclear=False)
        new = []
        for values in map(_values, rows):
            subject = (values["identity_id"], values["purpose"], values["channel"])
            if values["held_row"] is not None and values["occurred_at"] == now and subject in first:
                values["occurred_at"] = min(first[subject])
            if values["occurred_at"] not in said.setdefault(subject, set()):
                said[subject].add(values["occurred_at"])
                new.append(values)
        if new:
            connection.execute(sa.insert(consents), new)
        return len(new)

    def restated(self, connection: sa.Connection, load_ids: Collection[int], by: int, at: datetime) -> None:
        """End the unclear refusals of older versions of a file where the new one, ``by``, speaks of the same."""
        new = consents.alias("new")
        again = sa.exists().where(
            new.c.load_id == by,
            new.c.identity_id == consents.c.identity_id,
            new.c.purpose == consents.c.purpose,
            new.c.channel.in_((consents.c.channel, ANY_CHANNEL)),
        )
        self._end(connection, at, consents.c.load_id.in_(sorted(load_ids)), consents.c.held_row.is_not(None), again)

    def released(self, connection: sa.Connection, load_id: int, rows: Collection[int], at: datetime) -> None:
        """End the unclear refusals of quarantined rows that were loaded after all."""
        for chunk in _chunks(sorted(rows)):
            self._end(connection, at, consents.c.load_id == load_id, consents.c.held_row.in_(chunk))

    @staticmethod
    def _end(connection: sa.Connection, at: datetime, *conditions: sa.ColumnElement[bool]) -> int:
        ended = sa.update(consents).where(*conditions, consents.c.superseded_at.is_(None)).values(superseded_at=at)
        return int(connection.execute(ended).rowcount)


def _instants(
    connection: sa.Connection, load_ids: Collection[int], *, unclear: bool
) -> dict[tuple[object, ...], set[datetime]]:
    """Return (identity, purpose, medium) → instants of what stands of some loads."""
    c = consents.c
    which = (c.held_row.is_not(None),) if unclear else ()
    query = sa.select(c.identity_id, c.purpose, c.channel, c.occurred_at).where(
        c.load_id.in_(sorted(load_ids)), c.granted.is_(False), c.superseded_at.is_(None), *which
    )
    found: dict[tuple[object, ...], set[datetime]] = {}
    for identity_id, purpose, channel, occurred_at in connection.execute(query):
        found.setdefault((identity_id, purpose, channel), set()).add(occurred_at)
    return found


def _last_word(
    identity_ids: Sequence[int], purpose: str, channel: str, at: datetime
) -> sa.Select[tuple[int, bool, datetime]]:
    place = (
        sa.func.row_number()
        .over(partition_by=consents.c.identity_id, order_by=(consents.c.occurred_at.desc(), consents.c.granted))
        .label("place")
    )
    no = consents.c.granted.is_(False)
    known = sa.and_(consents.c.occurred_at <= at, consents.c.recorded_at <= at)
    ranked = (
        sa.select(consents.c.identity_id, consents.c.granted, consents.c.occurred_at, place)
        .where(
            consents.c.identity_id.in_(identity_ids),
            consents.c.purpose == _purpose(purpose),
            # an earlier version wrote refusals as the source spelt their medium
            sa.or_(consents.c.channel.in_((channel, ANY_CHANNEL)), sa.and_(no, consents.c.channel.not_in(CHANNELS))),
            sa.or_(no, known),
            sa.or_(consents.c.superseded_at.is_(None), consents.c.superseded_at > at),
        )
        .subquery()
    )
    return sa.select(ranked.c.identity_id, ranked.c.granted, ranked.c.occurred_at).where(ranked.c.place == 1)


def _values(row: ConsentRecord) -> dict[str, Any]:
    if row.granted:
        purpose, channel = str(_purpose(row.purpose)), _channel(row.channel)
    else:
        purpose, channel = refused(row.purpose, row.channel)
    if row.occurred_at.tzinfo is not None or row.recorded_at.tzinfo is not None:
        raise ConsentError(
            "A consent record carries an instant with a time zone.", hint="Convert it to UTC and drop the zone."
        )
    return {
        "identity_id": row.identity_id,
        "purpose": purpose,
        "channel": channel,
        "granted": row.granted,
        "policy_version": row.policy_version,
        "occurred_at": row.occurred_at,
        "recorded_at": row.recorded_at,
        "evidence": row.evidence[:EVIDENCE_LENGTH],
        "load_id": row.load_id,
        "held_row": row.held_row,
    }


def _channel(name: str) -> str:
    if (channel := channel_of(name)) is None:
        known = ", ".join(CHANNELS)
        raise ConsentError(f"A consent names no known medium: {name!r}.", hint=f"Use one of: {known}.")
    return channel


def _purpose(name: str) -> Purpose:
    if (purpose := purpose_of(name)) is None:
        known = ", ".join(Purpose)
        raise ConsentError(f"Unknown purpose {name!r}.", hint=f"Use one of: {known}.")
    return Purpose(purpose)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield ids[start : start + IDS_PER_QUERY]
