"""What the loop really sent, told to the simulated shop so that its customers can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa

from liuke.app.demo.offers import WORDS_ALONE, Offer
from liuke.app.demo.translation import Translation
from liuke.engage.outreach import State, outbox
from liuke.kernel import midnight_utc
from liuke.store.operations import Operations
from liuke_sim import CONTACTS

_O = outbox.c


@dataclass(frozen=True)
class SentContacts:
    """Contacts of some days as the simulated shop takes them in.

    Parameters
    ----------
    contacts : pyarrow.Table
        Columns of ``liuke_sim.CONTACTS``.
    untranslated : int
        Messages to customers whom no profile of the shop names; nobody can answer them.
    """

    contacts: pa.Table
    untranslated: int


def sent_contacts(
    operations: Operations,
    translation: Translation,
    offers: Mapping[tuple[str, str], Offer],
    days: tuple[date, date],
    zone: str,
) -> SentContacts:
    """Read from the outbox what was accepted for delivery on some days.

    Parameters
    ----------
    offers : mapping of (strategy, node) to Offer
        What each step brings; one that is not named brings its words alone.
    days : (date, date)
        Shop-local, half-open.
    zone : str
        The shop's.
    """
    begins, ends = (midnight_utc(day, zone) for day in days)
    rows, untranslated = [], 0
    for row in _sent(operations, begins, ends):
        number = translation.number(row.customer_id)
        if number is None:
            untranslated += 1
            continue
        offer = offers.get((row.strategy, row.node), WORDS_ALONE)
        rows.append(
            {
                "contact_id": f"{row.message_id:016x}",
                "customer": number,
                "channel": row.channel,
                "sent_at": _local(row.sent_at, zone),
                "campaign": row.strategy,
                "offer": offer.kind,
                "value_minor": offer.value_minor,
            }
        )
    return SentContacts(pa.Table.from_pylist(rows, CONTACTS), untranslated)


def _sent(operations: Operations, begins: datetime, ends: datetime) -> Sequence[Any]:
    query = (
        sa.select(_O.message_id, _O.customer_id, _O.strategy, _O.node, _O.channel, _O.sent_at)
        .where(_O.state == State.SENT.value, _O.sent_at >= begins, _O.sent_at < ends)
        .order_by(_O.sent_at, _O.message_id)
    )
    with operations.read() as connection:
        return connection.execute(query).all()


def _local(instant: datetime, zone: str) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
