"""Who is fading although they still buy? Each customer's last weeks against their own past, corrected for the shop's.

Four behaviours: visits, length of a visit, basket, breadth of categories. For each the recent window is held against
what the customer's own past makes likely, times how the whole shop moved between the same weeks: a quiet season is
nobody's drift. A decline counts only if chance would rarely show one as large, and if it is large enough to matter.

Missing behaviour is *not enough data*, never a zero: a customer whose visits were never recorded, or a feed that
stopped, gives no finding. The test misleads where a habit is a cycle longer than the past windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import nbinom, norm, poisson

from liuke.predict.early_warning.config import WarningSettings
from liuke.predict.early_warning.ports import Moment

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A count of which even zero would be within chance says nothing; exp(-3) is 5 %.
MIN_EXPECTED = 3.0
# Fewer customers than this don't tell how a shop moves.
MIN_COMPARED = 30
# A window in which the feed was silent on more than a tenth of the days is a gap, not a quiet month.
MIN_COVERED = 0.9
MIN_PAST_VISITS, MIN_RECENT_VISITS = 6, 2
MIN_PAST_BASKETS, MIN_RECENT_BASKETS = 4, 1


class Behaviour(StrEnum):
    """What is watched."""

    VISITS = "visits"
    VISIT_LENGTH = "visit_length"
    BASKET = "basket"
    BREADTH = "breadth"


@dataclass(frozen=True)
class Watched:
    """One behaviour of all asked-for customers; arrays have shape (n_customers,).

    Attributes
    ----------
    recent, usual : float64
        In the recent window, and what own past and the shop's movement make likely; NaN without enough data.
    enough, drifting : bool
    """

    recent: FloatArray
    usual: FloatArray
    enough: BoolArray
    drifting: BoolArray

    @property
    def change(self) -> FloatArray:
        """Relative change against the usual, -1 to infinity."""
        return np.asarray(self.recent / self.usual - 1, dtype=np.float64)

    @classmethod
    def unknown(cls, n: int) -> Watched:
        """Return "not enough data" for everybody."""
        nothing, no = np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
        return cls(nothing, nothing.copy(), no, no.copy())


VISITS_SQL = """
WITH started AS (
    SELECT e.customer_id, ($as_of - 1 - e.occurred_on) // $days AS w, e.occurred_on, e.session_id,
           coalesce(e.category, p.category) AS category
    FROM events e LEFT JOIN products p ON p.product_id = e.product_id
    WHERE e.event IN (SELECT unnest($started)) AND e.occurred_on >= $since
), visits AS (
    SELECT customer_id, w, occurred_on, session_id, count(*) AS actions FROM started GROUP BY ALL
)
SELECT s.customer_id, v.w, count(*) AS n, sum(ln(actions)) AS total, sum(ln(actions) * ln(actions)) AS squares
FROM asked s JOIN visits v USING (customer_id) GROUP BY ALL
"""
BREADTH_SQL = """
WITH seen AS (
    SELECT e.customer_id, ($as_of - 1 - e.occurred_on) // $days AS w, coalesce(e.category, p.category) AS category
    FROM events e LEFT JOIN products p ON p.product_id = e.product_id
    WHERE e.event IN (SELECT unnest($started)) AND e.occurred_on >= $since
    UNION ALL
    SELECT customer_id, ($as_of - 1 - occurred_on) // $days, category FROM purchase_items WHERE occurred_on >= $since
)
SELECT s.customer_id, t.w, count(DISTINCT category)::DOUBLE AS n, 0.0 AS total, 0.0 AS squares
FROM asked s JOIN seen t USING (customer_id) WHERE category IS NOT NULL GROUP BY ALL
"""
BASKET_SQL = """
WITH days AS (
    SELECT customer_id, occurred_on, sum(net_minor) AS net FROM purchases WHERE occurred_on >= $since GROUP BY ALL
)
SELECT s.customer_id, ($as_of - 1 - d.occurred_on) // $days AS w, count(*)::DOUBLE AS n,
       sum(ln(net)) AS total, sum(ln(net) * ln(net)) AS squares
