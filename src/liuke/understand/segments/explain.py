"""A rule in words, for somebody who reads neither YAML nor SQL: one indented line per condition, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from liuke.understand.segments.comparisons import (
    Anniversary,
    Between,
    Compare,
    Comparison,
    DayTest,
    Known,
    OneOf,
    TextTest,
    WithinLast,
)
from liuke.understand.segments.rules import (
    All,
    Any_,
    AnyRule,
    EventCondition,
    ExpressionCondition,
    Not,
    ProfileCondition,
    RandomShare,
    SegmentCondition,
    SequenceCondition,
    Step,
    TagCondition,
    Where,
)

Pair: TypeAlias = tuple[str, str]
"""(Chinese, English)."""

_SOURCES: Mapping[str, Pair] = {
    "events": ("行为", "behaviour"), "purchases": ("购买", "a purchase"),
    "purchase_items": ("购买商品", "a product bought"),
    "touches": ("其他工具的触达", "a contact by another tool"),
}  # fmt: skip
_COUNTED: Mapping[str, Pair] = {
    "events": ("行为次数", "times of behaviour"), "purchases": ("购买次数", "purchases"),
    "purchase_items": ("购买商品行数", "product lines bought"), "touches": ("触达次数", "contacts by other tools"),
}  # fmt: skip
_COLUMNS: Mapping[str, Pair] = {
    "event": ("行为", "behaviour"), "channel": ("渠道", "channel"), "category": ("品类", "category"),
    "subcategory": ("子品类", "subcategory"), "brand": ("品牌", "brand"), "stage": ("段位", "stage"),
    "value": ("数值", "value"), "net_minor": ("实付金额", "net amount"), "discount_minor": ("优惠金额", "discount"),
    "margin_minor": ("毛利", "margin"), "quantity": ("件数", "quantity"), "n_items": ("商品行数", "product lines"),
    "product_id": ("商品", "product"), "product.product_key": ("商品编号", "product key"),
    "product.brand": ("品牌", "brand"),
    "product.category": ("品类", "category"), "campaign": ("活动", "campaign"), "status": ("状态", "status"),
}  # fmt: skip
_FIELDS: Mapping[str, Pair] = {
    "registered_on": ("注册日期", "day of registration"), "gender": ("性别", "gender"),
    "birth_month": ("出生月份", "month of birth"),
    "province": ("省份", "province"), "city": ("城市", "city"), "channel": ("来源渠道", "channel of origin"),
    "member_tier": ("会员等级", "member tier"), "member_since_on": ("入会日期", "member since"),
    "first_seen_on": ("首次出现日期", "first seen on"), "level": ("预警等级", "warning level"),
}  # fmt: skip
_SIGNS = {"eq": ("等于", "is"), "ne": ("不等于", "is not"), "lt": ("小于", "is below"), "lte": ("不超过", "is at most"),
          "gt": ("大于", "is above"), "gte": ("不少于", "is at least")}  # fmt: skip


@dataclass(frozen=True)
class RuleWords:
    """The shop's words for what stands in rules; a name that is not here speaks for itself.

    Attributes
    ----------
    tags, events, segments : mapping of key to (zh, en)
    values : mapping of tag to mapping of value to (zh, en)
    money : frozenset of str
        Tags and columns whose numbers are minor currency units.
    minor_per_major : int
        Minor units of one currency unit.
    """

    tags: Mapping[str, Pair] = field(default_factory=dict)
    events: Mapping[str, Pair] = field(default_factory=dict)
    segments: Mapping[str, Pair] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Pair]] = field(default_factory=dict)
    money: frozenset[str] = frozenset()
    minor_per_major: int = 100


def explain_rule(rule: AnyRule, words: RuleWords | None = None) -> Pair:
    """Return the rule in (Chinese, English), one line per condition, groups indented."""
    teller = _Teller(words or RuleWords())
    lines = list(teller.lines(rule, 0))
    return "\n".join(zh for zh, _ in lines), "\n".join(en for _, en in lines)


class _Teller:
    def __init__(self, words: RuleWords) -> None:
        self._words = words

    def lines(self, rule: AnyRule, depth: int) -> Iterator[Pair]:
        indent = "  " * depth
        match rule:
            case All() | Any_():
                head = ("同时满足：", "all of:") if isinstance(rule, All) else ("满足任一：", "any of:")
                yield indent + head[0], indent + head[1]
                for part in rule.of:
                    yield from self.lines(part, depth + 1)
            case Not():
                yield indent + "不满足：", indent + "not:"
                yield from self.lines(rule.of, depth + 1)
            case _:
                zh, en = self._condition(rule)
                yield indent + zh, indent + en

    def _condition(self, rule: AnyRule) -> Pair:
        match rule:
            case TagCondition():
                name = self._words.tags.get(rule.tag, (rule.tag, rule.tag))
                return self._test(name, rule.test, rule.tag)
            case ProfileCondition():
                return self._test(_FIELDS.get(rule.field, (rule.field, rule.field)), rule.test, rule.field)
            case EventCondition():
                return self._event(rule)
            case SequenceCondition():
                return self._sequence(rule)
            case SegmentCondition():
                zh, en = self._words.segments.get(rule.segment, (rule.segment, rule.segment))
                return f"属于人群“{zh}”", f"is in the segment “{en}”"
            case RandomShare():
                return f"随机抽取的 {rule.share:.4g} 比例", f"in a random share of {rule.share:.4g}"
            case ExpressionCondition():
                return f"表达式：{rule.text}", f"expression: {rule.text}"
        raise AssertionError(rule)

    def _test(self, name: Pair, test: Comparison, key: str) -> Pair:
        def said(value: object) -> Pair:
            return self._value(value, key)

        zh, en = name
        match test:
            case Known():
                known = test.op == "known"
                return f"{zh}{'有值' if known else '缺失'}", f"{en} is {'known' if known else 'missing'}"
            case Compare():
                value, sign = said(test.value), _SIGNS[test.op]
                return f"{zh}{sign[0]} {value[0]}", f"{en} {sign[1]} {value[1]}"
            case Between():
                low, high = said(test.low), said(test.high)
                return f"{zh}在 {low[0]} 到 {high[0]} 之间", f"{en} is from {low[1]} to {high[1]}"
            case OneOf():
                listed = [said(value) for value in test.values[:8]]
                more = len(test.values) - len(listed)
                tail = (f" 等 {len(test.values)} 个", f" and {more} more") if more else ("", "")
                inside = test.op == "in"
                return (
                    f"{zh}{'为' if inside else '不为'} {'、'.join(one[0] for one in listed)}{tail[0]}",
                    f"{en} is {'' if inside else 'not '}one of {', '.join(one[1] for one in listed)}{tail[1]}",
                )
            case TextTest():
                value = said(test.text)
                verb = ("包含", "contains") if test.op == "contains" else ("开头为", "begins with")
                return f"{zh}{verb[0]} {value[0]}", f"{en} {verb[1]} {value[1]}"
            case DayTest():
                return f"{zh}早于 {test.day}" if test.op == "before" else f"{zh}晚于 {test.day}", (
                    f"{en} is {test.op} {test.day}"
                )
            case WithinLast():
                return f"{zh}在最近 {test.days} 天内", f"{en} is within the last {test.days} days"
            case Anniversary():
                return (
                    f"{zh}的周年日在未来 {test.days} 天内",
                    f"an anniversary of {en} is within {test.days} days from now",
                )
        raise AssertionError(test)

    def _event(self, rule: EventCondition) -> Pair:
        window = _window(rule.days, rule.ago)
        which = self._wheres(rule.where)
        what = _SOURCES[rule.source]
        if rule.how in ("did", "did_not"):
            did = rule.how == "did"
            return (
                f"{window[0]}{'有' if did else '没有'}{what[0]}{which[0]}",
                f"{'had' if did else 'had no'} {_bare(what[1]) if not did else what[1]}{which[1]} {window[1]}",
            )
        if rule.how == "days":
            name = (f"有{what[0]}的天数", f"days with {what[1]}")
        elif rule.how == "count":
            name = _COUNTED[rule.source]
        else:
            column = _COLUMNS.get(rule.column or "", (rule.column or "", rule.column or ""))
            name = (
                (f"{column[0]}合计", f"sum of {column[1]}") if rule.how == "sum"
                else (f"不同{column[0]}个数", f"number of different {column[1]} values")
            )  # fmt: skip
        assert rule.test is not None
        key = rule.column or "" if rule.how == "sum" else ""
        return self._test(
            (f"{window[0]}{name[0]}{which[0]}", f"{name[1]}{which[1]} {window[1]}"), rule.test, key
        )  # fmt: skip

    def _sequence(self, rule: SequenceCondition) -> Pair:
        first, second = self._step(rule.first), self._step(rule.second)
        days, within = rule.days, rule.within_days
        then = ("又有", "and then") if rule.then == "did" else ("却没有", "but then no")
        return (
            f"最近 {days} 天内有{first[0]}，之后 {within} 天内{then[0]}{second[0]}",
            f"had {first[1]} in the last {days} days, {then[1]} "
            f"{second[1] if rule.then == 'did' else _bare(second[1])} within {within} days",
        )

    def _step(self, step: Step) -> Pair:
        what, which = _SOURCES[step.source], self._wheres(step.where)
        return what[0] + which[0], what[1] + which[1]

    def _wheres(self, tests: tuple[Where, ...]) -> Pair:
        if not tests:
            return "", ""
        said = [
            self._test(_COLUMNS.get(one.column, (one.column, one.column)), one.test, one.column) for one in tests
        ]  # fmt: skip
        return f"（{'，'.join(zh for zh, _ in said)}）", f" ({', '.join(en for _, en in said)})"

    def _value(self, value: object, key: str) -> Pair:
        named = self._words.values.get(key, {}).get(str(value).lower() if isinstance(value, bool) else str(value))
        if named:
            return named
        if key == "event" and isinstance(value, str):
            return self._words.events.get(value, (value, value))
        if isinstance(value, bool):
            return ("是", "yes") if value else ("否", "no")
        if isinstance(value, int | float) and (key in self._words.money or key.endswith("_minor")):
            amount = f"{value / self._words.minor_per_major:g}"
            return amount, amount
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return text, text


def _window(days: int | None, ago: int) -> Pair:
    if days is None:
        return ("以往" if not ago else f"{ago} 天以前"), ("ever" if not ago else f"more than {ago} days ago")
    if not ago:
        return f"最近 {days} 天", f"in the last {days} days"
    return f"{ago + days} 天前到 {ago} 天前", f"from {ago + days} to {ago} days ago"


def _bare(words: str) -> str:
    return words.removeprefix("a ")
