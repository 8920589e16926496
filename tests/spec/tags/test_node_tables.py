"""Runs the tables of `nodes.yaml`: one readable case per rule of a node."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import TagSet, build_tags
from liuke.understand.tags.loading import parse_document
from liuke.understand.tags.nodes import AnyNode

AS_OF = dt.date(2024, 3, 1)
CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("nodes.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_node_says_what_its_table_says(case: dict[str, Any]) -> None:
    tag = {"key": "answer", "name": {"zh": "答", "en": "Answer"}, "type": case["type"], "value": case["value"]}
    document = {"language": 1, "family": "value", "tags": [tag]}
    tags = TagSet(parse_document(document, "nodes.yaml", load_catalogue(None).active_names))
    table = build_tags(moment_from(case["rows"], AS_OF), tags, scores={"churn": "scores_churn"})
    found = dict(zip(table["customer_id"].to_pylist(), table["answer"].to_pylist(), strict=True))
    assert found == case["expect"]


def test_every_node_has_a_table() -> None:
    shown = {match for case in CASES for match in _nodes(case["value"])}
    known = {node.model_fields["node"].default for node in get_args(AnyNode)}
    elsewhere = {"tag", "constant", "percent_rank"}  # test_tag_sets.py, test_ranks.py
    assert known - elsewhere <= shown


def _nodes(value: Any) -> set[str]:
    if isinstance(value, dict):
        here = {value["node"]} if "node" in value else set()
        return here.union(*(_nodes(item) for item in value.values()))
    return set().union(*(_nodes(item) for item in value)) if isinstance(value, list) else set()
