"""The reference page of the shipped tags: the tree, and each tag in words with its example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import (
    FAMILIES,
    NOBODY,
    Example,
    TagDefinition,
    TagSet,
    explain,
    load_definitions,
    load_examples,
)

_Group: TypeAlias = tuple[str, str]  # family and group

_HEAD = """# Shipped tags

{tags} tags in {families} families and {groups} groups. How to write one's own:
[Define a tag](../tutorials/define-a-tag.md). A shop changes a shipped tag by defining its key again in `tags/`:
thresholds, categories and stages are data.

In the examples `5 d` is five days before 00:00 of the day the tags are asked for: `1 d` is yesterday. Money is in minor
units (分, cents). Customer {nobody} has nothing. Every example is run as a test.
"""
_TYPES = {
    "number": ("number", "数值"), "money_minor": ("money", "金额"), "category": ("category", "分类"),
    "boolean": ("yes or no", "是否"), "date": ("date", "日期"), "list": ("list", "列表"),
}  # fmt: skip
_UNITS = {"days": "days 天", "months": "months 月", "share": "share 占比", "times": "times 次", "points": "points 分"}
_PERSONAL = {"pseudonym": "a pseudonym 去标识", "personal": "personal 个人信息", "child": "about a child 儿童信息"}


def tags_page() -> str:
    """Every shipped tag in words, by family and group, with an example."""
    tagset, examples = load_definitions(catalogue=load_catalogue(None)), load_examples()
    tags = (tagset[key] for key in tagset.visible)
    groups: list[_Group] = list(dict.fromkeys((tag.family, tag.group.key) for tag in tags if tag.group is not None))
    families = [family for family in FAMILIES if any(one == family for one, _ in groups)]
    lines = [_HEAD.format(tags=len(tagset.visible), families=len(families), groups=len(groups), nobody=NOBODY)]
    lines += _tree(tagset, families, groups)
    for family in families:
        zh, en = FAMILIES[family]
        lines.append(f"## {en} {zh}\n")
        for keys in (_keys(tagset, *group) for group in groups if group[0] == family):
            group = tagset[keys[0]].group
            assert group is not None
            lines.append(f"### {en} › {group.en} {zh} › {group.zh}\n")
            for key in keys:
                lines += _tag(tagset, key, examples)
    return "\n".join(lines)


def _tree(tagset: TagSet, families: Sequence[str], groups: Sequence[_Group]) -> list[str]:
    lines = ["| family | group | tags |", "|---|---|---|"]
    for family in families:
        for one in (group for group in groups if group[0] == family):
            keys = _keys(tagset, *one)
            group = tagset[keys[0]].group
            assert group is not None
            names = ", ".join(f"`{key}`" for key in keys)
            lines.append(f"| {FAMILIES[family][1]} {FAMILIES[family][0]} | {group.en} {group.zh} | {names} |")
    return [*lines, ""]


def _keys(tagset: TagSet, family: str, group: str) -> list[str]:
    tags = (tagset[key] for key in tagset.visible)
    return [tag.key for tag in tags if tag.family == family and tag.group is not None and tag.group.key == group]


def _tag(tagset: TagSet, key: str, examples: Sequence[Example]) -> list[str]:
    tag, told = tagset[key], explain(tagset, key)
    lines = [f"#### `{key}` {tag.name.en} {tag.name.zh}\n", f"{told.en}.\\", f"{told.zh}。\n"]
    lines += [f"- {line}" for line in _facts(tag)]
    lines += [f"- computed as: {told.formula_en}", f"- 计算：{told.formula_zh}", ""]
    about = next((example for example in examples if key in example.expect), None)
    return lines + (_example(tagset, key, about) if about else [])


def _facts(tag: TagDefinition) -> Iterator[str]:
    kind = " ".join(_TYPES[tag.type]) + (f", {_UNITS[tag.unit]}" if tag.unit else "")
    yield kind + f"; owner {tag.owner}" + (f"; {_PERSONAL[tag.personal]}" if tag.personal in _PERSONAL else "")
    if tag.labels:
        yield "values: " + ", ".join(f"`{value}` {words.en} {words.zh}" for value, words in tag.labels.items())


def _example(tagset: TagSet, key: str, example: Example) -> list[str]:
    rows = example.rows_for(tagset, key)
    products = [f"- product {_row(row, 'product_id')}" for row in rows.get("products", ())]
    lines = [*products, *([""] if products else []), "| customer | rows | value |", "|---|---|---|"]
    for customer, value in example.expect[key].items():
        own = [
            f"{view}: {_row(row, 'customer_id')}"
            for view, ones in rows.items()
            for row in ones
            if row.get("customer_id") == customer
        ]
        lines.append(f"| {customer} | {'<br>'.join(own) or 'nothing'} | {_value(value)} |")
    return [*lines, ""]


def _row(row: Mapping[str, Any], about: str) -> str:
    shown = [f"{row['ago']} d"] if "ago" in row else []
    shown += [str(row[about])] if about == "product_id" else []
    return " · ".join([*shown, *(f"{name} {value}" for name, value in row.items() if name not in ("ago", about))])


def _value(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "empty"
    return f"{value:g}" if isinstance(value, float) else str(value)