FROM asked s JOIN days d USING (customer_id) WHERE net > 0 GROUP BY ALL
"""
KNOWN_SQL = """
SELECT s.customer_id FROM asked s JOIN customers c USING (customer_id)
WHERE c.first_seen_on IS NOT NULL AND c.first_seen_on < $since
"""
COVERED_SQL = """
SELECT ($as_of - 1 - occurred_on) // $days AS w, count(DISTINCT occurred_on) AS days FROM events
WHERE event IN (SELECT unnest($started)) AND occurred_on >= $since GROUP BY ALL
"""


def detect(
    moment: Moment, customer_id: npt.NDArray[np.int64], started: Sequence[str], settings: WarningSettings
) -> dict[Behaviour, Watched]:
    """Hold every asked-for customer's last weeks against their own past.

    Parameters
    ----------
    moment : Moment
        What the shop knew at a day.
    customer_id : int64 array, shape (n_customers,), ascending
    started : sequence of str
        Events that a customer starts.
    settings : WarningSettings
    """
    n, windows = customer_id.size, settings.drift_past_windows + 1
    if not n:
        return {behaviour: Watched.unknown(0) for behaviour in Behaviour}
    reader = _Reader(moment, customer_id, list(started), settings.drift_days, windows)
    try:
        known = reader.known()
        feed = reader.feed_is_whole()
        baskets = reader.sums(BASKET_SQL, events=False)
        visits = reader.sums(VISITS_SQL) if feed else None
        breadth = reader.sums(BREADTH_SQL) if feed else None
    finally:
        moment.connection.unregister("asked")
    found = {behaviour: Watched.unknown(n) for behaviour in Behaviour}
    found[Behaviour.BASKET] = _means(baskets, known, MIN_RECENT_BASKETS, MIN_PAST_BASKETS, settings)
    if visits is not None and breadth is not None:
        visiting = known & (visits[0][:, 1:].sum(axis=1) > 0)
        found[Behaviour.VISITS] = _counts(visits[0], visiting, settings)
        found[Behaviour.VISIT_LENGTH] = _means(visits, visiting, MIN_RECENT_VISITS, MIN_PAST_VISITS, settings)
        found[Behaviour.BREADTH] = _counts(breadth[0], visiting, settings)
    return found


Sums = tuple[FloatArray, FloatArray, FloatArray]


class _Reader:
    """Sums per customer and window; window 0 is the recent one."""

    def __init__(
        self, moment: Moment, customer_id: npt.NDArray[np.int64], started: list[str], days: int, windows: int
    ) -> None:
        self._engine = moment.connection
        self._ids = customer_id
        self._windows, self._days = windows, days
        since = np.datetime64(moment.as_of, "D") - days * windows
        self._dates: dict[str, Any] = {"since": since.astype(object)}
        self._wanted: dict[str, Any] = self._dates | {"as_of": moment.as_of, "days": days}
        self._started = {"started": started}
        self._engine.register("asked", pa.table({"customer_id": customer_id}))

    def known(self) -> BoolArray:
        """Mark who was known before the first window."""
        rows = self._engine.execute(KNOWN_SQL, self._dates).fetchnumpy()
        return np.isin(self._ids, rows["customer_id"])

    def feed_is_whole(self) -> bool:
        """Say whether behaviour arrived on nearly all days of every window."""
        rows = self._engine.execute(COVERED_SQL, self._wanted | self._started).fetchall()
        covered = {int(w): days for w, days in rows}
        return all(covered.get(w, 0) >= MIN_COVERED * self._days for w in range(self._windows))

    def sums(self, sql: str, events: bool = True) -> Sums:
        """Return counts, sums and sums of squares, each of shape (n_customers, n_windows)."""
        rows = self._engine.execute(sql, self._wanted | (self._started if events else {})).fetchnumpy()
        at = np.searchsorted(self._ids, np.asarray(rows["customer_id"], dtype=np.int64))
        window = np.asarray(rows["w"], dtype=np.int64)
        parts = []
        for name in ("n", "total", "squares"):
            cells = np.zeros((self._ids.size, self._windows))
            cells[at, window] = np.asarray(rows[name], dtype=np.float64)
            parts.append(cells)
        return parts[0], parts[1], parts[2]


def _counts(cells: FloatArray, able: BoolArray, settings: WarningSettings) -> Watched:
    """Judge counts: negative binomial around own past mean x the shop's movement.

    Notes
    -----
    The spread beyond Poisson is learnt from those above their expectation: declines are what is looked for, and must
    not hide themselves by widening the spread.
    """
    recent, past = cells[:, 0], cells[:, 1:].mean(axis=1)
    compared = able & (past >= MIN_EXPECTED)
    if compared.sum() < MIN_COMPARED:
        return Watched.unknown(recent.size)
    usual = past * recent[compared].sum() / past[compared].sum()
    enough = compared & (usual >= MIN_EXPECTED)
    above = enough & (recent >= usual)
    noise = usual * (1 + usual / np.maximum(past, 1e-9) / (cells.shape[1] - 1))  # the own mean is itself an estimate
    spread = float(np.maximum(((recent - usual) ** 2 - noise)[above].sum(), 0.0) / max((usual[above] ** 2).sum(), 1e-9))
    with np.errstate(invalid="ignore"):
        size = 1 / max(spread, 1e-9)
        chance = nbinom.cdf(recent, size, size / (size + usual)) if spread > 1e-6 else poisson.cdf(recent, usual)
    return _judged(recent, usual, enough, np.asarray(chance), settings)


def _means(sums: Sums, able: BoolArray, min_recent: int, min_past: int, settings: WarningSettings) -> Watched:
    """Judge means of logarithms: normal, with the spread within customers pooled over the shop."""
    n, total, squares = sums
    past_n, recent_n = n[:, 1:].sum(axis=1), n[:, 0]
    enough = able & (recent_n >= min_recent) & (past_n >= min_past)
    if enough.sum() < MIN_COMPARED:
        return Watched.unknown(recent_n.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        past = total[:, 1:].sum(axis=1) / past_n
        recent = total[:, 0] / recent_n
        within = squares[:, 1:].sum(axis=1) - past_n * past**2
        spread = float(within[enough].sum() / np.maximum((past_n - 1)[enough].sum(), 1))
        usual = past + np.median((recent - past)[enough])
        chance = norm.cdf((recent - usual) / np.sqrt(max(spread, 1e-12) * (1 / recent_n + 1 / past_n)))
    return _judged(np.exp(recent), np.exp(usual), enough, chance, settings)


def _judged(
    recent: FloatArray, usual: FloatArray, enough: BoolArray, chance: FloatArray, settings: WarningSettings
) -> Watched:
    small = recent <= (1 - settings.drift_min_drop) * usual
    drifting = enough & small & (np.nan_to_num(chance, nan=1.0) <= settings.drift_significance)
    return Watched(np.where(enough, recent, np.nan), np.where(enough, usual, np.nan), enough, drifting)
