"""Ranks: thousandths of the population below, the same from the full build and from published cut-points."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_moment import SmallMoment, moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import DefinitionError, TagSet, build_tags, load_definitions, publish_cut_points

AS_OF = dt.date(2024, 3, 1)
TAGS = """language: 1
family: value
tags:
  - {key: spend, name: {zh: 消费, en: Spend}, type: money_minor,
     value: {node: sum, source: purchases, column: net_minor}}
  - {key: orders, name: {zh: 次数, en: Orders}, type: number, value: {node: count, source: purchases}}
  - {key: rank, name: {zh: 排名, en: Rank}, type: number,
     value: {node: percent_rank, of: spend, among: {orders: {gte: 1}}}}
  - {key: reverse, name: {zh: 反, en: Reverse}, type: number,
     value: {node: percent_rank, of: spend, descending: true}}
  - {key: tier, name: {zh: 层, en: Tier}, type: category,
     value: {node: bucket, of: rank, edges: [0.5], labels: [low, high]}}
"""


@pytest.fixture
def tags(tmp_path: Path) -> TagSet:
    (tmp_path / "ranks.yaml").write_text(TAGS, "utf-8")
    return load_definitions(tmp_path, catalogue=load_catalogue(None), shipped=False)


def shop(amounts: list[int | None]) -> SmallMoment:
    """Customer i + 1 spent amounts[i]; None bought nothing."""
    rows = [
        {"customer_id": i + 1, "order_id": i, "occurred_on": dt.date(2024, 1, 1), "net_minor": amount}
        for i, amount in enumerate(amounts)
        if amount is not None
    ]
    return moment_from({"purchases": rows, "customers": [{"customer_id": i + 1} for i in range(len(amounts))]}, AS_OF)


def test_a_rank_is_the_share_with_a_smaller_value_and_ties_share_it(tags: TagSet) -> None:
    table = build_tags(shop([100, 200, 200, 300, None]), tags)
    assert table["rank"].to_pylist() == [0.0, 0.25, 0.25, 0.75, None]
    assert table["reverse"].to_pylist() == [0.6, 0.2, 0.2, 0.0, 0.8]  # all five, small values first
    assert table["tier"].to_pylist() == ["low", "low", "low", "high", None]


def test_the_top_one_percent_is_exact(tags: TagSet) -> None:
    ranks = build_tags(shop(list(range(1, 401))), tags)["rank"].to_pylist()
    assert sum(rank >= 0.99 for rank in ranks) == 4


def test_ranks_of_a_few_customers_need_cut_points(tags: TagSet) -> None:
    with pytest.raises(DefinitionError, match="publish_cut_points"):
        build_tags(shop([1, 2]), tags, only=[1])


def test_cut_points_of_another_set_are_refused(tags: TagSet) -> None:
    with pytest.raises(DefinitionError, match="no cut-points"):
        build_tags(shop([1, 2]), tags, only=[1], cut_points={"other": (1.0,)})


@settings(max_examples=15, deadline=None)
@given(amounts=st.lists(st.none() | st.integers(-3, 30), min_size=1, max_size=60), data=st.data())
def test_a_few_customers_get_the_rank_of_the_full_build(amounts: list[int | None], data: st.DataObject) -> None:
    import yaml

    from liuke.understand.tags.loading import parse_document

    tags = TagSet(parse_document(yaml.safe_load(TAGS), "ranks", ()))
    moment = shop(amounts)
    only = data.draw(st.lists(st.integers(1, len(amounts) + 1), min_size=1, max_size=5))
    full = [row for row in build_tags(moment, tags).to_pylist() if row["customer_id"] in only]
    assert build_tags(moment, tags, only=only, cut_points=publish_cut_points(moment, tags)).to_pylist() == full


def test_a_stranger_gets_the_rank_that_the_last_full_build_implies(tags: TagSet) -> None:
    cuts = publish_cut_points(shop([100, 200, 300, 400]), tags)
    found = build_tags(shop([250]), tags, only=[1], cut_points=cuts).to_pylist()
    assert found[0]["rank"] == 0.5


def test_shipped_tags_of_a_few_customers_equal_the_full_build() -> None:
    tags = load_definitions(catalogue=load_catalogue(None))
    rows = [
        {
            "customer_id": c,
            "order_id": 10 * c + k,
            "occurred_on": AS_OF - dt.timedelta(days=17 * k + c),
            "net_minor": 500 * c + k,
        }
        for c in range(1, 13)
        for k in range(c % 4 + 1)
    ]
    moment = moment_from({"purchases": rows, "customers": [{"customer_id": 99}]}, AS_OF)
    cuts = publish_cut_points(moment, tags)
    full = {row["customer_id"]: row for row in build_tags(moment, tags).to_pylist()}
    few = build_tags(moment, tags, only=[99, 3, 12], cut_points=cuts).to_pylist()
    assert few == [full[3], full[12], full[99]]
    assert full[11]["value_tier"] == "top_20"
    assert full[99]["lifecycle"] == "prospect"
