"""The analyst's YAML and the operator's JSON are the same objects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import DefinitionError, TagDefinition, TagSet, load_definitions
from liuke.understand.tags.loading import parse_document

CASES = yaml.safe_load((Path(__file__).parents[3] / "spec" / "tags" / "nodes.yaml").read_text("utf-8"))


def test_shipped_definitions_survive_json_and_yaml() -> None:
    shipped = load_definitions(catalogue=load_catalogue(None))
    by_json = TagSet(map(TagDefinition.from_document, json.loads(json.dumps(shipped.to_document()))["tags"]))
    by_yaml = TagSet(parse_document(yaml.safe_load(yaml.safe_dump(shipped.to_document(), allow_unicode=True)), "x", ()))
    for back in (by_json, by_yaml):
        assert dict(back) == dict(shipped)
        assert back.hash() == shipped.hash()
        assert [back.definition_hash(key) for key in back] == [shipped.definition_hash(key) for key in shipped]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_every_node_survives_json(case: dict[str, object]) -> None:
    document = {"key": "t", "family": "value", "name": {"zh": "值", "en": "Value"}} | {
        "type": case["type"], "value": case["value"],
    }  # fmt: skip
    (one,) = parse_document({"language": 1, "tags": [document]}, "nodes.yaml", load_catalogue(None).active_names)
    back = TagDefinition.from_document(json.loads(json.dumps(one.to_document())))
    assert back.to_document() == one.to_document()
    assert TagSet([back]).definition_hash("t") == TagSet([one]).definition_hash("t")


def test_the_normal_form_is_short() -> None:
    document = {
        "key": "t", "family": "value", "name": {"zh": "值", "en": "Value"}, "type": "number",
        "value": {"node": "count", "source": "events", "where": {"value": {"gte": 5, "lt": 9}}, "days": 30},
    }  # fmt: skip
    normal = TagDefinition.from_document(document).to_document()
    assert normal["value"]["where"] == {"all": [{"value": {"gte": 5}}, {"value": {"lt": 9}}]}
    assert set(normal["value"]) == {"node", "source", "where", "days"}
    assert set(normal) == set(document)


def test_a_document_that_is_no_tag_is_refused_with_its_place() -> None:
    with pytest.raises(DefinitionError, match=r"api, tag 't', value.count.source"):
        TagDefinition.from_document(
            {"key": "t", "family": "value", "name": {"zh": "", "en": ""}, "type": "number", "value": {"node": "count"}},
            "api",
        )
