"""The example tables beside the shipped definitions: each value stands, and each tag has one."""

from __future__ import annotations

import pytest
from small_moment import moment_from
from tag_examples import ExampleShop, apart, reads_a_rank, together

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import FAMILIES, build_tags, load_definitions, load_examples
from liuke.understand.tags.examples import NOBODY

TAGS = load_definitions(catalogue=load_catalogue(None))
EXAMPLES = load_examples()


def check(shop: ExampleShop) -> None:
    found = {row["customer_id"]: row for row in build_tags(moment_from(shop.relations, shop.as_of), TAGS).to_pylist()}
    wrong = {
        (tag, customer): (found[customer][tag], value)
        for tag, values in shop.expect.items()
        for customer, value in values.items()
        if found[customer][tag] != value
    }
    assert not wrong, f"{shop.place}: found, expected"


def test_every_example_in_one_plan() -> None:
    shop = together(TAGS)
    assert len(shop.expect) > 100
    check(shop)


@pytest.mark.parametrize(
    "shop", [shop for shop in apart() if any(reads_a_rank(TAGS, tag) for tag in shop.expect)], ids=lambda s: s.place
)
def test_ranks_among_an_example_s_own_customers(shop: ExampleShop) -> None:
    check(shop)


@pytest.mark.parametrize("key", TAGS)
def test_a_shipped_tag_has_an_example_that_says_something(key: str) -> None:
    about = [example for example in EXAMPLES if key in example.expect]
    assert any(value != values[NOBODY] for e in about for values in [e.expect[key]] for value in values.values())
    assert any(example.rows_for(TAGS, key) for example in about)


@pytest.mark.parametrize("key", TAGS)
def test_a_shipped_tag_is_told_in_both_languages(key: str) -> None:
    tag = TAGS[key]
    assert tag.group is not None
    assert tag.explain is not None
    assert tag.owner
    for words in (tag.name, tag.explain, tag.group, *tag.labels.values()):
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in words.en)
        assert words.zh
        assert words.en
    if tag.type == "category" and tag.labels:
        said = {v for e in EXAMPLES for v in e.expect.get(key, {}).values() if v is not None}
        assert said <= set(tag.labels)


def test_the_tree_has_three_levels() -> None:
    families = {tag.family for tag in TAGS.values()}
    assert families == set(FAMILIES) - {"feature"}
    groups = {(tag.family, tag.group.key): tag.group for tag in TAGS.values() if tag.group}
    assert len(groups) >= 15
    for tag in TAGS.values():  # one key, one pair of names
        assert tag.group
        assert groups[tag.family, tag.group.key] == tag.group
    assert 90 <= len(TAGS.visible) <= 125
