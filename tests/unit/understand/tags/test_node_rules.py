"""What nodes refuse, and what a plan does without scores."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from small_moment import moment_from

from liuke.understand.tags import DefinitionError, TagDefinition, TagSet, anonymous_tags, build_tags, compile_plan

AS_OF = dt.date(2024, 3, 1)
SCORE = {"node": "model", "model": "churn", "column": "probability"}


def definition(key: str, value: Any, family: str = "churn_risk", type_: str = "number") -> TagDefinition:
    words = {"zh": key, "en": key}
    return TagDefinition.model_validate({"key": key, "family": family, "name": words, "type": type_, "value": value})


def test_a_plan_without_scores_knows_none() -> None:
    moment = moment_from({"customers": [{"customer_id": 1}]}, AS_OF)
    found = build_tags(moment, anonymous_tags({"risk": SCORE})).to_pylist()
    assert found == [{"customer_id": 1, "risk": None}]


def test_scores_of_a_few_customers_are_their_own() -> None:
    rows = [{"customer_id": c, "as_of": dt.date(2024, 2, 28), "probability": c / 10} for c in (1, 2, 3)]
    moment = moment_from({"scores_churn": rows}, AS_OF)
    asked = anonymous_tags({"risk": SCORE})
    found = build_tags(moment, asked, only=[3, 1], scores={"churn": "scores_churn"}).to_pylist()
    assert found == [{"customer_id": 1, "risk": 0.1}, {"customer_id": 3, "risk": 0.3}]


def test_a_feature_may_not_read_a_score_even_through_another_tag() -> None:
    risk = definition("risk", SCORE)
    doubled = {"node": "combine", "op": "add", "of": ["risk", "risk"]}
    with pytest.raises(DefinitionError, match=r"feature 'f' reads the score churn.probability through 'risk'"):
        TagSet([risk, definition("f", doubled, family="feature")])
    tags = TagSet([risk, definition("twice", doubled)])
    assert tags.select(["twice"]).visible == ("twice",)
    with pytest.raises(DefinitionError, match="through 'risk'"):
        tags.select(["twice"], for_model=True)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"node": "sequence", "source": "events"}, "either `then` or `then_not`"),
        ({"node": "sequence", "source": "events", "then": {}, "then_not": {}}, "either `then` or `then_not`"),
        ({"node": "sequence", "source": "children", "then": {}}, "has no days"),
        ({"node": "sequence", "source": "events", "then": {"source": "children"}}, "has no instants"),
        ({"node": "sequence", "source": "events", "then": {"where": {"evnt": "x"}}}, "unknown column 'evnt'"),
        ({"node": "decayed", "source": "events", "half_life": 0}, "half_life"),
        ({"node": "decayed", "source": "events", "column": "event", "half_life": 7}, "which is text"),
        ({"node": "model", "model": "chrun", "column": "probability"}, "unknown model 'chrun'"),
        ({"node": "model", "model": "churn", "column": "level"}, "unknown score 'level'"),
        ({"node": "bucket", "of": 1, "by": "x", "edges": [1], "labels": [0, 1]}, "go together"),
        ({"node": "bucket", "of": 1, "edges": [1], "else": [2], "labels": [0, 1]}, "`else` goes with `by`"),
        ({"node": "bucket", "of": 1, "by": "x", "edges": {"a": [2, 1]}, "labels": [0, 1, 2]}, "edges must rise"),
        ({"node": "bucket", "of": 1, "by": 2, "edges": {"a": [1]}, "labels": [0, 1]}, "not a category"),
        ({"node": "count", "source": "purchases", "where": {"product.brand": "a"}}, "unknown column 'product.brand'"),
        ({"node": "count", "source": "events", "where": {"product": {"brnd": "a"}}}, "unknown attribute 'brnd'"),
        ({"node": "count", "source": "events", "where": {"property": {"a'b": "a"}}}, "cannot be read from properties"),
        ({"node": "holds", "if": {"x": {"empty": True}}, "let": {"x": 1}}, "`empty` of 'x'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_words(value: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        compile_plan(anonymous_tags({"x1": value}), None, AS_OF)


def test_a_relation_of_scores_is_a_name() -> None:
    with pytest.raises(DefinitionError, match="name relations"):
        compile_plan(anonymous_tags({"risk": SCORE}), None, AS_OF, scores={"churn": "x; DROP TABLE y"})


def test_rows_are_joined_to_products_only_where_they_are_asked_for() -> None:
    asked = anonymous_tags({
        "plain": {"node": "count", "source": "events", "days": 7},
        "about": {"node": "count", "source": "events", "days": 7, "where": {"product": {"brand": "a"}}},
    })  # fmt: skip
    assert "JOIN products" in compile_plan(asked, ["about"], AS_OF).sql
    assert "JOIN products" not in compile_plan(asked, ["plain"], AS_OF).sql
