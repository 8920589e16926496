"""From sums to one metric's values and comparisons, by the statistics engine: which method a plan asks for.

Shares: Newcombe's interval and the pooled z-test, exact bounds at every look while hardly anybody in an arm did it;
means and counts: Welch; ratios: delta method; covariates: CUPED; strata: post-stratification; clusters: cluster-robust
(CR2) and randomisation inference beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

import numpy as np

from liuke.learn.analysis.contracts import ArmValue, Comparison, GuardRail, Interval, MetricResult, Text
from liuke.learn.analysis.plan import Kind, Metric, Role
from liuke.learn.analysis.rare import rare_arms
from liuke.learn.analysis.sums import Cell, Sums
from liuke.learn.inference import (
    Adjusted,
    ArmMean,
    Difference,
    Guard,
    InferenceError,
    Moments,
    MultiMoments,
    PairMoments,
    adjust,
    adjusted_lift,
    always_valid,
    arm_mean,
    chance_to_win,
    cluster_mean,
    compare_means,
    compare_proportions,
    exact_difference,
    lift,
    margin_of,
    non_inferiority,
    permute_clusters,
    post_stratify,
    proportions,
    ratio_mean,
    share_mean,
)

DEFAULT_PLANNED_UNITS = 10_000  # where the sequential interval is tightest if the plan names no size: never the data's
DEFAULT_PLANNED_CLUSTERS = 40
_STATES: dict[Guard, Literal["holds", "broken", "undecided"]] = {
    Guard.HOLDS: "holds",
    Guard.BROKEN: "broken",
    Guard.UNDECIDED: "undecided",
}
PERMUTED_CLUSTERS = 400  # beyond that randomisation inference says what the normal approximation says, slowly


@dataclass(frozen=True, slots=True)
class Question:
    """One metric as the plan asks for it.

    Parameters
    ----------
    metric, kind, role
        Resolved: given by the plan or found in the data.
    clustered
        Whether clusters were drawn.
    cap
        Value that larger ones count as.
    planned
        Independent units at which the sequential interval is tightest.
    level, looks, seed
        Of the plan; seed of the randomisation inference.
    """

    metric: Metric
    kind: Kind
    role: Role
    clustered: bool
    cap: float | None
    planned: int
    level: float
    looks: str
    seed: int

    @property
    def is_ratio(self) -> bool:
        """Whether its sums are a numerator and a denominator."""
        return self.clustered or self.kind is Kind.RATIO

    @property
    def is_share(self) -> bool:
        """Whether its sums are of zeros and ones of independent units."""
        return self.kind is Kind.PROPORTION and not self.clustered

    def answers(self, *arms: MultiMoments) -> bool:
        """Whether each arm has a value: a ratio needs something below the line."""
        return not self.is_ratio or all(sums.totals[1] != 0 for sums in arms)

    def mean(self, sums: MultiMoments) -> ArmMean:
        """Return an arm's value without any adjustment."""
        if self.is_ratio:
            return ratio_mean(pair(sums))
        return share_mean(sums.column(0)) if self.is_share else arm_mean(sums.column(0))

    def plain(self, treated: MultiMoments, control: MultiMoments) -> Difference:
        """Compare two arms for one look, without any adjustment."""
        if self.is_share:
            return proportions(treated.column(0), control.column(0), self.level)
        method = "ratio-delta" if self.is_ratio else ""
        return compare_means(self.mean(treated), self.mean(control), self.level, method=method)


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A comparison as the plan asks for it, in the forms that the report needs."""

    fixed: Difference
    normal: Difference  # the same with a standard error
    lift: Difference | None
    arms: tuple[ArmMean, ArmMean]
    variance_kept: float | None = None
    rare: tuple[Moments, Moments] | None = None  # zeros and ones of arms that are to be counted exactly


def pair(sums: MultiMoments) -> PairMoments:
    """Return the first two columns as numerator (y) and denominator (x)."""
    return sums.pair(0, 1)


def interval(difference: Difference) -> Interval:
    """Return a difference as the report holds it."""
    return Interval(
        float(difference.value),
        bounded(difference.low),
        bounded(difference.high),
        float(difference.p_value),
        difference.level,
        difference.method,
    )


def bounded(value: float) -> float | None:
    """Return a number, or None if it is infinite or none."""
    return float(value) if isfinite(value) else None


def result_of(question: Question, sums: Sums, control: str) -> MetricResult:
    """Return one metric's values and comparisons."""
    metric = question.metric
    cells = sums.whole
    arms = [control, *(arm for arm in sums.units if arm != control)]
    values = tuple(_value(question, arm, cells[arm][metric.name]) for arm in arms)
    comparisons: list[Comparison] = []
    problem = None
    for arm in arms[1:]:
        try:
            comparisons.append(_compare(question, sums, arm, control))
            if comparisons[-1].spread_unknown:
                problem = _NO_SPREAD
        except InferenceError as error:
            zh = f"{arm} 与 {control} 无法比较：样本太少或没有变化（{error.message}）"
            problem = Text(zh, f"{arm} cannot be compared with {control}: {error.message}")
    return MetricResult(
        name=metric.name,
        kind=question.kind.value,
        role=question.role.value,
        direction=metric.direction,
        money=metric.money,
        worthwhile=metric.worthwhile,
        cap=question.cap,
        covariates=metric.covariates,
        arms=values,
        comparisons=tuple(comparisons),
        problem=problem,
        label=Text(metric.label_zh or metric.name, metric.label_en or metric.name),
    )


