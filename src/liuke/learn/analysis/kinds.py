"""What kind of metric is a column, and what are several for, when the plan only names them?"""

from __future__ import annotations

from liuke.learn.analysis.errors import PlanError
from liuke.learn.analysis.layout import Layout
from liuke.learn.analysis.plan import Kind, Metric, Role, TrialPlan
from liuke.learn.analysis.profile import Profile


def kinds_of(layout: Layout, seen: Profile) -> dict[str, Kind]:
    """Return each metric's kind: the plan's, else by its values.

    Notes
    -----
    Only zeros and ones: a share. Anything else: a mean, which is right for counts and money too. Zeros and ones that
    are rows of a unit to be added up are counts, so there the kind is a mean.
    """
    return {metric.name: metric.kind or _by_values(layout, seen, metric) for metric in layout.plan.metrics}


def _by_values(layout: Layout, seen: Profile, metric: Metric) -> Kind:
    if metric.is_ratio:
        return Kind.RATIO
    about = seen.numbers(layout.numbers.index(layout.table.column(metric.columns[0], metric.name)))
    return Kind.MEAN if about.others or layout.plan.repeats == "sum" else Kind.PROPORTION


def roles_of(metrics: tuple[Metric, ...]) -> dict[str, Role]:
    """Return each metric's role: the plan's; else a metric with a margin guards, the first of the rest decides."""
    given = {metric.name: metric.role for metric in metrics if metric.role}
    for metric in metrics:
        if metric.name not in given and (metric.margin or metric.margin_relative):
            given[metric.name] = Role.GUARDRAIL
    free = [metric.name for metric in metrics if metric.name not in given]
    has_primary = Role.PRIMARY in given.values()
    for i, name in enumerate(free):
        given[name] = Role.PRIMARY if i == 0 and not has_primary else Role.SECONDARY
    if Role.PRIMARY not in given.values():
        raise PlanError("no metric is primary", hint="one has to decide: role: primary")
    return given


def value_metric(plan: TrialPlan) -> Metric:
    """Return the metric that says what a unit brought: the plan's, else the first primary one."""
    roles = roles_of(plan.metrics)
    name = plan.value or next(metric.name for metric in plan.metrics if roles[metric.name] is Role.PRIMARY)
    return next(metric for metric in plan.metrics if metric.name == name)
