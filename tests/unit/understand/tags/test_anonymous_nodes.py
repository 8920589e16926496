"""Nodes without a definition: what a segment asks in passing."""

from __future__ import annotations

import datetime as dt

import pytest
from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import (
    DefinitionError,
    anonymous_tags,
    build_tags,
    load_definitions,
    nodes,
    parse_node,
    parse_predicate,
)

AS_OF = dt.date(2024, 3, 1)
SEARCHES = {"node": "count", "source": "events", "where": {"event": "search"}, "days": 7}


def test_nodes_become_tags_of_the_type_of_what_they_compute() -> None:
    asked = anonymous_tags(
        {
            "leaf_1": SEARCHES,
            "leaf_2": nodes.Last(source="purchases", column="channel"),
            "leaf_3": {"node": "holds", "if": {"monthly_spend": {"gt": 100}}},
        },
        load_definitions(catalogue=load_catalogue(None)),
    )
    assert asked.visible == ("leaf_1", "leaf_2", "leaf_3")
    assert [asked[key].type for key in asked.visible] == ["number", "category", "boolean"]
    rows = [{"customer_id": 5, "order_id": 1, "occurred_on": dt.date(2024, 2, 20), "net_minor": 900, "channel": "app"}]
    found = build_tags(moment_from({"purchases": rows}, AS_OF), asked).to_pylist()
    assert found == [{"customer_id": 5, "leaf_1": 0, "leaf_2": "app", "leaf_3": True}]


def test_a_name_that_is_a_tag_already_is_refused() -> None:
    with pytest.raises(DefinitionError, match="monthly_spend are keys of tags"):
        anonymous_tags({"monthly_spend": SEARCHES}, load_definitions(catalogue=load_catalogue(None)))


def test_what_is_no_node_or_condition_is_refused_with_its_place() -> None:
    with pytest.raises(DefinitionError, match="no node"):
        parse_node({"node": "cuont", "source": "events"})
    with pytest.raises(DefinitionError, match="unknown operator"):
        parse_predicate({"value": {"greater": 5}})
    with pytest.raises(DefinitionError, match="days"):
        parse_node(SEARCHES | {"days": -7})


def test_a_name_has_to_be_a_name() -> None:
    with pytest.raises(DefinitionError, match="cannot be the name"):
        anonymous_tags({"; DROP TABLE events": SEARCHES})