_NO_SPREAD = Text(
    "同组内所有单位的数值都一样，看不出波动，差异可能有多大无从知道",
    "all units of an arm have the same value: their spread, and so how far off the difference may be, is not known",
)


def _value(question: Question, arm: str, sums: MultiMoments) -> ArmValue:
    below = float(sums.totals[1]) if question.is_ratio else float(sums.n)
    value = float(sums.totals[0]) / below if below else None
    try:
        error: float | None = float(question.mean(sums).standard_error)
    except InferenceError:
        error = None
    n = int(sums.totals[1]) if question.clustered and question.kind is not Kind.RATIO else sums.n
    denominator = below if question.kind is Kind.RATIO else None
    return ArmValue(arm, n, float(sums.totals[0]), denominator, value, error)


def _compare(question: Question, sums: Sums, arm: str, control: str) -> Comparison:
    name, cells = question.metric.name, sums.whole
    treated, base = cells[arm][name], cells[control][name]
    estimate = _estimate(question, sums, arm, control)
    n = treated.n + base.n
    adjusted = estimate.variance_kept is not None or estimate.fixed.method == "post-stratified"
    varies = estimate.normal.standard_error > 0
    belief = chance_to_win(estimate.normal, higher_is_better=question.metric.direction == "up") if varies else None
    return Comparison(
        arm=arm,
        fixed=interval(estimate.fixed),
        sequential=_anytime(estimate, n, question),
        raw=interval(question.plain(treated, base)) if adjusted else None,
        lift=interval(estimate.lift) if estimate.lift else None,
        lift_sequential=_sequential(estimate.lift, n, question) if estimate.lift else None,
        p_adjusted=None,
        variance_kept=estimate.variance_kept,
        chance_to_win=belief.chance_to_win if belief else None,
        expected_loss=belief.expected_loss if belief else None,
        permutation=_permutation(question, sums, arm, control),
        guard=_guard(question, estimate, n) if question.role is Role.GUARDRAIL else None,
    )


def _estimate(question: Question, sums: Sums, arm: str, control: str) -> _Estimate:
    name, level, cells = question.metric.name, question.level, sums.whole
    treated, base = cells[arm][name], cells[control][name]
    stratified = "stratum" in sums.levels and not question.is_ratio and not question.metric.covariates
    rare = rare_arms(sums, name, arm, control, stratified=stratified) if question.is_share else None
    if question.metric.covariates and not rare:
        return _with_covariates(question, treated, base)
    if stratified and not rare:
        return _with_strata(question, sums, arm, control)
    listed = sums.by_cluster.get(name)
    if listed:
        arms = (cluster_mean(listed[arm]), cluster_mean(listed[control]))
        found = compare_means(*arms, level, method="cluster-robust")
        return _Estimate(found, found, _lift(lambda: lift(*arms, level)), arms)
    arms = (question.mean(treated), question.mean(base))
    fixed = question.plain(treated, base)
    if question.is_share:
        normal = compare_proportions(treated.column(0), base.column(0), level, method="wald")
        return _Estimate(fixed, normal, _lift(lambda: lift(*arms, level, use_t=False)), arms, rare=rare)
    return _Estimate(fixed, fixed, _lift(lambda: lift(*arms, level)), arms)


