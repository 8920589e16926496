"""The read-out of one trial as of a day: units, analysis, money, and the two lines of the overview.

Chances may change while a trial grows. Customers who entered at the same chance are compared with each other and the
differences averaged by the sizes of these groups (post-stratification), so that a growing share biases nothing; where
the chance never changed, what was known before sharpens the comparison instead (CUPED).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from liuke.kernel import LiukeError
from liuke.learn.analysis import (
    AnalysisReport,
    Comparison,
    Kind,
    Metric,
    MetricResult,
    Role,
    Text,
    TrialPlan,
    Verdict,
    analyse,
    at_a_loss,
    wording,
)
from liuke.learn.experiments import verdict
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.contracts import Effect
from liuke.learn.experiments.document import Trial
from liuke.learn.experiments.outcomes import OUTCOMES
from liuke.learn.experiments.ports import MomentLike
from liuke.learn.experiments.record import TrialRecord
from liuke.learn.experiments.unit_table import (
    COVARIATES,
    SEGMENTS,
    Cell,
    UnitInputs,
    select_units,
    silent_metrics,
    telling_covariates,
    unit_table,
)
from liuke.learn.inference import Difference

DRAWN_TOGETHER = ("household", "region", "time_block")  # what is drawn holds several customers
LEAST = 2  # units per arm without which nothing has a spread
_KINDS = {"share": Kind.PROPORTION, "money": Kind.MEAN, "count": Kind.COUNT}


@dataclass(frozen=True, slots=True)
class Gain:
    """Money of a trial, minor units: all treated customers with a complete window against control.

    Parameters
    ----------
    gain, gain_low, gain_high
        Margin before the messages' cost; the interval holds at all looks together.
    cost
        Of messages really sent.
    booked
        Gain less cost if the interval of that profit excludes zero and the arms' sizes fit the draw, else 0.
    return_on_cost, return_low, return_high
        Gain / cost; None without cost.
    """

    treated_n: int
    gain: float
    gain_low: float
    gain_high: float
    cost: float
    booked: float
    return_on_cost: float | None
    return_low: float | None
    return_high: float | None
    level: float

    @property
    def loses(self) -> bool:
        """Whether it is proven that the messages cost more than they bring."""
        return self.booked < 0


@dataclass(frozen=True, slots=True)
class TrialReading:
    """What a trial says as of a day.

    Parameters
    ----------
    analysis
        None while an arm is too small to compare anything.
    entered, complete, exposed
        Customers by arm: all who entered, with a complete window, of these really messaged.
    informative
        Complete windows in customers of the split that the plan counts with: at 5 % treated it takes five customers
        to tell what one tells at 50 %.
    left_out
        Customers with a complete window whose arm left nothing to chance: nobody to compare them with.
    silent
        Guard-rails of which nothing has happened to anybody; of regions and households they are not compared.
    problem
        Why the customers could not be compared; empty if they were, or are too few.
    effects
        Repurchase and margin, for the overview.
    """

    trial: str
    strategy: str
    as_of: date
    analysis: AnalysisReport | None
    entered: dict[str, int]
    complete: dict[str, int]
    exposed: dict[str, int]
    informative: float
    left_out: int
    gain: Gain | None
    silent: tuple[str, ...]
    problem: str
    effects: tuple[Effect, ...]

    @property
    def pending(self) -> int:
        """Customers whose window is not complete."""
        return sum(self.entered.values()) - sum(self.complete.values())


def read_trial(
    moment: MomentLike, record: TrialRecord, inputs: UnitInputs, settings: ExperimentSettings, currency: str
) -> TrialReading:
    """Read a trial out of a moment.

    Parameters
    ----------
    record
        A started trial.
    inputs
        Entries, contacts and places; the costs of contacts.
    """
    trial = record.document
    with unit_table(moment, trial, record.started_on, inputs) as cells:
        chances = _open_chances(cells)
        silent = silent_metrics(moment, trial)
        try:
            analysis, problem = _analysis(moment, trial, cells, chances, silent, currency), ""
        except LiukeError as error:  # a table that cannot be compared is a result, and stops no other trial
            analysis, problem = None, f"{error.message}; {error.hint}"
    counts = {
        what: {arm: sum(getattr(one, what) for one in cells if one.arm == arm) for arm in ("treated", "control")}
        for what in ("entered", "complete", "exposed")
    }
    cost = sum(one.cost for one in cells if one.arm == "treated" and one.treated_chance in chances)
    gain = _gain(analysis, cost) if analysis else None
    if analysis and gain and gain.loses and analysis.verdict is Verdict.WORKS:
        analysis = replace(analysis, verdict=Verdict.DOES_NOT_PAY, reason=at_a_loss(analysis.reason))
    reading = TrialReading(
        trial=trial.id,
        strategy=trial.strategy,
        as_of=moment.as_of,
        analysis=analysis,
        **counts,
        informative=_informative(trial, cells, chances),
        left_out=sum(one.complete for one in cells if one.treated_chance not in chances),
        gain=gain,
        silent=silent,
        problem=problem,
        effects=(),
    )
    return replace(reading, effects=_effects(reading, trial, settings, currency))


def _open_chances(cells: tuple[Cell, ...]) -> tuple[float, ...]:
    """Return the chances at which both arms have complete windows."""
    chances = sorted({one.treated_chance for one in cells if 0 < one.treated_chance < 1})
    enough = {(one.treated_chance, one.arm) for one in cells if one.complete >= LEAST}
    return tuple(chance for chance in chances if {(chance, "treated"), (chance, "control")} <= enough)


def _informative(trial: Trial, cells: tuple[Cell, ...], chances: tuple[float, ...]) -> float:
    """Return complete windows, each worth what its chance tells beside the share that the plan counts with."""
    planned = trial.planned_share * (1 - trial.planned_share)
    open_ = [(one.complete, one.treated_chance) for one in cells if one.treated_chance in chances]
    if len(trial.rollout.stages) == 1 or planned == 0:
        return float(sum(n for n, _ in open_))
    return sum(n * chance * (1 - chance) for n, chance in open_) / planned


def _analysis(
    moment: MomentLike,
    trial: Trial,
    cells: tuple[Cell, ...],
    chances: tuple[float, ...],
    silent: tuple[str, ...],
    currency: str,
) -> AnalysisReport | None:
    if not chances:
        return None
    telling = telling_covariates(moment, chances)
    clustered = trial.unit.by in DRAWN_TOGETHER
    names = tuple(name for name in trial.metrics.names if not (clustered and name in silent))
    sizes = {chance: sum(one.complete for one in cells if one.treated_chance == chance) for chance in chances}
    mixed = len(chances) > 1
    expected = sum(chance * n for chance, n in sizes.items()) / sum(sizes.values())
    plan = analysis_plan(trial, expected, names, telling, currency=currency, mixed=mixed)
    label = f"trial {trial.id}"
    report = analyse(moment.connection, select_units(names, chances), plan, label=label)
    if not mixed or trial.unit.by != "customer":
        return report
    # groups are compared where one chance held: pooled over chances their mix of arms would be compared, too
    largest = max(chances, key=lambda chance: sizes[chance] * chance * (1 - chance))
    only = (trial.metrics.primary,)
    plan = analysis_plan(trial, largest, only, telling_covariates(moment, (largest,)), currency=currency, mixed=False)
    inner = analyse(moment.connection, select_units(only, (largest,)), plan, label=label)
    return replace(report, segments=inner.segments)


def analysis_plan(
    trial: Trial,
    treated_share: float,
    names: tuple[str, ...],
    covariates: tuple[str, ...] = COVARIATES,
    *,
    currency: str,
    mixed: bool,
) -> TrialPlan:
    """Return the questions and rules of a trial's document as the analysis takes them.

    Parameters
    ----------
    treated_share
        Expected share of treated customers among those read.
    names
        Metrics to ask about.
    covariates
        What was known before and differs between customers.
    currency
        Of the shop's amounts.
    mixed
        Whether customers entered at several chances.
    """
    rule, clustered = trial.rule, trial.unit.by in DRAWN_TOGETHER
    stratified = (mixed or bool(trial.strata)) and not clustered
    metrics = []
    for name in names:
        what = OUTCOMES[name]
        guard = next((one for one in trial.metrics.guardrails if one.metric == name), None)
        role = Role.PRIMARY if name == trial.metrics.primary else Role.GUARDRAIL if guard else Role.SECONDARY
        metrics.append(
            Metric(
                name=name,
                kind=_KINDS[what.kind],
                direction="up" if what.higher_is_better else "down",
                role=role,
                margin=guard.worse_by if guard and guard.worse_by > 0 and role is Role.GUARDRAIL else None,
                covariates=() if stratified else covariates,
                worthwhile=rule.worthwhile if role is Role.PRIMARY else 0.0,
                money=wording.minor_units_of(currency) if what.kind == "money" else "",
                label_zh=what.zh,
                label_en=what.en,
            )
        )
    return TrialPlan(
        name=trial.id,
        unit="draw",
        arm="arm",
        control="control",
        metrics=tuple(metrics),
        shares={"control": 1 - treated_share, "treated": treated_share} if not clustered else {},
        cluster="drawn_unit" if clustered else "",
        strata="stratum" if stratified else "",
        segments=() if clustered or mixed else SEGMENTS,
        day="" if clustered else "entered_on",
        level=rule.level,
        looks="sequential",
        planned_units=rule.planned_units,
        min_units_per_arm=rule.min_units_per_arm,
        min_successes=rule.min_buyers,
    )


def _found(report: AnalysisReport | None, metric: str) -> tuple[MetricResult | None, Comparison | None]:
    for result in report.metrics if report else ():
        if result.name == metric:
            return result, result.comparisons[0] if result.comparisons else None
    return None, None


def _gain(report: AnalysisReport, cost: float) -> Gain | None:
    """Return margin gained by those treated, before and after cost, by the interval that holds at all looks."""
    result, comparison = _found(report, "margin")
    if result is None or comparison is None:
        return None
    n = next(arm.units for arm in report.arms if arm.arm == "treated")
    each = comparison.sequential
    low, high = each.low, each.high
    if low is None or high is None:
        return None
    proven = not report.split.broken and (low * n - cost > 0 or high * n - cost < 0)
    return Gain(
        treated_n=n,
        gain=each.value * n,
        gain_low=low * n,
        gain_high=high * n,
        cost=cost,
        booked=each.value * n - cost if proven else 0.0,
        return_on_cost=each.value * n / cost if cost > 0 else None,
        return_low=low * n / cost if cost > 0 else None,
        return_high=high * n / cost if cost > 0 else None,
        level=each.level,
    )


def _effects(reading: TrialReading, trial: Trial, settings: ExperimentSettings, currency: str) -> tuple[Effect, ...]:
    """Return repurchase and margin as the overview shows them; the deciding metric has the trial's own verdict."""
    rule = settings.model_copy(
        update={
            "level": trial.rule.level,
            "min_units_per_arm": trial.rule.min_units_per_arm,
            "min_buyers": trial.rule.min_buyers,
        }
    )
    return tuple(_effect(reading, trial, rule, metric, currency) for metric in ("repurchase", "margin"))


