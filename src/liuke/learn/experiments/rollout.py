"""What does a reading ask for: stop, grow, go on, or end? The document's rule, applied; nothing is weighed by hand.

In this order:

1. The split does not fit the draw, or an arm is smaller than the rule asks for → go on, change nothing.
2. Harm is proven: a guard-rail's loss beyond what was accepted → end as harmful, at once, whatever was gained.
3. The deciding metric's gain is proven → grow; from the last stage end as rolled out. It is proven to cost more than it
   brings → end as not paying.
4. No gain worth acting on is left, the interval lies within ± the worthwhile gain, or the planned number of customers
   is reached without a gain → end as no effect; as harmful if a guard-rail's loss is proven: what would have been
   accepted is the price of a gain, and there is none.
5. The stage has lasted and nothing speaks against it → grow, beyond ``proof_above`` only if a loss as big as the
   worthwhile gain is ruled out, to the last stage only by rule 3.

Intervals are those that hold at all looks together, so reading daily costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from liuke.learn.analysis import AnalysisReport, Comparison, MetricResult, Verdict, wording
from liuke.learn.experiments.contracts import EndReason, TrialState
from liuke.learn.experiments.document import Trial
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


def next_move(record: TrialRecord, report: AnalysisReport, as_of: date, informative: float | None = None) -> Move:
    """Apply the document's rule to a reading.

    Parameters
    ----------
    record
        The trial as it stands; it runs.
    report
        Of ``as_of``, by sequential intervals, two arms.
    informative
        How far it is to the planned size (see ``TrialReading``); by default the units read.
    """
    reached = report.units if informative is None else informative
    if record.state is not TrialState.RUNNING:
        return Move("stay", "试验不在进行中", "the trial does not run")
    document = record.document
    smallest = min(arm.clusters or arm.units for arm in report.arms)
    clustered = any(arm.clusters is not None for arm in report.arms)
    if report.split.broken or (not clustered and smallest < document.rule.min_units_per_arm):
        return Move("stay", report.reason.zh, report.reason.en)
    for look in (_harm(document, report), _gain(record, report, as_of)):
        if look is not None:
            return look
    if (nothing := _nothing(document, report, reached)) is not None:
        return _price_of_no_gain(document, report) or nothing
    return _growth(record, report, as_of, smallest)


def _harm(document: Trial, report: AnalysisReport) -> Move | None:
    for guard in document.metrics.guardrails:
        result, comparison = _found(report, guard.metric)
        if comparison is None or result is None:
            continue
        if _loss_beyond(guard.worse_by, result, comparison):
            found = wording.difference_text(result, comparison.sequential)
            accepted = wording.size_text(result, guard.worse_by)
            return Move(
                "end",
                f"护栏指标“{result.label.zh}”变差：{found.zh}，可接受 {accepted.zh}",
                f"the guard-rail '{result.label.en}' is worse: {found.en}, accepted {accepted.en}",
                EndReason.HARMFUL,
            )
    return None


def _price_of_no_gain(document: Trial, report: AnalysisReport) -> Move | None:
    for guard in document.metrics.guardrails:
        result, comparison = _found(report, guard.metric)
        if result is not None and comparison is not None and _loss_beyond(0.0, result, comparison):
            found = wording.difference_text(result, comparison.sequential)
            return Move(
                "end",
                f"没有值得做的提升，护栏指标“{result.label.zh}”却变差：{found.zh}",
                f"there is no gain worth acting on, and the guard-rail '{result.label.en}' is worse: {found.en}",
                EndReason.HARMFUL,
            )
    return None


def _loss_beyond(accepted: float, result: MetricResult, comparison: Comparison) -> bool:
    """Tell whether a loss beyond what was accepted is proven: by the guard's own test, or by the whole interval."""
    if comparison.guard is not None and comparison.guard.state == "broken":
        return True
    low, high = comparison.sequential.low, comparison.sequential.high
    end = high if result.direction == "up" else low
    return end is not None and (-end if result.direction == "up" else end) > accepted


def _gain(record: TrialRecord, report: AnalysisReport, as_of: date) -> Move | None:
    if report.verdict is not Verdict.WORKS:
        return None
    if record.stage + 1 >= len(record.document.rollout.stages):
        return Move("end", f"有效：{report.reason.zh}", f"it works: {report.reason.en}", EndReason.ROLLED_OUT)
    if not _lasted(record, as_of):
        return Move("stay", f"有效，本阶段未满：{report.reason.zh}", f"it works, the stage lasts: {report.reason.en}")
    return _advance(record, report.reason.zh, report.reason.en)


def _nothing(document: Trial, report: AnalysisReport, reached: float) -> Move | None:
    rule = document.rule
    if report.verdict is Verdict.DOES_NOT_PAY:
        return Move("end", report.reason.zh, report.reason.en, EndReason.DOES_NOT_PAY)
    if report.verdict is Verdict.DOES_NOT_WORK:
        return Move("end", report.reason.zh, report.reason.en, EndReason.NO_EFFECT)
    result, comparison = _found(report, document.metrics.primary)
    if result is not None and comparison is not None and report.verdict is not Verdict.WORKS:
        low, high = comparison.sequential.low, comparison.sequential.high
        if low is not None and high is not None and -rule.worthwhile < low and high < rule.worthwhile:
            found = wording.difference_text(result, comparison.sequential)
            size = wording.size_text(result, rule.worthwhile)
            return Move(
                "end",
                f"{result.label.zh} {found.zh}：升降都不到 {size.zh}",
                f"{result.label.en} {found.en}: up or down, less than {size.en}",
                EndReason.NO_EFFECT,
            )
    if rule.planned_units is not None and reached >= rule.planned_units:
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
