"""What does a reading ask for: stop, grow, go on, or end? The document's rule, applied; nothing is weighed by hand.

In this order:

1. The split does not fit the draw, or an arm is smaller than the rule asks for → go on, change nothing.
2. Harm is proven: a guard-rail's loss beyond what was accepted → end as harmful, at once.
3. The deciding metric's gain is proven → grow; from the last stage end as rolled out.
4. No gain worth acting on is left, the interval lies within ± the worthwhile gain, or the planned number of customers
   is reached without a gain → end as no effect.
5. The stage has lasted and nothing speaks against it → grow, beyond ``proof_above`` only if a loss as big as the
   worthwhile gain is ruled out, to the last stage only by rule 3.

Intervals are those that hold at all looks together, so reading daily costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from liuke.learn.analysis import AnalysisReport, Comparison, MetricResult, Verdict
from liuke.learn.experiments.contracts import EndReason, TrialState
from liuke.learn.experiments.document import Trial
from liuke.learn.experiments.outcomes import OUTCOMES
from liuke.learn.experiments.record import TrialRecord


@dataclass(frozen=True, slots=True)
class Move:
    """What the rule asks for, with the reason in both languages.

    Parameters
    ----------
    action
        ``stay``, ``advance`` or ``end``.
    reason
        Of an end.
    """

    action: Literal["stay", "advance", "end"]
    zh: str
    en: str
    reason: EndReason | None = None


def next_move(record: TrialRecord, report: AnalysisReport, as_of: date) -> Move:
    """Apply the document's rule to a reading.

    Parameters
    ----------
    record
        The trial as it stands; it runs.
    report
        Of ``as_of``, by sequential intervals, two arms.
    """
    if record.state is not TrialState.RUNNING:
        return Move("stay", "试验不在进行中", "the trial does not run")
    document = record.document
    smallest = min(arm.clusters or arm.units for arm in report.arms)
    clustered = any(arm.clusters is not None for arm in report.arms)
    if report.split.broken or (not clustered and smallest < document.rule.min_units_per_arm):
        return Move("stay", report.reason.zh, report.reason.en)
    for look in (_harm(document, report), _gain(record, report, as_of), _nothing(document, report)):
        if look is not None:
            return look
    return _growth(record, report, as_of, smallest)


def _harm(document: Trial, report: AnalysisReport) -> Move | None:
    for guard in document.metrics.guardrails:
        result, comparison = _found(report, guard.metric)
        if comparison is None or result is None:
            continue
        low, high = comparison.sequential.low, comparison.sequential.high
        loss_at_least = -high if result.direction == "up" and high is not None else low
        if loss_at_least is None or (result.direction == "up" and high is None):
            continue
        if loss_at_least > guard.worse_by:
            words = OUTCOMES[guard.metric]
            span = f"[{low:.4g}, {high:.4g}]" if low is not None and high is not None else ""
            return Move(
                "end",
                f"护栏指标“{words.zh}”变差：区间 {span}，可接受 {guard.worse_by:g}",
                f"the guard-rail '{words.en}' is worse: interval {span}, accepted {guard.worse_by:g}",
                EndReason.HARMFUL,
            )
    return None


def _gain(record: TrialRecord, report: AnalysisReport, as_of: date) -> Move | None:
    if report.verdict is not Verdict.WORKS:
        return None
    if record.stage + 1 >= len(record.document.rollout.stages):
        return Move("end", f"有效：{report.reason.zh}", f"it works: {report.reason.en}", EndReason.ROLLED_OUT)
    if not _lasted(record, as_of):
        return Move("stay", f"有效，本阶段未满：{report.reason.zh}", f"it works, the stage lasts: {report.reason.en}")
    return _advance(record, report.reason.zh, report.reason.en)


def _nothing(document: Trial, report: AnalysisReport) -> Move | None:
    rule = document.rule
    if report.verdict is Verdict.DOES_NOT_WORK:
        return Move("end", report.reason.zh, report.reason.en, EndReason.NO_EFFECT)
    _, comparison = _found(report, document.metrics.primary)
    if comparison is not None and report.verdict is not Verdict.WORKS:
        low, high = comparison.sequential.low, comparison.sequential.high
        if low is not None and high is not None and -rule.worthwhile < low and high < rule.worthwhile:
            span = f"[{low:.4g}, {high:.4g}]"
            return Move(
                "end",
                f"区间 {span} 全在 ±{rule.worthwhile:g} 以内",
                f"the interval {span} lies within ±{rule.worthwhile:g}",
                EndReason.NO_EFFECT,
            )
    if rule.planned_units is not None and report.units >= rule.planned_units:
        return Move(
            "end",
            f"已达到计划的 {rule.planned_units} 人，仍未证明提升",
            f"the planned {rule.planned_units} customers are reached without a proven gain",
            EndReason.NO_EFFECT,
        )
    return None


def _growth(record: TrialRecord, report: AnalysisReport, as_of: date, smallest: int) -> Move:
    rollout, stay = record.document.rollout, Move("stay", report.reason.zh, report.reason.en)
    following = record.stage + 1
    if not record.growing or following + 1 >= len(rollout.stages) or not _lasted(record, as_of):
        return stay
    if smallest < rollout.min_units:
        return stay
    share = rollout.stages[following]
    if share > rollout.proof_above:
        result, comparison = _found(report, record.document.metrics.primary)
        if result is None or comparison is None:
            return stay
        end = comparison.sequential.low if result.direction == "up" else comparison.sequential.high
        loss = None if end is None else (-end if result.direction == "up" else end)
        if loss is None or loss >= max(record.document.rule.worthwhile, 0.0):
            return stay
    return _advance(record, "没有迹象表明有害", "nothing speaks against it")


def _lasted(record: TrialRecord, as_of: date) -> bool:
    since = record.stage_since or as_of
    return record.growing and since + timedelta(days=record.document.rollout.min_days) <= as_of


def _advance(record: TrialRecord, zh: str, en: str) -> Move:
    share = record.document.treated_share(record.stage + 1)
    return Move("advance", f"触达比例增至 {share:.0%}：{zh}", f"the treated share grows to {share:.0%}: {en}")


def _found(report: AnalysisReport, metric: str) -> tuple[MetricResult | None, Comparison | None]:
    for result in report.metrics:
        if result.name == metric:
            return result, result.comparisons[0] if result.comparisons else None
    return None, None
