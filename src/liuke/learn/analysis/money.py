"""What did an arm earn for what it cost? Only what the control group proves is booked."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from scipy.special import ndtr

from liuke.learn.analysis.contracts import Money
from liuke.learn.analysis.estimates import Question, bounded, interval, pair
from liuke.learn.analysis.plan import Kind, TrialPlan
from liuke.learn.analysis.sums import MONEY, Sums
from liuke.learn.inference import (
    Difference,
    Moments,
    PairMoments,
    Return,
    always_valid,
    cost_benefit,
    with_cost,
)

WIDEST = 1 - 1e-12  # coverage beyond which a double cannot tell it from certainty


def money_of(plan: TrialPlan, question: Question, sums: Sums, control: str) -> tuple[Money, ...]:
    """Return gain, cost and return of each arm.

    Parameters
    ----------
    question
        The value metric: a mean, count or share of units.

    Notes
    -----
    Where the plan looks often, gain and profit have sequential intervals, so that booking stays safe at every look; the
    return's interval (Fieller) is taken at the coverage whose normal interval is as wide.
    """
    cells, name = sums.whole, question.metric.name

    def enough(arm: str) -> bool:
        return min(cells[arm][name].n, cells[control][name].n) >= 2

    return tuple(_of_arm(plan, question, sums, arm, control) for arm in sums.units if arm != control and enough(arm))


def worth_of(plan: TrialPlan, question: Question) -> float | None:
    """Return what one unit of the value metric is worth: given, 1 for money, None if nobody said."""
    if plan.value_per_success is not None:
        return plan.value_per_success
    return 1.0 if question.metric.money or question.kind is Kind.MEAN else None


def _of_arm(plan: TrialPlan, question: Question, sums: Sums, arm: str, control: str) -> Money:
    worth = worth_of(plan, question)
    treated, base = _pairs(plan, question, sums, arm, control, worth or 1.0)
    n, both = sums.units[arm], treated.n + base.n
    at_level = cost_benefit(treated, base, question.level)
    gain = _safe(at_level.margin, both, question)
    profit = _safe(at_level.profit, both, question) if plan.has_cost and worth is not None else None
    counted = profit or gain
    proven = counted.low > 0 or counted.high < 0
    returns = cost_benefit(treated, base, _coverage(gain, question)) if plan.has_cost else None
    one = _cost_of_one(returns, worth or 1.0) if returns else (None, None, None)
    back = returns if worth is not None else None
    return Money(
        arm=arm,
        metric=question.metric.name,
        unit=question.metric.money,
        worth_of_success=worth,
        contacted=n,
        cost_total=float(at_level.cost.value * n) if plan.has_cost else None,
        gain=interval(gain),
        gain_total=float(gain.value * n),
        gain_total_low=bounded(gain.low * n),
        gain_total_high=bounded(gain.high * n),
        profit=interval(profit) if profit else None,
        return_on_cost=bounded(back.return_on_cost) if back else None,
        return_low=bounded(back.return_low) if back else None,
        return_high=bounded(back.return_high) if back else None,
        cost_of_one=one[0],
        cost_of_one_low=one[1],
        cost_of_one_high=one[2],
        booked=float(counted.value * n) if proven else 0.0,
        proven=proven,
    )


def _pairs(
    plan: TrialPlan, question: Question, sums: Sums, arm: str, control: str, worth: float
) -> tuple[PairMoments, PairMoments]:
    """Return each arm's (value, cost) sums, the value times what it is worth."""
    cells = sums.whole
    if plan.cost:
        treated, base = (_times(pair_of(cells[name][MONEY]), worth) for name in (arm, control))
        return treated, base
    each = plan.cost_per_contact or 0.0
    treated_value, base_value = (_scaled(cells[name][question.metric.name].column(0), worth) for name in (arm, control))
    return with_cost(treated_value, each), with_cost(base_value, 0.0)


pair_of = pair  # the money vector is (value, cost): value is y, cost is x


def _scaled(sums: Moments, factor: float) -> Moments:
    return Moments(sums.n, sums.total * factor, sums.total_sq * factor**2)


def _times(sums: PairMoments, factor: float) -> PairMoments:
    return PairMoments(
        sums.n,
        sums.total_x,
        sums.total_y * factor,
        sums.total_x_sq,
        sums.total_y_sq * factor**2,
        sums.total_xy * factor,
    )


def _safe(difference: Difference, n: int, question: Question) -> Difference:
    """Return the difference with the interval that the plan's kind of looking needs."""
    if question.looks != "sequential":
        return difference
    found = always_valid(difference, n, planned_n=question.planned)
    return replace(found, method=f"{difference.method}-sequential")


def _coverage(safe: Difference, question: Question) -> float:
    """Return the coverage whose normal interval is as wide, for the ratio of gain and cost."""
    if question.looks != "sequential" or not safe.standard_error > 0:
        return question.level
    return min(WIDEST, float(2 * ndtr((safe.high - safe.low) / 2 / safe.standard_error) - 1))


def _cost_of_one(found: Return, worth: float) -> tuple[float | None, float | None, float | None]:
    """Return the cost of one more success: the return turned over; unbounded where no gain at all is possible."""
    if not isfinite(found.return_on_cost) or found.return_on_cost <= 0:
        return None, None, None
    low = worth / found.return_high if isfinite(found.return_high) and found.return_high > 0 else None
    high = worth / found.return_low if isfinite(found.return_low) and found.return_low > 0 else None
    return worth / found.return_on_cost, low, high
