"""Use cases: a file or another room's query, and a plan, become a report."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb

from liuke.learn.analysis.balance import balanced
from liuke.learn.analysis.contracts import AnalysisReport, ArmSize, Comparison, MetricResult, Split
from liuke.learn.analysis.errors import PlanError
from liuke.learn.analysis.estimates import (
    DEFAULT_PLANNED_CLUSTERS,
    DEFAULT_PLANNED_UNITS,
    Question,
    result_of,
)
from liuke.learn.analysis.groups import segments_of
from liuke.learn.analysis.kinds import roles_of, value_metric
from liuke.learn.analysis.layout import Layout
from liuke.learn.analysis.methods import methods_of, notes_of
from liuke.learn.analysis.money import money_of
from liuke.learn.analysis.plan import Kind, Metric, Role, TrialPlan
from liuke.learn.analysis.rows import Rows, checked_rows
from liuke.learn.analysis.rule import Evidence, judge
from liuke.learn.analysis.sums import Sums, sum_up
from liuke.learn.analysis.table import Table, open_file, open_query
from liuke.learn.analysis.timing import timing_of
from liuke.learn.inference import adjust_p_values, sample_ratio_evidence, sample_ratio_p
from liuke.store.lake import connect

MEMORY_MB = 1024  # of the engine; the process takes a few hundred more
SEED = 20260101  # of the randomisation inference, so that the same table gives the same report


def analyse_file(
    path: Path,
    plan: TrialPlan,
    *,
    memory_mb: int = MEMORY_MB,
    threads: int | None = None,
    scratch_dir: Path | None = None,
    seed: int = SEED,
) -> AnalysisReport:
    """Analyse a csv, csv.gz or parquet file.

    Parameters
    ----------
    memory_mb, threads, scratch_dir
        Of the engine; what doesn't fit into memory is spilled to ``scratch_dir`` (default: the system's).
    seed
        Of the randomisation inference of clusters.

    Raises
    ------
    TableError, PlanError
        Name the row or the rule that is broken, and what to do.
    """
    with tempfile.TemporaryDirectory(prefix="liuke-trial-", dir=scratch_dir) as scratch:
        connection = connect(Path(scratch), memory_mb, threads)
        try:
            return _report(open_file(path, connection), plan, seed)
        finally:
            connection.close()


def analyse(
    connection: duckdb.DuckDBPyConnection, query: str, plan: TrialPlan, *, label: str = "trial", seed: int = SEED
) -> AnalysisReport:
    """Analyse what another room selects; the query runs once.

    Parameters
    ----------
    connection
        The engine; temporary tables named ``liuke_trial_…`` come and go in it.
    query
        A SELECT without parameters that gives one row per unit (or several, with ``repeats: sum``).
    label
        What reports and errors call it.

    Raises
    ------
    TableError, PlanError
        As ``analyse_file``; rows are numbered as the query gives them, from 1.
    """
    return _report(open_query(connection, query, label), plan, seed)


def _report(table: Table, plan: TrialPlan, seed: int) -> AnalysisReport:
    layout = Layout.of(table, plan)
    with checked_rows(layout) as rows:
        sums = sum_up(rows)
    roles = roles_of(plan.metrics)
    planned = plan.planned_units or (DEFAULT_PLANNED_CLUSTERS if plan.cluster else DEFAULT_PLANNED_UNITS)
    questions = {metric.name: _question(rows, metric, roles[metric.name], planned, seed) for metric in plan.metrics}
    control, notes = rows.control, notes_of(rows, sums)
    for name, question in questions.items():
        questions[name], sums, moved = balanced(question, sums, control)
        notes += moved
    results = tuple(result_of(questions[metric.name], sums, control) for metric in plan.metrics)
    results = _corrected(results, plan)
    split = _split(plan, sums)
    arms = tuple(arm for arm in sums.units if arm != control)
    sizes = sums.clusters or sums.units
    first = next(metric.name for metric in plan.metrics if roles[metric.name] is Role.PRIMARY)
    value = _value_question(plan, questions)
    money = money_of(plan, value, sums, control) if value else ()
    if split.broken:  # arms that do not fit the draw prove nothing
        money = tuple(replace(one, proven=False, booked=0.0) for one in money)
    losing = frozenset(one.arm for one in money if one.profit and one.proven and one.booked < 0)
    evidence = Evidence(plan, split, results, sizes, bool(plan.cluster), losing)
    verdict, reason, by_arm = judge(evidence, arms, control)
    correction = "bh" if plan.correction == "bh" else "holm"
    return AnalysisReport(
        name=plan.name or table.label.split(".")[0],
        source=table.label,
        plan=plan.model_dump(mode="json"),
        plan_digest=plan.digest,
        table_rows=rows.table_rows,
        units=sum(sums.units.values()),
        control=control,
        level=plan.level,
        looks=plan.looks,
        planned_units=planned,
        arms=_arms(plan, sums, control),
        split=split,
        verdict=verdict,
        reason=reason,
        arm_verdicts=by_arm,
        metrics=results,
        segments=segments_of(questions[first], sums, control, plan.segments, correction),
        timing=timing_of(questions[first], sums, control),
        money=money,
        notes=notes,
        methods=methods_of(plan, results),
    )


def _question(rows: Rows, metric: Metric, role: Role, planned: int, seed: int) -> Question:
    plan = rows.layout.plan
    return Question(
        metric=metric,
        kind=rows.kinds[metric.name],
        role=role,
        clustered=bool(plan.cluster),
        cap=rows.caps.get(metric.name),
        planned=planned,
        level=plan.level,
        looks=plan.looks,
        seed=seed,
    )


def _value_question(plan: TrialPlan, questions: dict[str, Question]) -> Question | None:
    """Return the metric that says what a unit brought: the plan's, or the first primary one if there is a cost."""
    if not plan.value and not plan.has_cost and plan.value_per_success is None:
        return None
    question = questions[value_metric(plan).name]
    if question.kind is Kind.RATIO or question.clustered:
        if plan.value or plan.has_cost:
            what = "a ratio" if question.kind is Kind.RATIO else "a trial of clusters"
            raise PlanError(
                f"money is counted per unit, which {what} does not give",
                hint="leave out cost and value, or name a mean",
            )
        return None
    return question


