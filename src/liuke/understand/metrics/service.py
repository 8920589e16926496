"""The use case: measure the shop at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import duckdb
import pyarrow as pa

from liuke.kernel.days import Period
from liuke.kernel.results import NotEnoughData
from liuke.kernel.shop import ShopProfile
from liuke.understand.metrics import activity, buying
from liuke.understand.metrics.catalogue import metric_definitions
from liuke.understand.metrics.cohorts import cohort_table
from liuke.understand.metrics.config import MetricSettings
from liuke.understand.metrics.contracts import Comparison, Measured, MetricDefinition, MetricValue
from liuke.understand.metrics.periods import a_year_before, complete_periods, months_before

Fraction: TypeAlias = tuple[float | None, float | None]  # a numerator of None: unknown
"""Numerator and denominator; no denominator for a plain count or amount."""
Fractions: TypeAlias = Mapping[str, Mapping[Period, Fraction]]


class Snapshot(Protocol):
    """What is needed of a moment of `collect.history`."""

    @property
    def as_of(self) -> dt.date:
        """The day at whose 00:00 the views stand."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine with the views."""


@dataclass(frozen=True)
class Begins:
    """First recorded days: before them, nothing is known rather than nothing happened."""

    purchases: dt.date | None
    amounts: dt.date | None
    events: dt.date | None
    registrations: dt.date | None
    members: dt.date | None
    activations: dt.date | None


def measure(moment: Snapshot, shop: ShopProfile, settings: MetricSettings, started: Sequence[str]) -> Measured:
    """Measure every key figure in every complete period, and the cohorts.

    Parameters
    ----------
    moment : Moment
        What the shop knew at 00:00 of `as_of`.
    shop : ShopProfile
        Its margin rate stands in the formula of the margin.
    settings : MetricSettings
    started : sequence of str
        The shop's behaviours that a customer starts: they make the customer active.

    Returns
    -------
    Measured
        A figure that cannot be measured in its latest period is a value of None with the reason; older periods that
        cannot be measured are left out.
    """
    begins = Begins(
        buying.first_purchase_day(moment.connection),
        buying.first_priced_day(moment.connection),
        activity.first_active_day(moment.connection, started),
        activity.first_registered_day(moment.connection),
        activity.first_member_day(moment.connection),
        activity.first_activation_day(moment.connection),
    )
    fractions = _fractions(moment, settings, started)
    values: list[MetricValue] = []
    for definition in metric_definitions(shop, settings):
        periods = complete_periods(moment.as_of, definition.months, settings.months_kept)
        closed = [p for p in periods if p.end + dt.timedelta(days=definition.lag_days) <= moment.as_of]
        measured = [_value(definition, period, fractions, begins, settings) for period in closed]
        values += [value for value in measured[:-1] if value.note is None] + measured[-1:]
    return Measured(tuple(values), metrics_table(values, moment.as_of), cohort_table(moment.connection, moment.as_of))


def compare(values: Iterable[MetricValue], metric: str) -> Comparison | None:
    """Return the latest value of a metric beside the period before and the year before, None if it was not measured."""
    periods = {value.period: value for value in values if value.metric == metric}
    if not periods:
        return None
    latest = max(periods)
    before = next((value for period, value in periods.items() if period.end == latest.start), None)
    return Comparison(periods[latest], before, periods.get(a_year_before(latest)))


def metrics_table(values: Sequence[MetricValue], as_of: dt.date) -> pa.Table:
    """Return values as rows of the `metrics` table."""
    day, number = pa.date32(), pa.float64()
    columns: list[tuple[str, pa.DataType, list[object]]] = [
        ("as_of", day, [as_of] * len(values)),
        ("metric", pa.string(), [value.metric for value in values]),
        ("period_start", day, [value.period.start for value in values]),
        ("period_end", day, [value.period.end for value in values]),
        ("value", number, [value.value for value in values]),
        ("numerator", number, [value.numerator for value in values]),
        ("denominator", number, [value.denominator for value in values]),
        ("final_on", day, [value.final_on for value in values]),
        ("changed_on", day, [None] * len(values)),  # see `with_changes`
        ("value_before", number, [None] * len(values)),
        ("note", pa.string(), [value.note and f"{value.note.reason_zh} / {value.note.reason_en}" for value in values]),
    ]
    return pa.table({name: pa.array(items, kind) for name, kind, items in columns})


