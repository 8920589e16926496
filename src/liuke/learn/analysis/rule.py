"""Works, does not work, or wait: one rule, fixed with the plan before anybody looks.

For each arm, in this order:

1. The arms' sizes do not fit the draw → wait: find the cause first, whatever the difference says.
2. Too few units (or successes) in an arm → wait.
3. A guard-rail is proven broken → does not work, whatever was gained.
4. A primary metric is better, corrected over all primary metrics and arms, and its interval lies above zero → works,
   if every guard-rail holds; while one is undecided → wait. Works at a loss, if profit is proven to be below zero.
5. Every primary metric's whole interval lies below the smallest gain worth acting on → does not work.
6. Else → wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from liuke.learn.analysis.contracts import ArmVerdict, Comparison, Interval, MetricResult, Split, Text, Verdict
from liuke.learn.analysis.plan import TrialPlan
from liuke.learn.analysis.wording import difference_text, p_text

CLUSTERS_PER_ARM = 3  # below it nothing can be said of clusters: see the randomisation p-value


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rule looks at.

    Parameters
    ----------
    plan, split, metrics
    sizes
        Independent units of each arm: units, or clusters where these were drawn.
    clustered
        Whether ``sizes`` are clusters.
    losing
        Arms that are proven to cost more than they bring.
    """

    plan: TrialPlan
    split: Split
    metrics: tuple[MetricResult, ...]
    sizes: dict[str, int]
    clustered: bool
    losing: frozenset[str] = frozenset()


def judge(evidence: Evidence, arms: tuple[str, ...], control: str) -> tuple[Verdict, Text, tuple[ArmVerdict, ...]]:
    """Return the verdict on the trial with its reason, and that on each arm."""
    found = tuple(_judge_arm(evidence, arm, control) for arm in arms)
    for wanted in (Verdict.WORKS, Verdict.TOO_EARLY, Verdict.DOES_NOT_PAY, Verdict.DOES_NOT_WORK):
        fitting = [one for one in found if one.verdict is wanted]
        if fitting:
            if len({one.reason for one in fitting}) == 1 and len(fitting) == len(found):
                return wanted, fitting[0].reason, found
            zh = "；".join(f"{one.arm}：{one.reason.zh}" for one in fitting)
            return wanted, Text(zh, "; ".join(f"{one.arm}: {one.reason.en}" for one in fitting)), found
    raise AssertionError("every arm has a verdict")


def _judge_arm(evidence: Evidence, arm: str, control: str) -> ArmVerdict:
    for rule in (_split, _sizes, _broken_guards, _gain, _no_gain):
        found = rule(evidence, arm, control)
        if found:
            return ArmVerdict(arm, *found)
    return ArmVerdict(arm, Verdict.TOO_EARLY, _still_both(evidence, arm))


_Finding = tuple[Verdict, Text] | None


def _split(evidence: Evidence, arm: str, control: str) -> _Finding:
    if not evidence.split.broken:
        return None
    p = p_text(evidence.split.p_value)
    return Verdict.TOO_EARLY, Text(
        f"各组人数与抽样比例不符（{p}），先查明原因再下结论",
        f"the arms' sizes do not fit the draw ({p}); find the cause before concluding",
    )


def _sizes(evidence: Evidence, arm: str, control: str) -> _Finding:
    plan = evidence.plan
    least = CLUSTERS_PER_ARM if evidence.clustered else plan.min_units_per_arm
    smallest = min(evidence.sizes[arm], evidence.sizes[control])
    if smallest < least:
        zh_unit, en_unit = ("个群组", "clusters") if evidence.clustered else ("个单位", "units")
        return Verdict.TOO_EARLY, Text(
            f"较小的一组只有 {smallest} {zh_unit}，每组至少需要 {least} {zh_unit}",
            f"the smaller arm has {smallest} {en_unit}; each arm needs {least}",
        )
    for metric in _primary(evidence):
        if metric.problem:
            return Verdict.TOO_EARLY, metric.problem
        successes = sum(value.total for value in metric.arms if value.arm in (arm, control))
        if metric.kind == "proportion" and successes < plan.min_successes:
            return Verdict.TOO_EARLY, Text(
                f"{metric.label.zh}：两组共 {successes:.0f} 次成功，至少需要 {plan.min_successes} 次",
                f"{metric.label.en}: {successes:.0f} successes over both arms; {plan.min_successes} are needed",
            )
    return None


