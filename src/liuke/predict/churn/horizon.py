"""After how many days without a purchase should this shop call a customer churned?

The answer is the shop's own rhythm: the interval by which 80 % of repurchases have happened, rounded up to whole weeks
and kept within bounds. Intervals still open count for nothing here, so a short history proposes a short horizon; the
note says when the history's length was the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from liuke.kernel.results import NotEnoughData
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.ports import Moment
from liuke.predict.evaluation import MIN_ORIGINS

# The share of purchases before which a day is taken for a typing error (1970, 0001) and not for the start of trade.
STRAY_SHARE = 0.001

DAYS_PER_WEEK = 7

RHYTHM_SQL = """
WITH days AS (
    SELECT DISTINCT customer_id, occurred_on FROM purchases WHERE occurred_on < $as_of
), gaps AS (
    SELECT customer_id,
           occurred_on - lag(occurred_on) OVER (PARTITION BY customer_id ORDER BY occurred_on) AS gap_days
    FROM days
)
SELECT (SELECT quantile_disc(occurred_on, $stray) FROM days),
       (SELECT max(occurred_on) FROM days),
       count(DISTINCT customer_id),
       count(DISTINCT customer_id) FILTER (WHERE gap_days IS NOT NULL),
       count(gap_days),
       quantile_disc(gap_days, $share)
FROM gaps
"""


@dataclass(frozen=True)
class Rhythm:
    """The shop's purchases in six numbers.

    Attributes
    ----------
    first_day, end : date
        First day of trade, and the day after the last.
    n_buyers, n_repeat_buyers, n_intervals : int
        Customers who bought; on two days or more; intervals between their purchase days.
    interval_days : int
        The interval by which the wanted share of repurchases happened.
    """

    first_day: date
    end: date
    n_buyers: int
    n_repeat_buyers: int
    n_intervals: int
    interval_days: int


@dataclass(frozen=True)
class HorizonProposal:
    """A horizon with its grounds.

    Attributes
    ----------
    horizon_days : int
        Whole weeks unless the shop has set it.
    bound : str
        ``none``, ``shortest``, ``longest``, ``history`` or ``set by the shop``.
    note_zh, note_en : str
        The grounds in a sentence.
    """

    horizon_days: int
    bound: str
    rhythm: Rhythm
    note_zh: str
    note_en: str


def read_rhythm(moment: Moment, share: float) -> Rhythm | None:
    """Read the shop's rhythm at a moment; None if nobody has ever bought."""
    wanted = {"as_of": moment.as_of, "share": share, "stray": STRAY_SHARE}
    row = moment.connection.execute(RHYTHM_SQL, wanted).fetchall()[0]
    if row[0] is None:
        return None
    return Rhythm(row[0], row[1] + timedelta(days=1), row[2], row[3], row[4], row[5] or 0)


def propose_horizon(moment: Moment, settings: ChurnSettings) -> HorizonProposal | NotEnoughData:
    """Propose the churn horizon from the repurchase intervals known at a moment.

    Returns
    -------
    HorizonProposal or NotEnoughData
        Not enough if fewer than ``settings.min_repeat_buyers`` ever came back.
    """
    rhythm = read_rhythm(moment, settings.repurchase_share)
    repeat, buyers = (rhythm.n_repeat_buyers, rhythm.n_buyers) if rhythm else (0, 0)
    if rhythm is None or repeat < settings.min_repeat_buyers:
        return NotEnoughData(
            reason_zh=f"数据不足，无法预测流失：{buyers:,} 位买家中只有 {repeat:,} 位在两天以上买过，"
            f"至少需要 {settings.min_repeat_buyers:,} 位",
            reason_en=f"not enough data to predict churn: only {repeat:,} of {buyers:,} buyers bought on two days or "
            f"more, at least {settings.min_repeat_buyers:,} are needed",
            have=repeat,
            need=settings.min_repeat_buyers,
        )
    days, bound = _bounded(rhythm, settings)
    percent = f"{settings.repurchase_share:.0%}"
    return HorizonProposal(
        horizon_days=days,
        bound=bound,
        rhythm=rhythm,
        note_zh=f"{percent} 的复购发生在 {rhythm.interval_days} 天内（{rhythm.n_intervals:,} 个间隔，"
        f"{repeat:,} 位复购买家），取 {days} 天{_BOUND_ZH[bound]}",
        note_en=f"{percent} of repurchases happened within {rhythm.interval_days} days ({rhythm.n_intervals:,} "
        f"intervals of {repeat:,} repeat buyers): {days} days{_BOUND_EN[bound]}",
    )


def whole_weeks(days: int, settings: ChurnSettings) -> int:
    """Return the horizon that an interval asks for: rounded up to whole weeks, within the bounds of the settings."""
    return min(max(_weeks_up(days), settings.min_horizon_days), settings.max_horizon_days)


def _weeks_up(days: int) -> int:
    return -(-max(days, 1) // DAYS_PER_WEEK) * DAYS_PER_WEEK


_BOUND_ZH = {
    "none": "",
    "shortest": "(允许的最短值)",
    "longest": "(允许的最长值)",
    "history": "（历史太短，不足以检验更长的值）",
    "set by the shop": "(店铺设定)",
}
_BOUND_EN = {
    "none": "",
    "shortest": " (the shortest allowed)",
    "longest": " (the longest allowed)",
    "history": " (the history is too short to check a longer one)",
    "set by the shop": " (set by the shop)",
}


def _bounded(rhythm: Rhythm, settings: ChurnSettings) -> tuple[int, str]:
    if settings.horizon_days is not None:
        return settings.horizon_days, "set by the shop"
    weeks_up, days = _weeks_up(rhythm.interval_days), whole_weeks(rhythm.interval_days, settings)
    bound = "none" if days == weeks_up else ("shortest" if days > weeks_up else "longest")
    # one window for features, then an outcome for training, for calibration and for the final judgement
    testable = (rhythm.end - rhythm.first_day).days // (MIN_ORIGINS + 1) // DAYS_PER_WEEK * DAYS_PER_WEEK
    if settings.min_horizon_days <= testable < days:
        return testable, "history"
    return days, bound
