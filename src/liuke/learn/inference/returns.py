"""What did the treatment earn for what it cost? Only what the control group proves is booked."""

from __future__ import annotations

from math import inf, nan

from liuke.learn.inference.contracts import Return
from liuke.learn.inference.lifts import fieller_interval
from liuke.learn.inference.means import arm_mean, compare_means
from liuke.learn.inference.moments import Moments, PairMoments
from liuke.learn.inference.reference import enough, quantile


def cost_benefit(
    treated: PairMoments, control: PairMoments, level: float = 0.95, *, customers: int | None = None
) -> Return:
    """Compare margin with cost.

    Parameters
    ----------
    treated, control
        y is a customer's margin before the treatment's cost, x what was spent on them (contacts, coupons), both in
        minor units. A known cost per customer: ``with_cost``.
    customers
        For how many customers profit is booked; by default the treated ones.

    Notes
    -----
    Profit per customer is the difference of (margin − cost), Welch's interval. Return = Δmargin / Δcost, Fieller's
    interval with the covariance of margin and cost.
    """
    enough(treated.n, control.n, 2)
    margin = compare_means(treated.y, control.y, level)
    cost = compare_means(treated.x, control.x, level)
    profit = compare_means(_profit(treated), _profit(control), level, method="profit")
    covariance = treated.covariance / treated.n + control.covariance / control.n
    q = quantile((1 + level) / 2, profit.degrees_of_freedom)
    if cost.value == 0 and cost.standard_error == 0:
        ratio, low, high = nan, -inf, inf
    else:
        ratio = margin.value / cost.value if cost.value else nan
        low, high = fieller_interval(
            margin.value, cost.value, margin.standard_error**2, cost.standard_error**2, covariance, q
        )
    n = treated.n if customers is None else customers
    proven = profit.low > 0 or profit.high < 0
    booked = profit.value * n if proven else 0.0
    return Return(margin, cost, profit, ratio, low, high, booked, profit.low * n, profit.high * n, proven)


def with_cost(margin: Moments, cost: float) -> PairMoments:
    """Return the pair of sums for customers who cost the same each: minor units per customer."""
    arm_mean(margin)
    n = margin.n
    return PairMoments(n, cost * n, margin.total, cost**2 * n, margin.total_sq, cost * margin.total)


def _profit(sample: PairMoments) -> Moments:
    return Moments(
        sample.n, sample.total_y - sample.total_x, sample.total_y_sq - 2 * sample.total_xy + sample.total_x_sq
    )
