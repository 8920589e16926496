"""At which past days may a model be trained, calibrated and judged?

Rolling origins: each origin is a cutoff; features are days before it, the outcome is the horizon after it. Stages
follow each other without touching: every training outcome is complete before the calibration cutoff, the calibration
outcome before the final one, and the final outcome before the end of the history. Nothing is fitted on the final origin
until it has been reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from liuke.kernel.results import NotEnoughData

# One origin each to train on, to calibrate on and to be judged by.
MIN_ORIGINS = 3


@dataclass(frozen=True)
class OriginPlan:
    """Cutoffs in the order of time, none of whose outcomes reaches into the next stage.

    Attributes
    ----------
    train : tuple of date
        Cutoffs to learn from, oldest first.
    calibration, final : date
    horizon_days : int
        Outcomes are the days cutoff … cutoff + horizon_days - 1.
    possible : int
        How many origins the history would have allowed; more than used if a limit was set.
    """

    train: tuple[date, ...]
    calibration: date
    final: date
    horizon_days: int
    possible: int

    @property
    def cutoffs(self) -> tuple[date, ...]:
        """All cutoffs, oldest first."""
        return (*self.train, self.calibration, self.final)

    @property
    def horizon(self) -> timedelta:
        """The length of an outcome."""
        return timedelta(days=self.horizon_days)

    def note_en(self) -> str:
        """Say how many origins there are and where."""
        return (
            f"{len(self.cutoffs)} rolling origins of {self.horizon_days} days ({self.possible} possible): "
            f"{len(self.train)} to train ({self.train[0]} to {self.train[-1]}), calibration {self.calibration}, "
            f"untouched final {self.final}"
        )

    def note_zh(self) -> str:
        """Say the same in Chinese."""
        return (
            f"{len(self.cutoffs)} 个滚动时点，每个 {self.horizon_days} 天（历史最多允许 {self.possible} 个）："
            f"训练 {len(self.train)} 个（{self.train[0]} 至 {self.train[-1]}），校准 {self.calibration}，"
            f"未动用的终评 {self.final}"
        )


def plan_origins(
    first_day: date, end: date, horizon_days: int, warm_up_days: int, max_train: int = 6
) -> OriginPlan | NotEnoughData:
    """Place as many origins as the history allows.

    Parameters
    ----------
    first_day : date
        First day with facts.
    end : date
        The day after the last complete day (an ``as_of``): every outcome ends by then.
    horizon_days : int
        Length of an outcome, ≥ 1. Origins are this far apart.
    warm_up_days : int
        History that features need before the first cutoff, ≥ 0.
    max_train : int
        At most so many training origins, the newest ones; bounds the cost.

    Returns
    -------
    OriginPlan or NotEnoughData
        Not enough if fewer than three origins fit; ``have`` and ``need`` are then days of history.

    Examples
    --------
    >>> plan = plan_origins(date(2025, 1, 1), date(2026, 1, 1), horizon_days=60, warm_up_days=60)
    >>> [str(day) for day in plan.cutoffs]
    ['2025-03-07', '2025-05-06', '2025-07-05', '2025-09-03', '2025-11-02']
    """
    if horizon_days < 1 or warm_up_days < 0 or max_train < 1:
        raise ValueError("horizon_days and max_train must be at least 1, warm_up_days at least 0")
    have = max((end - first_day).days, 0)
    need = warm_up_days + MIN_ORIGINS * horizon_days
    possible = max(have - warm_up_days, 0) // horizon_days
    if possible < MIN_ORIGINS:
        return NotEnoughData(
            reason_zh=f"历史只有 {have} 天；学习、校准、检验各需要一段 {horizon_days} 天的历史，之前还要 "
            f"{warm_up_days} 天作准备，至少要 {need} 天",
            reason_en=f"only {have} days of history; training, calibration and final judgement each need a period of "
            f"{horizon_days} days, after {warm_up_days} days for features: at least {need} days",
            have=have,
            need=need,
        )
    used = min(possible, max_train + 2)
    cutoffs = [end - timedelta(days=horizon_days * back) for back in range(used, 0, -1)]
    return OriginPlan(tuple(cutoffs[:-2]), cutoffs[-2], cutoffs[-1], horizon_days, possible)
