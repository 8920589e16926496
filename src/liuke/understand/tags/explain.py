"""A definition in words, for somebody who reads neither YAML nor SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from liuke.understand.tags.nodes import (
    Aggregate,
    Bucket,
    Case,
    Combine,
    Constant,
    Decayed,
    Default,
    Holds,
    Model,
    Node,
    PercentRank,
    Sequence,
    Tag,
)
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Test
from liuke.understand.tags.tagset import TagSet, Words

_NODES: dict[str, tuple[str, str]] = {
    "count": ("次数", "number of rows"),
    "sum": ("合计", "sum"),
    "mean": ("均值", "mean"),
    "min": ("最小值", "smallest"),
    "max": ("最大值", "largest"),
    "distinct_count": ("不同值个数", "number of different values"),
    "distinct_days": ("天数", "number of different days"),
    "first": ("最早一次的值", "first value"),
    "last": ("最近一次的值", "latest value"),
    "age": ("距最早一次的天数", "days since the earliest"),
    "recency": ("距最近一次的天数", "days since the latest"),
    "gap_stats": ("间隔天数", "days between successive days"),
    "top": ("最多的值", "most frequent or largest"),
    "attribute": ("资料字段", "profile field"),
    "days_since": ("距今天数", "days since"),
    "months_since": ("距今月数", "months since"),
    "ratio": ("比值", "ratio"),
    "trend": ("趋势", "trend against the window before"),
    "per_child": ("按每个孩子", "for each child"),
    "sequence": ("先后顺序", "sequence"),
    "decayed": ("按时间衰减的合计", "amount that fades"),
    "model": ("模型评分", "score of a model"),
}
_SOURCES: dict[str, tuple[str, str]] = {
    "purchases": ("购买", "purchases"), "purchase_items": ("购买明细", "purchase lines"), "events": ("行为", "events"),
    "acts": ("行为与付款订单", "events and paid orders"),
    "touches": ("触达", "contacts"), "order_facts": ("订单事实", "order facts"), "children": ("孩子", "children"),
}  # fmt: skip
_OPS = {"eq": "=", "ne": "≠", "lt": "<", "lte": "≤", "gt": ">", "gte": "≥", "in": "∈", "not_in": "∉", "contains": "∋"}
_MISSING = {"missing": "∅", "empty": "[]"}

_LARGER = {"least": ("取较小者", "the smallest of"), "greatest": ("取较大者", "the largest of")}

_SHOWN = 6  # values of a list that are named; of a longer one its length is said


@dataclass(frozen=True)
class Explanation:
    """A tag in words: what it says, and how it is computed, in both languages; `hash` names this very computation."""

    key: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    needs: tuple[str, ...]
    hash: str


def explain(tagset: TagSet, key: str) -> Explanation:
    """Return a tag's definition in words.

    Raises
    ------
    DefinitionError
        If the tag is unknown.
    """
    definition = tagset[key]
    words: Words = definition.explain or definition.name
    return Explanation(
        key, words.zh, words.en, _say(definition.value, tagset, 0), _say(definition.value, tagset, 1), definition.needs,
        tagset.definition_hash(key),
    )  # fmt: skip


def _say(node: Node, tagset: TagSet, language: int) -> str:
    def inner(part: Node) -> str:
        return _say(part, tagset, language)

    open_, close = ("（", "）") if language == 0 else (" (", ")")
    match node:
        case Tag():
            return _tag_name(node.key, tagset, language)
        case Constant():
            return str(node.value)
        case Aggregate():
            return _rows(node, language)
        case Bucket():
            sets = node.edges if isinstance(node.edges, dict) else {"": node.edges}
            sets = sets | ({("其他", "else")[language]: node.otherwise} if node.otherwise else {})
            said = "; ".join(
                (f"{name}: " if name else "") + ", ".join(f"{edge:g}" for edge in edges) for name, edges in sets.items()
            )
            by = f" [{inner(node.by)}]" if node.by is not None else ""
            return f"{inner(node.of)} → {' / '.join(map(str, node.labels))}{open_}{said}{close}{by}"
        case Model():
            return f"{_NODES['model'][language]}{open_}{node.model}.{node.column}{close}"
        case Case():
            lines = [f"{_condition(b.condition)} → {inner(b.then)}" for b in node.when]
            lines += [inner(node.otherwise)] if node.otherwise is not None else []
            return "; ".join(lines) + _given(node, tagset, language)
        case Holds():
            return _condition(node.condition) + _given(node, tagset, language)
        case Combine() if node.op in _LARGER:
            return f"{_LARGER[node.op][language]}{open_}{'; '.join(inner(part) for part in node.of)}{close}"
        case Combine():
            sign = {"add": " + ", "subtract": " − ", "multiply": " × "}[node.op]
            return sign.join(inner(part) for part in node.of)
        case PercentRank():
            ranked = ("在全部客户中的百分位", "rank among customers")[language]
            return f"{_tag_name(node.of, tagset, language)}: {ranked}" + (
                f" [{_condition(node.among)}]" if node.among is not None else ""
            )
    if isinstance(node, Default):
        return f"{open_}{inner(node.of)} {('缺失时取', 'or, if missing,')[language]} {node.value}{close}".strip()
    word = _NODES[node.node][language]  # type: ignore[attr-defined]
    if hasattr(node, "numerator"):
        return f"{inner(node.numerator)} ÷ {inner(node.denominator)}"  # type: ignore[attr-defined]
    below = getattr(node, "of", None)
    return f"{word}{open_}{inner(below) if isinstance(below, Node) else getattr(node, 'column', '')}{close}"


def _given(node: Case | Holds, tagset: TagSet, language: int) -> str:
    """Return what the names of `let` stand for."""
    said = [f"{name} = {_say(part, tagset, language)}" for name, part in node.let.items()]
    return (("；其中 ", "; where ")[language] + "; ".join(said)) if said else ""


def explain_node(node: Node, tagset: TagSet, language: int) -> str:
    """Return one node in words: 0 Chinese, 1 English."""
    return _say(node, tagset, language)


def _tag_name(key: str, tagset: TagSet, language: int) -> str:
    if key not in tagset:  # a name given by `let`
        return key
    words = tagset[key].name
    return words.zh if language == 0 else words.en


def _rows(node: Aggregate, language: int) -> str:
    kind: str = node.node  # type: ignore[attr-defined]
    column = getattr(node, "column", None) or getattr(node, "stat", None)
    parts = [_SOURCES[node.source][language], _NODES[kind][language]] + ([f"[{column}]"] if column else [])
    text = " ".join(parts) if language else "".join(parts)
    if node.where is not None:
        text += f" | {_condition(node.where)}"
    if node.days is not None:
        text += (f"，近{node.days}天", f", last {node.days} days")[language]
        text += (f"（止于{node.ago}天前）", f" until {node.ago} days ago")[language] if node.ago else ""
    if isinstance(node, Decayed):
        text += (f"，半衰期{node.half_life}天", f", half-life {node.half_life} days")[language]
    return text + (_followed(node, language) if isinstance(node, Sequence) else "")


def _followed(node: Sequence, language: int) -> str:
    step = node.then or node.then_not
    assert step is not None
    word = (("→", "→ then"), ("→ 之后没有", "→ then no"))[node.then is None][language]
    what = _SOURCES[step.source or node.source][language]
    where = f" | {_condition(step.where)}" if step.where is not None else ""
    limit = (f"，{node.within}天内", f", within {node.within} days")[language] if node.within is not None else ""
    return f" {word} {what}{where}{limit}"


def _condition(predicate: Any) -> str:
    match predicate:
        case Test():
            if predicate.op in _MISSING:
                return f"{predicate.field} {'=' if predicate.value else '≠'} {_MISSING[predicate.op]}"
            value = predicate.value
            items = value if isinstance(value, tuple) else (value,)
            more = f", … ({len(items)})" if len(items) > _SHOWN else ""
            shown = ", ".join(map(str, items[:_SHOWN])) + more
            return f"{predicate.field} {_OPS[predicate.op]} {shown}"
        case Not():
            return f"¬({_condition(predicate.part)})"
        case AllOf():
            return " ∧ ".join(_condition(part) for part in predicate.parts) or "⊤"
        case AnyOf():
            return "(" + " ∨ ".join(_condition(part) for part in predicate.parts) + ")"
    raise AssertionError(predicate)
