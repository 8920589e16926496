"""Does the effect wear off, or depend on the day of the week? Read from the days on which units entered."""

from __future__ import annotations

from datetime import date
from functools import reduce

from liuke.learn.analysis.contracts import DayEffect, Timing
from liuke.learn.analysis.estimates import Question
from liuke.learn.analysis.sums import Sums
from liuke.learn.inference import ArmMean, InferenceError, MultiMoments, Trend, novelty, weekday_check

LEAST_UNITS = 20  # units of a day in each arm: below it its effect is noise with a misjudged error


def timing_of(question: Question, sums: Sums, control: str) -> tuple[Timing, ...]:
    """Return the trend and the days of the week of each arm's effect; empty without days.

    Notes
    -----
    A unit counts on the day it entered, so units of different days are independent. A falling effect may be novelty
    that wears off, or units that entered later having had less time: give every unit the same window.
    """
    if "d" not in sums.levels:
        return ()
    return tuple(_of_arm(question, sums, arm, control) for arm in sums.units if arm != control)


def _of_arm(question: Question, sums: Sums, arm: str, control: str) -> Timing:
    name = question.metric.name
    least = 2 if question.clustered else LEAST_UNITS
    days: list[tuple[date, MultiMoments, MultiMoments]] = []
    for day, cells in sorted(sums.levels["d"].items()):
        if arm not in cells or control not in cells:
            continue
        treated, base = cells[arm][name], cells[control][name]
        if min(treated.n, base.n) >= least and question.answers(treated, base):
            days.append((day, treated, base))
    means = [(day, question.mean(treated), question.mean(base)) for day, treated, base in days]
    trend = _trend(means, question.level)
    shown = tuple(
        DayEffect(day.isoformat(), treated.n, base.n, float(treated.mean - base.mean)) for day, treated, base in means
    )
    return Timing(
        metric=name,
        arm=arm,
        slope=trend.slope if trend else None,
        slope_low=trend.low if trend else None,
        slope_high=trend.high if trend else None,
        slope_p=trend.p_value if trend else None,
        weekday_p=_weekday_p(question, days),
        days=shown,
    )


def _trend(days: list[tuple[date, ArmMean, ArmMean]], level: float) -> Trend | None:
    try:
        return novelty([((day - days[0][0]).days, treated, base) for day, treated, base in days], level)
    except InferenceError:
        return None


def _weekday_p(question: Question, days: list[tuple[date, MultiMoments, MultiMoments]]) -> float | None:
    by_weekday: dict[int, list[tuple[MultiMoments, MultiMoments]]] = {}
    for day, treated, base in days:
        by_weekday.setdefault(day.isoweekday(), []).append((treated, base))
    if len(by_weekday) < 2:
        return None
    arms = {
        weekday: (
            question.mean(reduce(lambda a, b: a + b, (one[0] for one in pairs))),
            question.mean(reduce(lambda a, b: a + b, (one[1] for one in pairs))),
        )
        for weekday, pairs in by_weekday.items()
    }
    return float(weekday_check(arms, question.level).p_value)