def _fractions(moment: Snapshot, settings: MetricSettings, started: Sequence[str]) -> Fractions:
    """Compute numerators and denominators of everything, a few scans for all periods together."""
    connection, kept_months = moment.connection, settings.months_kept
    months = complete_periods(moment.as_of, 1, kept_months)
    quarters = complete_periods(moment.as_of, 3, kept_months)
    window = dt.timedelta(days=settings.active_window_days)
    sales, quarterly = buying.sales(connection, months), buying.sales(connection, quarters)
    churn = buying.kept(connection, {p: p.start - window for p in quarters})
    back = buying.kept(connection, {p: months_before(p.start, 3) for p in quarters})
    reach = buying.kept(connection, {Period(p.end, p.end): p.end - window for p in months})
    standing = buying.standing(connection, months)
    second = buying.second_purchases(connection, months, settings.second_purchase_days)
    members = activity.membership(connection, months, settings.paid_tiers)
    active = activity.active(connection, months, started)
    retained = activity.retention(connection, months, started, (1, 7, 30))
    return {
        "churn_rate": {p: (k.base - k.bought, k.base) for p, k in churn.items()},
        "repurchase_rate": {p: (s.repeaters, s.buyers) for p, s in quarterly.items()},
        "monthly_repurchase_rate": {p: (s.repeaters, s.buyers) for p, s in sales.items()},
        "buy_back_rate": {p: (k.bought, k.base) for p, k in back.items()},
        "second_purchase_rate": {p: (k.bought, k.base) for p, k in second.items()},
        "one_time_buyer_share": {p: (s.one_day_only, s.ever) for p, s in standing.items()},
        "returning_buyer_share": {p: (s.returning, s.buyers) for p, s in sales.items()},
        "active_buyers": {p: (reach[Period(p.end, p.end)].base, None) for p in months},
        "revenue": {p: (s.revenue_minor, None) for p, s in sales.items()},
        "margin": {p: (s.margin_minor, None) for p, s in sales.items()},
        "average_order_value": {p: (s.revenue_minor, s.priced) for p, s in sales.items()},
        "buyers": {p: (s.buyers, None) for p, s in sales.items()},
        "new_buyers": {p: (s.buyers - s.returning, None) for p, s in sales.items()},
        "member_share": {p: (m.members, m.registered) for p, m in members.items()},
        "activated_member_share": {p: (m.activated, m.registered) for p, m in members.items()},
        # tiers are known as last recorded: what they were at the end of an earlier month is not
        "paid_member_share": {p: (members[p].paid, members[p].registered) for p in months[-1:]},
        "free_member_share": {p: (members[p].members - members[p].paid, members[p].registered) for p in months[-1:]},
        "member_conversion": {p: (m.joined, m.outside) for p, m in members.items()},
        **{f"retention_{n}d": {p: (k.bought, k.base) for p, k in found.items()} for n, found in retained.items()},
        "daily_active": {p: (a.customer_days, p.days) for p, a in active.items()},
        "monthly_active": {p: (a.customers, None) for p, a in active.items()},
        "stickiness": {p: (a.customer_days, a.customers * p.days) for p, a in active.items()},
    }


def _value(
    definition: MetricDefinition, period: Period, fractions: Fractions, begins: Begins, settings: MetricSettings
) -> MetricValue:
    final_on = period.end + dt.timedelta(days=definition.lag_days + definition.settle_days)
    note = _too_short(definition, period, begins, settings)
    if note is not None:
        return MetricValue(definition.key, period, None, None, None, final_on, note)
    if period not in fractions[definition.key]:
        note = NotEnoughData("该期末的等级没有记录", "tiers at the end of this period are not on record", 0, 1)
        return MetricValue(definition.key, period, None, None, None, final_on, note)
    numerator, denominator = fractions[definition.key][period]
    if numerator is None:
        note = NotEnoughData("该期间的订单都没有金额", "no order of this period has an amount", 0, 1)
        return MetricValue(definition.key, period, None, None, denominator, final_on, note)
    if denominator == 0:
        note = NotEnoughData("该期间没有可计入的客户", "nobody to count in this period", 0, 1)
        return MetricValue(definition.key, period, None, numerator, denominator, final_on, note)
    value = numerator if denominator is None else numerator / denominator
    return MetricValue(definition.key, period, float(value), numerator, denominator, final_on)


def _too_short(
    definition: MetricDefinition, period: Period, begins: Begins, settings: MetricSettings
) -> NotEnoughData | None:
    """Return why the record does not reach back far enough for the period, None if it does."""
    key = definition.key
    needed = period.start
    if definition.lookback == "window":
        base = period.end if key == "active_buyers" else period.start
        needed = base - dt.timedelta(days=settings.active_window_days)
    elif definition.lookback == "period":
        needed = months_before(period.start, definition.months)
    kinds: list[tuple[dt.date | None, str, str]] = [(begins.purchases, "购买", "purchases")]
    if key.startswith("retention"):
        kinds = [(begins.registrations, "注册", "registrations"), (begins.events, "客户行为", "events of customers")]
    elif key in ("daily_active", "monthly_active", "stickiness"):
        kinds = [(begins.events, "客户行为", "events of customers")]
    elif "member" in key:
        kinds = [(begins.registrations, "注册", "registrations"), (begins.members, "会员", "members")]
        if key == "activated_member_share":
            kinds.append((begins.activations, "会员激活", "activations of memberships"))
        needed = period.end - dt.timedelta(days=1)
    elif definition.unit == "money":
        kinds.append((begins.amounts, "金额", "amounts"))
    if key in ("paid_member_share", "free_member_share") and not settings.paid_tiers:
        return NotEnoughData(
            "未设置付费会员等级（设置 metrics.paid_tiers）",
            "no paid tiers are named (setting metrics.paid_tiers)",
            0,
            1,
        )
    for first, zh, en in kinds:
        if first is None:
            return NotEnoughData(f"没有{zh}数据", f"there are no {en} on record", 0, 1)
        if first > needed and not ("member" in key and first < period.end):
            have, need = max((period.end - first).days, 0), (period.end - needed).days
            return NotEnoughData(
                f"{zh}记录从 {first} 开始，历史太短",
                f"{en} are on record only from {first}: too short a history",
                have,
                need,
            )
    return None
