"""Does it work, does it not, or is it too early? One rule, fixed before anybody looks at a number.

In this order:

1. The arms' sizes do not fit the draw → too early: find the cause first, whatever the difference says.
2. Fewer customers with a complete window per arm, or fewer buyers, than the minimum → too early.
3. The whole interval lies above zero → works.
4. The whole interval lies below the smallest effect worth acting on → does not work.
5. Else the interval still holds both "nothing" and "worth it" → too early.

Reading the same strategy every day makes rule 3 fire by luck more often than the level says; the window makes each
day's reading of the same customers final, but the verdict of a young strategy should be read with that in mind.
"""

from __future__ import annotations

from dataclasses import dataclass

from liuke.kernel import money_text
from liuke.learn.analysis import Verdict
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.inference import Difference


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rule looks at: sizes, outcomes, the split's p-value and the difference.

    `share` says that the difference is one of shares; else it is of minor units of `currency`.
    """

    treated_n: int
    control_n: int
    pending_n: int
    buyers: int
    srm_p: float
    difference: Difference | None
    worthwhile: float
    share: bool
    currency: str


def judge(evidence: Evidence, settings: ExperimentSettings) -> tuple[Verdict, str, str]:
    """Return the verdict and its reason in Chinese and English."""
    e, least = evidence, settings.min_units_per_arm
    pending_zh = f"（另有 {e.pending_n} 人观察期未满）" if e.pending_n else ""
    pending_en = f" ({e.pending_n} more are still inside their window)" if e.pending_n else ""
    if e.srm_p < settings.srm_alarm_p:
        return (
            Verdict.TOO_EARLY,
            f"两组人数与抽样比例不符（p = {e.srm_p:.2g}），先查明原因再下结论",
            f"The arms' sizes do not fit the draw (p = {e.srm_p:.2g}); find the cause before concluding",
        )
    if e.difference is None or min(e.treated_n, e.control_n) < least:
        return (
            Verdict.TOO_EARLY,
            f"观察期已满：触达组 {e.treated_n} 人、对照组 {e.control_n} 人，每组至少需要 {least} 人{pending_zh}",
            f"{e.treated_n} treated and {e.control_n} control customers have a complete window; "
            f"each arm needs {least}{pending_en}",
        )
    if e.buyers < settings.min_buyers:
        return (
            Verdict.TOO_EARLY,
            f"两组共 {e.buyers} 人购买，至少需要 {settings.min_buyers} 人{pending_zh}",
            f"{e.buyers} customers bought over both arms; {settings.min_buyers} are needed{pending_en}",
        )
    return _from_interval(e.difference, e, pending_zh, pending_en)


def _from_interval(d: Difference, e: Evidence, pending_zh: str, pending_en: str) -> tuple[Verdict, str, str]:
    low, high, worthwhile = (_said(value, e) for value in (d.low, d.high, e.worthwhile))
    unit_zh, unit_en = (" 个百分点", " percentage points") if e.share else ("", "")
    zh = f"{d.level:.0%} 区间 {low} 至 {high}{unit_zh}"
    en = f"The {d.level:.0%} interval, {low} to {high}{unit_en},"
    if d.low > 0:
        return Verdict.WORKS, f"{zh} 全部大于 0{pending_zh}", f"{en} lies wholly above 0{pending_en}"
    if d.high <= e.worthwhile:
        return (
            Verdict.DOES_NOT_WORK,
            f"{zh} 不超过值得行动的最小提升 {worthwhile}{unit_zh}{pending_zh}",
            f"{en} stays below the smallest gain worth acting on, {worthwhile}{unit_en}{pending_en}",
        )
    return (
        Verdict.TOO_EARLY,
        f"{zh} 仍同时包含“没有效果”和“值得做”，继续积累样本{pending_zh}",
        f"{en} still holds both no effect and a worthwhile one; keep collecting{pending_en}",
    )


def _said(value: float, evidence: Evidence) -> str:
    if evidence.share:
        return f"{100 * value:+.1f}".replace("-", "−")
    return money_text(value, evidence.currency, signed=True)