def _with_covariates(question: Question, treated: MultiMoments, control: MultiMoments) -> _Estimate:
    found: Adjusted = adjust(treated, control, ratio=question.is_ratio, covariate_ratio=question.clustered)
    method = "cuped-ratio" if question.is_ratio else "cuped"
    difference = compare_means(found.treated, found.control, question.level, method=method)
    relative = _lift(lambda: adjusted_lift(found, question.level))
    return _Estimate(difference, difference, relative, (found.treated, found.control), float(found.variance_kept))


def _with_strata(question: Question, sums: Sums, arm: str, control: str) -> _Estimate:
    name, none = question.metric.name, Moments()
    strata = {
        str(level): (_column(cells, arm, name) or none, _column(cells, control, name) or none)
        for level, cells in sums.levels["stratum"].items()
    }
    found = post_stratify(strata, question.level)
    cells = sums.whole
    arms = (question.mean(cells[arm][name]), question.mean(cells[control][name]))
    return _Estimate(found, found, _lift(lambda: post_stratify(strata, question.level, relative=True)), arms)


def _column(cells: dict[str, Cell], arm: str, name: str) -> Moments | None:
    return cells[arm][name].column(0) if arm in cells else None


def _lift(make: Callable[[], Difference]) -> Difference | None:
    try:
        found = make()
    except InferenceError:
        return None
    return found if isfinite(found.value) else None


def _anytime(estimate: _Estimate, n: int, question: Question) -> Interval:
    """Return the difference with an interval for all looks; exact where an arm shows little of its spread."""
    if estimate.rare is None:
        return _sequential(estimate.normal, n, question)
    found = interval(exact_difference(*estimate.rare, question.level, sequential=True))
    return replace(found, value=float(estimate.fixed.value))


def _sequential(difference: Difference, n: int, question: Question) -> Interval:
    found = interval(always_valid(difference, n, planned_n=question.planned, small_sample=question.clustered))
    return Interval(found.value, found.low, found.high, found.p_value, found.level, f"{difference.method}-sequential")


def _permutation(question: Question, sums: Sums, arm: str, control: str) -> Interval | None:
    listed = sums.by_cluster.get(question.metric.name)
    if not listed or listed[arm].n + listed[control].n > PERMUTED_CLUSTERS:
        return None
    rng = np.random.default_rng(question.seed)
    found = permute_clusters(listed[arm], listed[control], question.level, rng=rng)
    method = "randomisation-exact" if found.exact else f"randomisation-{found.draws}"
    return Interval(found.value, bounded(found.low), bounded(found.high), found.p_value, found.level, method)


def _guard(question: Question, estimate: _Estimate, n: int) -> GuardRail:
    """Ask whether a loss beyond the margin is ruled out or proven; without a margin only a proven loss breaks it."""
    metric, sequential = question.metric, question.looks == "sequential"
    margin = metric.margin
    if metric.margin_relative is not None:
        margin = metric.margin_relative * abs(estimate.arms[1].mean)
    if margin:
        planned = question.planned if sequential else None
        up = metric.direction == "up"
        if estimate.rare:
            found = non_inferiority(
                *estimate.rare, margin, question.level, higher_is_better=up, shares=True, planned_n=planned
            )
        elif estimate.fixed.method == "post-stratified":  # arms thrown together would compare unlike strata
            found = margin_of(estimate.normal, n, margin, higher_is_better=up, planned_n=planned)
        else:
            found = non_inferiority(*estimate.arms, margin, question.level, higher_is_better=up, planned_n=planned)
        return GuardRail(_STATES[found.guard], margin, float(found.difference.p_value), float(found.p_value_broken))
    shown = _anytime(estimate, n, question) if sequential else interval(estimate.fixed)
    return GuardRail("broken" if is_worse(shown, metric.direction) else "holds", None, None, None)


def is_worse(shown: Interval, direction: str) -> bool:
    """Whether the whole interval lies on the bad side of zero."""
    end = shown.high if direction == "up" else shown.low
    return end is not None and (end < 0 if direction == "up" else end > 0)
