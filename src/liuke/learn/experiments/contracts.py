"""The values that cross the door of the experiments room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from liuke.learn.analysis import Verdict


class TrialState(StrEnum):
    """Where a trial stands."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"

    @property
    def zh(self) -> str:
        """The word in Chinese."""
        return {"draft": "草稿", "running": "进行中", "paused": "已暂停", "ended": "已结束"}[self.value]


class EndReason(StrEnum):
    """Why a trial ended."""

    ROLLED_OUT = "rolled_out"
    NO_EFFECT = "no_effect"
    DOES_NOT_PAY = "does_not_pay"
    HARMFUL = "harmful"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"
    REPLACED = "replaced"

    @property
    def words(self) -> tuple[str, str]:
        """The reason in Chinese and English."""
        return {
            "rolled_out": ("已推广", "rolled out"),
            "no_effect": ("没有效果", "no effect"),
            "does_not_pay": ("花费高于收益", "costs more than it brings"),
            "harmful": ("有害，已停止", "harmful, stopped"),
            "stopped": ("人工停止", "stopped by a person"),
            "superseded": ("策略有新版本", "the strategy has a new version"),
            "replaced": ("由另一个试验取代", "replaced by another trial"),
        }[self.value]


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read out: one strategy over the window that its goal names.

    Parameters
    ----------
    strategy
    horizon_days
        Days after entry, the day of entry included, in which an outcome counts.
    currency
        Of the shop's amounts.
    """

    strategy: str
    horizon_days: int
    currency: str


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric of one strategy: treated against control as randomised.

    Parameters
    ----------
    as_of
        Outcomes are of days before it.
    metric
        ``repurchase`` (share of customers, 0 to 1) or ``margin`` (minor units per customer).
    treated_n, control_n
        Customers with a complete window.
    treated_mean, control_mean, difference, low, high
        None while an arm is empty. The interval is a confidence interval of coverage ``level``.
    srm_p
        How well the arms' sizes fit the draw; tiny means that the comparison is broken.
    pending_n
        Customers left out because their window is not complete.
    verdict, reason_zh, reason_en
        The conclusion and the rule that led to it, in a sentence.
    """

    as_of: date
    strategy: str
    metric: str
    treated_n: int
    treated_mean: float | None
    control_n: int
    control_mean: float | None
    difference: float | None
    low: float | None
    high: float | None
    level: float
    srm_p: float
    pending_n: int
    verdict: Verdict
    reason_zh: str
    reason_en: str