def _broken_guards(evidence: Evidence, arm: str, control: str) -> _Finding:
    broken = [metric for metric, state in _guards(evidence, arm) if state == "broken"]
    if not broken:
        return None
    shown = [difference_text(metric, _deciding(evidence, metric, arm)) for metric in broken]
    names_zh = "、".join(f"{metric.label.zh}（{text.zh}）" for metric, text in zip(broken, shown, strict=True))
    names_en = ", ".join(f"{metric.label.en} ({text.en})" for metric, text in zip(broken, shown, strict=True))
    return Verdict.DOES_NOT_WORK, Text(f"护栏指标被突破：{names_zh}", f"a guard-rail is broken: {names_en}")


def _gain(evidence: Evidence, arm: str, control: str) -> _Finding:
    alpha = 1 - evidence.plan.level
    for metric in _primary(evidence):
        comparison = _of(metric, arm)
        shown = _deciding(evidence, metric, arm)
        p = comparison.p_adjusted
        if p is None or p > alpha or not is_better(shown, metric.direction):
            continue
        text = difference_text(metric, shown)
        open_ones = [guard.label for guard, state in _guards(evidence, arm) if state == "undecided"]
        if open_ones:
            names_zh, names_en = "、".join(one.zh for one in open_ones), ", ".join(one.en for one in open_ones)
            return Verdict.TOO_EARLY, Text(
                f"{metric.label.zh} 已改善：{text.zh}；但护栏指标 {names_zh} 尚不能排除变差",
                f"{metric.label.en} is better: {text.en}; but harm to the guard-rail {names_en} is not ruled out yet",
            )
        reason = Text(
            f"{metric.label.zh} 改善：{text.zh}，校正后 {p_text(p)}",
            f"{metric.label.en} is better: {text.en}, adjusted {p_text(p)}",
        )
        return (Verdict.DOES_NOT_PAY, at_a_loss(reason)) if arm in evidence.losing else (Verdict.WORKS, reason)
    return None


def _no_gain(evidence: Evidence, arm: str, control: str) -> _Finding:
    metrics = _primary(evidence)
    if not all(_below(_deciding(evidence, metric, arm), metric) for metric in metrics):
        return None
    zh, en = [], []
    for metric in metrics:
        text = difference_text(metric, _deciding(evidence, metric, arm))
        zh.append(f"{metric.label.zh} {text.zh}，区间内没有值得行动的提升")
        en.append(f"{metric.label.en} {text.en}: no gain worth acting on is left in the interval")
    return Verdict.DOES_NOT_WORK, Text("；".join(zh), "; ".join(en))


def _still_both(evidence: Evidence, arm: str) -> Text:
    metric = _primary(evidence)[0]
    text = difference_text(metric, _deciding(evidence, metric, arm))
    return Text(
        f"{metric.label.zh} {text.zh}，仍同时包含“没有效果”和“值得做”，继续积累样本",
        f"{metric.label.en} {text.en} still holds both no effect and a worthwhile one; keep collecting",
    )


def at_a_loss(reason: Text) -> Text:
    """Add to the reason for a gain that it is bought too dearly."""
    return Text(f"{reason.zh}；但花费高于带来的收益", f"{reason.en}; but it costs more than it brings")


def is_better(shown: Interval, direction: str) -> bool:
    """Whether the whole interval lies on the good side of zero."""
    end = shown.low if direction == "up" else shown.high
    return end is not None and (end > 0 if direction == "up" else end < 0)


def _below(shown: Interval, metric: MetricResult) -> bool:
    end = shown.high if metric.direction == "up" else shown.low
    if end is None:
        return False
    gain = end if metric.direction == "up" else -end
    return gain < metric.worthwhile or (gain == 0 and metric.worthwhile == 0)


def _primary(evidence: Evidence) -> list[MetricResult]:
    return [metric for metric in evidence.metrics if metric.role == "primary"]


def _guards(evidence: Evidence, arm: str) -> list[tuple[MetricResult, str]]:
    found: list[tuple[MetricResult, str]] = []
    for metric in evidence.metrics:
        if metric.role == "guardrail":
            guard = next((one.guard for one in metric.comparisons if one.arm == arm), None)
            found.append((metric, guard.state if guard else "undecided"))
    return found


def _of(metric: MetricResult, arm: str) -> Comparison:
    return next(one for one in metric.comparisons if one.arm == arm)


def _deciding(evidence: Evidence, metric: MetricResult, arm: str) -> Interval:
    return _of(metric, arm).deciding(evidence.plan.looks)