def _effect(reading: TrialReading, trial: Trial, settings: ExperimentSettings, metric: str, currency: str) -> Effect:
    report = reading.analysis
    result, comparison = _found(report, metric)
    arms = {one.arm: one for one in result.arms} if result else {}
    treated, control = arms.get("treated"), arms.get("control")
    each = comparison.sequential if comparison else None
    difference = None
    if each is not None and each.low is not None and each.high is not None:
        difference = Difference(each.value, each.low, each.high, each.level, each.p_value)
    bought = _found(report, "repurchase")[0]
    is_primary = trial.metrics.primary == metric
    usual = settings.worthwhile_repurchase if metric == "repurchase" else settings.worthwhile_margin_minor
    evidence = verdict.Evidence(
        treated_n=treated.n if treated else reading.complete["treated"],
        control_n=control.n if control else reading.complete["control"],
        pending_n=reading.pending,
        buyers=int(sum(one.total for one in bought.arms)) if bought else 0,
        srm_p=report.split.always_p_value if report else 1.0,
        difference=difference,
        worthwhile=trial.rule.worthwhile if is_primary else usual,
        share=metric == "repurchase",
        currency=currency,
    )
    word, zh, en = verdict.judge(evidence, settings)
    if report is not None and is_primary and difference is not None:
        word, zh, en = report.verdict, report.reason.zh, report.reason.en
    elif word is Verdict.WORKS and reading.gain and reading.gain.loses:
        told = at_a_loss(Text(zh, en))
        word, zh, en = Verdict.DOES_NOT_PAY, told.zh, told.en
    return Effect(
        as_of=reading.as_of,
        strategy=reading.strategy,
        metric=metric,
        treated_n=evidence.treated_n,
        treated_mean=treated.value if treated else None,
        control_n=evidence.control_n,
        control_mean=control.value if control else None,
        difference=difference.value if difference else None,
        low=difference.low if difference else None,
        high=difference.high if difference else None,
        level=settings.level,
        srm_p=evidence.srm_p,
        pending_n=reading.pending,
        verdict=word,
        reason_zh=zh,
        reason_en=en,
    )


def reading_tree(reading: TrialReading) -> dict[str, Any]:
    """Return a reading as JSON can hold it."""
    gain = reading.gain
    return {
        "trial": reading.trial,
        "strategy": reading.strategy,
        "as_of": reading.as_of.isoformat(),
        "analysis": reading.analysis.to_json() if reading.analysis else None,
        "entered": reading.entered,
        "complete": reading.complete,
        "exposed": reading.exposed,
        "pending": reading.pending,
        "informative": round(reading.informative, 1),
        "left_out": reading.left_out,
        "silent": list(reading.silent),
        "problem": reading.problem,
        "gain": {name: getattr(gain, name) for name in Gain.__slots__} if gain else None,
    }
