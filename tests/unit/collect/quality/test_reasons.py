"""Reasons: kept as a key with facts, told in both languages."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import get_args

import pytest

import liuke
from liuke.collect.quality import because, told
from liuke.collect.quality.reasons import LONGEST, WORDS
from liuke.collect.sources.mapping import ColumnSpecification
from liuke.collect.sources.targets import TARGETS, TEXT
from liuke.collect.sources.types import mismatch

FACTS = ("column", "columns", "like", "values", "file", "encoding", "day")


def facts_of(key: str) -> dict[str, str]:
    return {name: f"<{name}>" for name in FACTS if f"{{{name}}}" in WORDS[key][0]}


@pytest.mark.parametrize("key", WORDS)
def test_each_reason_is_told_in_chinese_and_english(key: str) -> None:
    facts = facts_of(key)
    reason = told(because(key, **facts))
    assert (reason.key, reason.facts) == (key, facts)
    assert any("一" <= letter <= "鿿" for letter in reason.zh)
    assert reason.en.isascii()
    assert all(fact in reason.zh and fact in reason.en for fact in facts.values())


def test_a_mapping_can_only_raise_reasons_that_have_words() -> None:
    kinds = {(field.kind, tuple(field.facts)) for target in TARGETS.values() for field in target.fields.values()}
    named = [(kind, dict.fromkeys(facts, "b")) for kind, facts in kinds if kind != TEXT]
    keys = {told(because(f"not_{kind}", column="a", **facts)).key for kind, facts in named}
    types = get_args(ColumnSpecification.model_fields["type"].annotation)
    keys |= {told(mismatch("a", ColumnSpecification(type=name))).key for name in types if name != "text"}
    dated = ("date", "timestamp")
    keys |= {told(mismatch("a", ColumnSpecification(type=name, format="%Y"))).key for name in dated}
    assert len(keys) > 8
    assert keys <= set(WORDS)


def test_every_reason_that_the_product_names_has_words_and_every_one_is_named() -> None:
    texts = set()
    for path in (Path(liuke.__file__).parent / "collect").rglob("*.py"):
        if path.name != "reasons.py":
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            texts |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = {key for key in WORDS if key in texts or key.removeprefix("not_").removesuffix("_like") in texts}
    assert set(WORDS) - named == set()


@pytest.mark.parametrize("kept", ["price is not an amount", "14", '{"key": "empty"}', '{"a": 1}', "数量不对", "[]", ""])
def test_words_without_a_key_say_themselves(kept: str) -> None:
    assert (told(kept).zh, told(kept).en, told(kept).key) == (kept, kept, "")


@pytest.mark.parametrize("long", ["列" * 400, '"' * 400, "\\{}" * 200, "a" * 400])
def test_a_long_name_is_shortened_not_cut_in_the_middle_of_the_reason(long: str) -> None:
    kept = because("not_timestamp_like", column=long, like=long)
    assert len(kept) <= LONGEST
    assert json.loads(kept)["column"].endswith("…")
    assert told(kept).key == "not_timestamp_like"


@pytest.mark.parametrize(("key", "facts"), [("nonsense", {}), ("empty", {}), ("empty", {"column": "a", "value": "b"})])
def test_a_reason_without_words_is_a_fault_of_the_code(key: str, facts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="has no words"):
        because(key, **facts)
