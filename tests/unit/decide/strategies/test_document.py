"""A document is checked in full, and its version is the hash of what it means."""

import pytest

from liuke.decide.strategies import READY_STRATEGIES, StrategyError, load_strategies, parse_strategy
from liuke.engage.outreach import READY_TEMPLATES, TemplateLibrary

TEXT = """
language: 1
id: hello
name: {zh: 你好, en: Hello}
description: {zh: 述, en: D}
audience: {tag: recency_days, gt: 10}
message: {node: a, channel: email, template: t}
"""


def test_the_version_follows_the_meaning_and_not_the_writing():
    base = parse_strategy(TEXT)
    rewritten = parse_strategy("# a comment\ncontrol_share: 0.10\nentry: {}\n" + TEXT.replace(": 1", ":  1"))
    assert rewritten.version == base.version
    assert len(base.version) == 16
    for old, new in [("gt: 10", "gt: 11"), ("node: a", "node: b"), ("zh: 你好", "zh: 您好")]:
        assert parse_strategy(TEXT.replace(old, new)).version != base.version


def test_a_stored_version_reads_back_as_the_same_version():
    strategy = parse_strategy(TEXT)
    assert parse_strategy(strategy.normalised()) == strategy


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("language: 1", "language: 2", "language"),
        ("gt: 10", "gt: 10, lt: 20", "exactly one operator"),
        ("gt: 10", "about: 10", "about"),
        ("tag: recency_days, ", "", "exactly one of `tag` and `profile`"),
        ("id: hello", "id: ../etc", "id"),
        ("channel: email, ", "", "message.channel"),
        ("{tag: recency_days, gt: 10}", "{all: []}", "audience.all"),
        ("{tag: recency_days, gt: 10}", "{level: [purple]}", "level"),
        ("node: a", "node: a, colour: red", "colour"),
        ("id: hello", "id: hello\ncontrol_share: 1.0", "control_share"),
        ("id: hello", "id: hello\nentry: {key: order_id, again_after_days: 3}", "not both"),
        ("{tag: recency_days, gt: 10}", "{not: " * 20 + "{level: [red]}" + "}" * 20, "deeper"),
        ("language: 1", "language: [", "YAML"),
    ],
)
def test_mistakes_name_their_place(old, new, words):
    with pytest.raises(StrategyError) as caught:
        parse_strategy(TEXT.replace(old, new), "hello.yaml")
    assert words in str(caught.value)
    assert "hello.yaml" in caught.value.message
    assert caught.value.hint


def test_no_document_at_all():
    with pytest.raises(StrategyError, match="no strategy"):
        parse_strategy("just a text")


def test_a_shops_own_strategy_replaces_the_ready_one(tmp_path):
    (tmp_path / "mine.yaml").write_text(TEXT.replace("id: hello", "id: second_purchase"), encoding="utf-8")
    found = load_strategies([READY_STRATEGIES, tmp_path])
    assert list(found) == ["second_purchase", "sleeping_customer"]
    assert found["second_purchase"].name.zh == "你好"


def test_the_ready_strategies_are_lawful_and_have_templates_in_both_languages():
    library = TemplateLibrary([READY_TEMPLATES])
    for strategy in load_strategies([READY_STRATEGIES]).values():
        assert strategy.control_share == 0.10
        library.check(strategy.message.template, strategy.message.purpose)
        for language, mark in (("zh", "（AD）"), ("en", "[AD]")):
            variables = {"name": "李", "shop": "小店", "unsubscribe": "https://shop.example/u/1"}
            made = library.render(strategy.message.template, language, variables)
            assert made.subject.startswith(mark)  # advertising mail has to say so in its subject
            assert "https://shop.example/u/1" in made.text
            assert "https://shop.example/u/1" in made.html
            for word in ("奶粉", "formula", "母乳", "1段", "恭喜", "congratulat"):
                assert word not in (made.subject + made.text + made.html).lower()
