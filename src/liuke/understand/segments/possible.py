"""Can anybody pass a rule at all? What nobody can pass is a mistake, and inside `not` it selects everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from liuke.kernel import impossible
from liuke.understand.segments.comparisons import Between, Compare, Comparison, OneOf
from liuke.understand.segments.errors import SegmentError
from liuke.understand.segments.rules import (
    All,
    EventCondition,
    ProfileCondition,
    SequenceCondition,
    TagCondition,
    Where,
)


def refuse_contradiction(rule: All, lists: Collection[str]) -> None:
    """Refuse conditions on one tag or field that no value passes together.

    Parameters
    ----------
    lists : collection of str
        Tags that hold several values at once, which may pass what one value could not.

    Raises
    ------
    SegmentError
        Naming the tag or field.
    """
    asked: dict[str, list[Comparison]] = {}
    for part in rule.of:
        if isinstance(part, TagCondition | ProfileCondition):
            name = part.tag if isinstance(part, TagCondition) else part.field
            if name not in lists:
                asked.setdefault(name, []).append(part.test)
    _refuse(asked)


def refuse_impossible_count(rule: EventCondition) -> None:
    """Refuse a count below zero, more days than the window has, and tests of one column that exclude each other.

    Raises
    ------
    SegmentError
        Naming what is asked for.
    """
    refuse_impossible_where(rule.where)
    if rule.test is None or rule.how == "sum":
        return
    asked = [*_operands(rule.test), ("gte", 0)]
    if rule.how == "days" and rule.days is not None:
        asked.append(("lte", rule.days))
    if impossible(asked):
        raise SegmentError(
            f"`{rule.how}` of {rule.source} can never pass its test",
            hint="a count is 0 or more, and no window has more days than it is long",
            zh=f"{rule.source} 的次数或天数不可能满足这个条件：次数不小于 0，天数不超过时间窗的长度",
        )


def refuse_impossible_wait(rule: SequenceCondition) -> None:
    """Refuse to wait longer for the second step than the window of the first steps reaches back.

    Raises
    ------
    SegmentError
        With both lengths.
    """
    for step in (rule.first, rule.second):
        refuse_impossible_where(step.where)
    if rule.then == "did_not" and rule.within_days >= rule.days:
        raise SegmentError(
            f"no first step of the last {rule.days} days has already waited {rule.within_days} days",
            hint=f"let `days` be more than {rule.within_days}",
            zh=f"最近 {rule.days} 天内的第一步都还没等满 {rule.within_days} 天：时间窗要长于等待的天数",
        )


def refuse_impossible_where(tests: Iterable[Where]) -> None:
    """Refuse tests of one column that no row passes together."""
    asked: dict[str, list[Comparison]] = {}
    for one in tests:
        asked.setdefault(one.column, []).append(one.test)
    _refuse(asked)


def _refuse(asked: dict[str, list[Comparison]]) -> None:
    for name, tests in asked.items():
        if impossible(operand for test in tests for operand in _operands(test)):
            raise SegmentError(
                f"nobody can pass all conditions on {name!r}",
                hint="put them under `any`, or mend the values",
                zh=f"{name} 的几个条件不可能同时成立：改用“任一”，或改正取值",
            )


def _operands(test: Comparison) -> Iterable[tuple[str, object]]:
    match test:
        case Compare():
            yield test.op, test.value
        case Between():
            yield "between", (test.low, test.high)
        case OneOf():
            yield test.op, test.values
