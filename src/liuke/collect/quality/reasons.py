"""Why a row isn't loaded: a key and its facts in store, a sentence in Chinese and English for readers.

A mapping's own reasons (of its `filters` and `checks`) are the shop's words: they are kept and shown as they stand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

LONGEST = 300  # characters of a kept reason: the width of its column
LONGEST_FACT = 110  # of it for one fact as JSON writes it: two facts, their names and the key fit

WORDS: dict[str, tuple[str, str]] = {
    "empty": ("“{column}”为空", "{column} is empty"),
    "not_whole": ("“{column}”不是整数", "{column} is not a whole number"),
    "not_number": ("“{column}”不是数字", "{column} is not a number"),
    "not_amount": ("“{column}”不是金额", "{column} is not an amount"),
    "not_minor": (
        "“{column}”不是以最小货币单位（如分）计的整数",
        "{column} is not a whole number of the currency's smallest unit",
    ),
    "not_boolean": ("“{column}”不是“是”或“否”", "{column} is not true or false"),
    "not_instant": (
        "“{column}”不是带时区的时刻，例如 2026-01-31T12:00:00+08:00",
        "{column} is not an instant such as 2026-01-31T12:00:00+08:00",
    ),
    "not_date": ("“{column}”不是日期，例如 2026-01-31", "{column} is not a date such as 2026-01-31"),
    "not_date_like": ("“{column}”不是形如 {like} 的日期", "{column} is not a date like {like}"),
    "not_timestamp": (
        "“{column}”不是时间，例如 2026-01-31 12:00:00",
        "{column} is not a timestamp such as 2026-01-31 12:00:00",
    ),
    "not_timestamp_like": ("“{column}”不是形如 {like} 的时间", "{column} is not a timestamp like {like}"),
    "not_one_of": ("“{column}”不是以下各项之一：{values}", "{column} is not one of {values}"),
    "negative": ("“{column}”小于零", "{column} is below zero"),
    "too_early": ("“{column}”早于 {day}", "{column} is before {day}"),
    "in_future": ("“{column}”在未来", "{column} lies in the future"),
    "unknown_medium": ("“{column}”不是已知的联系渠道", "{column} is no known medium"),
    "unknown_purpose": ("“{column}”不是已知的用途", "{column} is no known purpose"),
    "no_key": ("“{column}”已打码或只是占位，不能用来识别客户", "{column} is masked or a placeholder, no key"),
    "unknown_behaviour": ("“{column}”不在行为目录中", "{column} is not in the catalogue of behaviours"),
    "repeats_key": ("与前面一行重复（主键：{columns}）", "repeats the key ({columns}) of an earlier row"),
    "conflicts": ("与文件 {file} 中的同一行不一致", "conflicts with {file}"),
    "already_loaded": ("已从文件 {file} 载入", "already loaded from {file}"),
    "no_table": ("映射中没有接收这一行的表", "no table takes this row"),
    "row_undecodable": ("这一行不是有效的 {encoding} 文字", "row is not valid {encoding}"),
    "row_too_short": ("这一行的列数少于表头", "row has fewer columns than the header"),
    "row_too_long": ("这一行的列数多于表头", "row has more columns than the header"),
    "row_open_quote": ("这一行的引号没有闭合", "row has a quote that is not closed"),
    "row_wrong_encoding": ("这一行不是映射所写编码的文字", "row is not valid in the declared encoding"),
    "row_too_big": ("这一行超过 2 MB", "row is longer than 2 MB"),
    "row_unreadable": ("这一行无法读取", "row can't be read"),
}
"""Key → (Chinese, English); ``{names}`` are the facts that come with the key. No fact may be a value of the row."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as its readers get it.

    Parameters
    ----------
    zh, en : str
        The sentence.
    key : str
        For programs; empty for the shop's own words, and for rows that were held before reasons had keys.
    facts : mapping of str to str
        What the sentence names besides.
    """

    zh: str
    en: str
    key: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def because(key: str, **facts: str) -> str:
    """Return a reason as it is kept, counted and compared; ``told`` puts it into words.

    Raises
    ------
    ValueError
        If the key has no words, or other facts than its words name.
    """
    wanted = {name for text in WORDS.get(key, ()) for _, name, _, _ in Formatter().parse(text) if name}
    if key not in WORDS or wanted != set(facts):
        raise ValueError(f"the reason {key!r} with {sorted(facts)} has no words")
    return json.dumps({"key": key, **{name: _short(fact) for name, fact in facts.items()}}, ensure_ascii=False)


def told(kept: str) -> Reason:
    """Return a kept reason in words; one without a key says itself in both languages."""
    try:
        facts = json.loads(kept)
        key = facts.pop("key")
        zh, en = (text.format(**facts) for text in WORDS[key])
    except (ValueError, KeyError, TypeError, AttributeError):
        return Reason(kept, kept)
    return Reason(zh, en, key, facts)


def _short(fact: str) -> str:
    """Return the fact, shortened to what fits once it is written as JSON."""
    short = fact
    while len(json.dumps(short, ensure_ascii=False)) > LONGEST_FACT:
        fact = fact[: len(fact) * 9 // 10]
        short = f"{fact}…"
    return short
