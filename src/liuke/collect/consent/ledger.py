"""May these people be contacted? An append-only ledger of what they said; the last word of each counts.

Withdrawing is writing one more row, so it takes effect at the next question, which the outbox asks at the moment of
claiming a message. Without any record the answer for marketing is no.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from liuke.collect.consent.contracts import ANY_CHANNEL, ConsentRecord, Purpose
from liuke.collect.consent.errors import ConsentError
from liuke.collect.consent.tables import consents

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
            Statements, in the order in which they were made where their instants are equal.

        Returns
        -------
        int
            How many rows were written.

        Raises
        ------
        ConsentError
            If a record names an unknown purpose, no channel, or an instant with a zone; nothing is written then.
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
            UTC instant; statements made or recorded later are not seen.

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

        Refusals stay: a correction that merely forgets a refusal must not turn it into silence. To lift one, the
        corrected file has to say so with a grant.
        """
        result = connection.execute(
            sa.update(consents)
            .where(consents.c.load_id == load_id, consents.c.granted.is_(True), consents.c.superseded_at.is_(None))
            .values(superseded_at=at)
        )
        return int(result.rowcount)


def _last_word(
    identity_ids: Sequence[int], purpose: str, channel: str, at: datetime
) -> sa.Select[tuple[int, bool, datetime]]:
    place = (
        sa.func.row_number()
        .over(
            partition_by=consents.c.identity_id,
            order_by=(consents.c.occurred_at.desc(), consents.c.recorded_at.desc(), consents.c.consent_no.desc()),
        )
        .label("place")
    )
    ranked = (
        sa.select(consents.c.identity_id, consents.c.granted, consents.c.occurred_at, place)
        .where(
            consents.c.identity_id.in_(identity_ids),
            consents.c.purpose == purpose,
            consents.c.channel.in_((channel, ANY_CHANNEL)),
            consents.c.occurred_at <= at,
            consents.c.recorded_at <= at,
            sa.or_(consents.c.superseded_at.is_(None), consents.c.superseded_at > at),
        )
        .subquery()
    )
    return sa.select(ranked.c.identity_id, ranked.c.granted, ranked.c.occurred_at).where(ranked.c.place == 1)


def _values(row: ConsentRecord) -> dict[str, object]:
    _purpose(row.purpose)
    if not row.channel:
        raise ConsentError("A consent record has no channel.", hint=f"Name the medium, or {ANY_CHANNEL!r} for all.")
    if row.occurred_at.tzinfo is not None or row.recorded_at.tzinfo is not None:
        raise ConsentError(
            "A consent record carries an instant with a time zone.", hint="Convert it to UTC and drop the zone."
        )
    return {
        "identity_id": row.identity_id,
        "purpose": row.purpose,
        "channel": row.channel,
        "granted": row.granted,
        "policy_version": row.policy_version,
        "occurred_at": row.occurred_at,
        "recorded_at": row.recorded_at,
        "evidence": row.evidence,
        "load_id": row.load_id,
    }


def _purpose(name: str) -> Purpose:
    try:
        return Purpose(name)
    except ValueError:
        known = ", ".join(Purpose)
        raise ConsentError(f"Unknown purpose {name!r}.", hint=f"Use one of: {known}.") from None


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield ids[start : start + IDS_PER_QUERY]
