"""Numbers as a reader of either language sees them: shares in points, money with its unit, p-values not too precise."""

from __future__ import annotations

from liuke.kernel import money_text
from liuke.learn.analysis.contracts import Interval, MetricResult, Money, Text

OPEN = "∞"
_MINOR = "minor "  # before the currency of a shop's own trials, whose amounts are whole minor units


def minor_units_of(currency: str) -> str:
    """Return the unit of a metric whose amounts are minor units of a currency; readers see the currency's own."""
    return f"{_MINOR}{currency}"


def value_text(metric: MetricResult, value: float) -> str:
    """Return a value of the metric: 1.70 %, 12.34 CNY, 0.456."""
    if metric.kind == "proportion":
        return f"{100 * value:.2f} %"
    if metric.money.startswith(_MINOR):
        return _money(metric, value)
    return f"{plain(value)} {metric.money}".rstrip()


def ends(metric: MetricResult, value: float | None, *, low: bool) -> str:
    """Return an end of a difference's interval in the metric's unit, without naming the unit."""
    if value is None:
        return f"−{OPEN}" if low else OPEN
    if metric.money.startswith(_MINOR):
        return _money(metric, value, signed=True)
    return signed(100 * value, 2) if metric.kind == "proportion" else signed_plain(value)


def unit_text(metric: MetricResult) -> Text:
    """Return the unit of a difference: percentage points, money, or nothing."""
    if metric.kind == "proportion":
        return Text("个百分点", "percentage points")
    if metric.money.startswith(_MINOR):
        return Text("", "")  # each amount names it
    return Text(metric.money, metric.money)


def difference_text(metric: MetricResult, shown: Interval) -> Text:
    """Return a difference with its interval in words."""
    unit = unit_text(metric)
    value = ends(metric, shown.value, low=True)
    low, high = ends(metric, shown.low, low=True), ends(metric, shown.high, low=False)
    level = f"{100 * shown.level:g}%"
    return Text(
        f"差异 {value} {unit.zh}（{level} 区间 {low} 至 {high}）".replace(" （", "（"),
        f"difference {value} {unit.en} ({level} interval {low} to {high})".replace("  ", " "),
    )


def size_text(metric: MetricResult, size: float) -> Text:
    """Return the size of a difference in the metric's unit."""
    unit, number = unit_text(metric), f"{100 * size:g}" if metric.kind == "proportion" else plain(size)
    if metric.money.startswith(_MINOR):
        number = _money(metric, size)
    return Text(f"{number} {unit.zh}".rstrip(), f"{number} {unit.en}".rstrip())


def _money(metric: MetricResult, minor: float, *, signed: bool = False) -> str:
    return money_text(minor, metric.money.removeprefix(_MINOR), signed=signed)


def lift_text(shown: Interval | None) -> str:
    """Return a lift in per cent with its interval."""
    if shown is None:
        return "–"
    low = f"−{OPEN}" if shown.low is None else signed(100 * shown.low, 1)
    high = OPEN if shown.high is None else signed(100 * shown.high, 1)
    return f"{signed(100 * shown.value, 1)} % ({low}, {high})"


def p_text(p: float) -> str:
    """Return a p-value with its sign: p = 0.012, p < 0.0001."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}" if p < 0.1 else f"p = {p:.2f}"


def p_short(p: float | None) -> str:
    """Return a p-value for a table's cell."""
    return "–" if p is None else p_text(p).removeprefix("p ").removeprefix("= ")


def plain(value: float) -> str:
    """Return a number with as many digits as a reader needs."""
    size = abs(value)
    if size >= 1000 or (value == int(value) and size < 1e15):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if size >= 10 else f"{value:.4g}"


def signed(value: float, digits: int) -> str:
    """Return a number with its sign, − as typographers write it."""
    return f"{value:+,.{digits}f}".replace("-", "−")


def signed_plain(value: float) -> str:
    """Return a number with its sign and as many digits as a reader needs."""
    return ("+" if value >= 0 else "−") + plain(abs(value))


def amount(value: float | None, unit: str, *, high: bool = True) -> str:
    """Return an amount with its unit; an unbounded end as infinity."""
    if value is None:
        return OPEN if high else f"−{OPEN}"
    return f"{signed_plain(value) if value < 0 else plain(value)} {unit}".rstrip()


def between(low: float | None, high: float | None, unit: str = "") -> str:
    """Return the ends of an interval in brackets."""
    return f"({amount(low, '', high=False)}, {amount(high, unit)})"


def money_rows(one: Money) -> tuple[tuple[str, str, str], ...]:
    """Return what an arm earned for what it cost: name in Chinese, in English, amount with interval."""
    unit = one.unit if one.worth_of_success is not None else one.metric
    rows = [
        ("触达单位", "units of the arm", f"{one.contacted:,}"),
        ("每单位增量", "gain per unit", f"{amount(one.gain.value, '')} {between(one.gain.low, one.gain.high, unit)}"),
        (
            "总增量",
            "gain of the arm",
            f"{amount(one.gain_total, '')} {between(one.gain_total_low, one.gain_total_high, unit)}",
        ),
    ]
    if one.cost_total is not None:
        rows.append(("花费", "cost", amount(one.cost_total, one.unit)))
    if one.profit is not None:
        rows.append(
            (
                "每单位净收益",
                "profit per unit",
                f"{amount(one.profit.value, '')} {between(one.profit.low, one.profit.high, unit)}",
            )
        )
    if one.return_on_cost is not None:
        back = f"{one.return_on_cost:.2f} {between(one.return_low, one.return_high)}"
        rows.append(("每花 1 的增量（回报）", "return on each 1 spent", back))
    if one.cost_of_one is not None and one.worth_of_success != 1:
        ends = between(one.cost_of_one_low or 0.0, one.cost_of_one_high, one.unit)
        rows.append(
            ("多得一次的花费（盈亏平衡值）", "cost of one more (break-even worth)", f"{plain(one.cost_of_one)} {ends}")
        )
    booked = f"{amount(one.booked, unit)}" if one.proven else "0"
    rows.append(("可入账（对照组证实）", "booked (proven by control)", booked))
    return tuple(rows)