def _arms(plan: TrialPlan, sums: Sums, control: str) -> tuple[ArmSize, ...]:
    counted = sums.clusters or sums.units
    total = sum(counted.values())
    intended = _shares(plan, counted)
    names = [control, *(arm for arm in sums.units if arm != control)]
    return tuple(
        ArmSize(name, sums.units[name], sums.clusters.get(name), counted[name] / total, intended[name])
        for name in names
    )


def _shares(plan: TrialPlan, counted: dict[str, int]) -> dict[str, float]:
    given = plan.shares or dict.fromkeys(counted, 1.0)
    total = sum(given.values())
    return {arm: given[arm] / total for arm in counted}


def _split(plan: TrialPlan, sums: Sums) -> Split:
    counted = sums.clusters or sums.units
    shares = _shares(plan, counted)
    counts, wanted = list(counted.values()), [shares[arm] for arm in counted]
    p = sample_ratio_p(counts, wanted)
    factor = sample_ratio_evidence(counts, wanted)
    always = 1.0 if factor <= 1 else 1 / factor
    return Split(p, always, plan.split_alarm_p, p < plan.split_alarm_p)


def _corrected(results: tuple[MetricResult, ...], plan: TrialPlan) -> tuple[MetricResult, ...]:
    """Correct the deciding p-values over all primary metrics and arms together."""
    asked = [
        (result.name, comparison.arm, comparison.deciding(plan.looks).p_value)
        for result in results
        if result.role == "primary"
        for comparison in result.comparisons
    ]
    if not asked:
        return results
    raw = [p for _, _, p in asked]
    adjusted = raw if plan.correction == "none" else [float(p) for p in adjust_p_values(raw, plan.correction)]
    found = {(name, arm): p for (name, arm, _), p in zip(asked, adjusted, strict=True)}

    def corrected(result: MetricResult, comparison: Comparison) -> Comparison:
        return replace(comparison, p_adjusted=found.get((result.name, comparison.arm)))

    return tuple(
        replace(result, comparisons=tuple(corrected(result, comparison) for comparison in result.comparisons))
        for result in results
    )
