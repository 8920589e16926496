"""Of those who left, how many were spoken to while it could still help? (干预及时率, intervened in time)

A warning that nobody acts on keeps no customer. Looked at are the buyers who were active a horizon ago and have not
bought since. Each has a point of loss of their own: the end of the expected repurchase interval, last purchase plus the
mean of their own intervals, the shop's mean counting as one more of them. In time is a contact after the last purchase
and at least 72 hours before that point. Whom a control group holds back on purpose, and who has outgrown the range, is
counted apart. A shop in which no contact is on record from before those weeks gets no figure rather than zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from liuke.kernel.results import NotEnoughData
from liuke.predict.churn import read_outcomes
from liuke.predict.early_warning.backtest import IN_TIME_DAYS
from liuke.predict.early_warning.ports import Moment

INTERVENED_WORDS: Mapping[str, str] = {
    "zh": "干预及时率",
    "en": "Intervened in time",
    "formula_zh": "流失客户中，末次购买之后、且在其预期复购间隔结束前至少72小时被联系过的人数 ÷ 流失客户"
    "（一个预测期之前活跃、此后未再购买；对照组与自然毕业的客户另计）",
    "formula_en": "Leavers contacted after their last purchase and at least 72 hours before the end of their expected "
    "repurchase interval ÷ leavers (active one horizon ago, no purchase since; control groups and those who have "
    "outgrown the range are counted apart)",
}

_LEAVERS_SQL = """
WITH days AS (SELECT DISTINCT customer_id, occurred_on FROM purchases WHERE occurred_on < $since),
own AS (
    SELECT customer_id, max(occurred_on) AS last_on, count(*) - 1 AS gaps, max(occurred_on) - min(occurred_on) AS span
    FROM days GROUP BY customer_id
), shop AS (SELECT sum(span) / nullif(sum(gaps), 0) AS gap FROM own)
SELECT customer_id, last_on, (span + coalesce(gap, 0)) / (gaps + 1.0) AS expected
FROM own CROSS JOIN shop WHERE last_on >= $active_from ORDER BY customer_id
"""


@dataclass(frozen=True)
class Intervened:
    """The figure and what stands behind it; counts are missing where it is not known, and `note` says why.

    Attributes
    ----------
    since : date
        Those looked at were active at its midnight.
    leavers : int or None
        Without a purchase since, control groups and graduates left out.
    in_time : int or None
        Of them, contacted in time.
    held_back, graduated : int or None
        Left too, and counted apart.
    """

    since: date
    as_of: date
    leavers: int | None = None
    in_time: int | None = None
    held_back: int | None = None
    graduated: int | None = None
    note: NotEnoughData | None = None

    @property
    def share(self) -> float | None:
        """Of the leavers, those contacted in time."""
        return self.in_time / self.leavers if self.leavers and self.in_time is not None else None


def intervened(
    moment: Moment, contacts: pa.Table, held_back: pa.Table, horizon_days: int, window_days: int
) -> Intervened:
    """Count leavers and those of them who were contacted in time.

    Parameters
    ----------
    moment : Moment
        Contacts by other tools are read from its `touches`.
    contacts : pyarrow.Table
        `customer_id` and `contacted_on` of the messages that were really sent.
    held_back : pyarrow.Table
        `customer_id` and `held_on`: from that day on in a control group.
    horizon_days : int
        Days without a purchase that count as having left.
    window_days : int
        Who bought within so many days is an active buyer.
    """
    since = moment.as_of - timedelta(days=horizon_days)
    rows = moment.connection.execute(
        _LEAVERS_SQL, {"since": since, "active_from": since - timedelta(days=window_days)}
    ).fetchall()
    first, days = _contact_days(moment, contacts)
    if first is None or first > since:
        note = NotEnoughData("该时期没有联系记录", "no contacts are on record for this time", 0, 1)
        return Intervened(since, moment.as_of, note=note)
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    outcomes = read_outcomes(moment, ids, since, horizon_days)
    held: dict[int, date] = {}
    for row in held_back.to_pylist():
        held[row["customer_id"]] = min(row["held_on"], held.get(row["customer_id"], date.max))
    counts = {"leavers": 0, "in_time": 0, "held_back": 0, "graduated": 0}
    for place, (customer, last_on, expected) in enumerate(rows):
        if not outcomes.churned[place]:
            continue
        latest = last_on + timedelta(days=float(expected)) - timedelta(days=IN_TIME_DAYS)
        if outcomes.graduated[place]:
            counts["graduated"] += 1
        elif held.get(customer, date.max) <= max(latest, since):
            counts["held_back"] += 1
        else:
            counts["leavers"] += 1
            counts["in_time"] += any(last_on <= day <= latest for day in days.get(customer, ()))
    nobody = NotEnoughData("该时期没有流失客户", "nobody left in this time", 0, 1)
    return Intervened(since, moment.as_of, **counts, note=None if counts["leavers"] else nobody)


def intervened_table(found: Intervened, horizon_days: int | None) -> pa.Table:
    """Return the one row of ``interventions``."""
    note = found.note and f"{found.note.reason_zh} / {found.note.reason_en}"
    row: dict[str, tuple[pa.DataType, Any]] = {
        "as_of": (pa.date32(), found.as_of), "period_start": (pa.date32(), found.since),
        "period_end": (pa.date32(), found.as_of), "horizon_days": (pa.int32(), horizon_days),
        "value": (pa.float64(), found.share), "numerator": (pa.float64(), found.in_time),
        "denominator": (pa.float64(), found.leavers), "held_back": (pa.int64(), found.held_back),
        "graduated": (pa.int64(), found.graduated), "note": (pa.string(), note),
    }  # fmt: skip
    return pa.table({name: pa.array([value], kind) for name, (kind, value) in row.items()})


def _contact_days(moment: Moment, contacts: pa.Table) -> tuple[date | None, dict[int, list[date]]]:
    """Return the first day of any contact, and the days by customer."""
    touches = moment.connection.execute("SELECT DISTINCT customer_id, occurred_on FROM touches").fetchall()
    sent = [(row["customer_id"], row["contacted_on"]) for row in contacts.to_pylist()]
    days: dict[int, list[date]] = {}
    for customer, day in [*touches, *sent]:
        days.setdefault(customer, []).append(day)
    return min((day for own in days.values() for day in own), default=None), days
