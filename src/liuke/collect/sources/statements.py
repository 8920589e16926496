"""What rows say of consent beside those meant to: events and messages that are a no, and rows held in quarantine.

A grant counts only as part of a whole, loaded row. A refusal counts wherever it stands: nobody is written to because
another column of the row is broken. Where the answer or its moment can't be read, the row is taken for a refusal until
it is released or corrected: an older grant doesn't stand as if nothing had been said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from liuke.collect.consent import NO_EVENTS, NO_STATUSES, ConsentRecord, channel_sql, no_sql, says_no
from liuke.collect.sources.emission import Emission
from liuke.collect.sources.expressions import Expression

TABLE = "consents"
_WHOLE_DAY = timedelta(days=1) - timedelta(microseconds=1)
_SAID_BY = {"events": ("event", NO_EVENTS), "touches": ("status", NO_STATUSES)}


def refusal(emission: Emission, behaviours: Sequence[str]) -> Emission | None:
    """Return the refusals among an emission's rows, as an emission of statements; None where it can't hold any.

    Parameters
    ----------
    emission : Emission
        Of events, whose channel says where they happened, so that only a message's medium limits what is refused; or of
        messages sent by another tool, whose channel is what is refused.
    behaviours : sequence of str
        Names that a loaded event may have: they are told by name, which costs a tenth of looking for the pattern; in
        quarantine any name may stand.
    """
    name, pattern = _SAID_BY.get(emission.table, ("", ""))
    said = emission.fields.get(name)
    if said is None or said.aggregates:
        return None
    channel = emission.fields.get("channel", _text("*"))
    means_no = no_sql(f"CAST({said.sql} AS VARCHAR)", pattern)
    taken, doubtful = (f"({rows} AND {means_no})" for rows in (emission.when, _maybe(emission)))
    if emission.table == "events":
        names = ", ".join(f"'{name}'" for name in behaviours if says_no(name))
        taken = f"({emission.when} AND {said.sql} IN ({names or 'NULL'}))"
        medium = channel_sql(f"CAST({channel.sql} AS VARCHAR)")
        channel = Expression(f"CASE WHEN {medium} IN ('email', 'sms') THEN {channel.sql} ELSE '*' END", channel.columns)
    kept = {key: emission.fields[key] for key in ("identity", "occurred", "recorded") if key in emission.fields}
    fields = kept | {
        "purpose": _text("marketing"),
        "channel": channel,
        "granted": Expression("false", frozenset()),
        "evidence": Expression(f"'{emission.table}: ' || {said.sql}", said.columns),
    }
    return replace(emission, table=TABLE, when=taken, fields=fields, doubtful=doubtful)


def held(emission: Emission, row_sql: str) -> Emission:
    """Return an emission of statements as it is made of rows in quarantine: row by row, doubtful ones too."""
    return replace(emission, when=_maybe(emission), groups=(row_sql,) if emission.groups else ())


def loaded_statements(rows: Iterable[dict[str, Any]], load_id: int, now: datetime) -> Iterator[ConsentRecord]:
    """Yield what loaded rows say."""
    for row in rows:
        yield _record(row, load_id, bool(row["granted"]), row["occurred_at"], row["recorded_at"], now)


def held_refusals(rows: Iterable[dict[str, Any]], load_id: int, now: datetime) -> Iterator[ConsentRecord]:
    """Yield the refusals that rows in quarantine say, or have to be read as; what names nobody says nothing."""
    for row in rows:
        if row["granted"] is True or row["identity_id"] is None:
            continue
        record = _record(row, load_id, False, row["occurred_at"] or now, now, now)
        is_clear = row["granted"] is False and row["occurred_at"] is not None
        yield record if is_clear else replace(record, held_row=row["row_number"])


def _record(
    row: dict[str, Any], load_id: int, granted: bool, occurred_at: datetime, recorded_at: datetime, now: datetime
) -> ConsentRecord:
    if not granted:
        # a refusal of a day holds all that day, and one that seems to come from the future is said now
        occurred_at = min(occurred_at + _WHOLE_DAY if row["whole_day"] else occurred_at, now)
    return ConsentRecord(
        identity_id=row["identity_id"],
        purpose=row["purpose"] or "",
        channel=row["channel"] or "",
        granted=granted,
        policy_version=row["policy_version"] or "",
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        evidence=row["evidence"] or "",
        load_id=load_id,
    )


def _maybe(emission: Emission) -> str:
    return f"({emission.when} OR {emission.doubtful})"


def _text(value: str) -> Expression:
    return Expression(f"'{value}'", frozenset())
