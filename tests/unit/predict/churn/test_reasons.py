from __future__ import annotations

import json

import numpy as np
import pytest

from liuke.predict.churn.features import TagFeatures
from liuke.predict.churn.reasons import PHRASE_FILE, Phrasebook, explain, to_json

NAN = float("nan")


@pytest.fixture(scope="module")
def shipped() -> TagFeatures:
    return TagFeatures.shipped()


@pytest.fixture(scope="module")
def book(shipped) -> Phrasebook:
    return Phrasebook.shipped(shipped.titles, shipped.money, 100, 42)


def test_the_sentence_holds_the_evidence(book):
    zh, en = book.say("recency_days", {"recency_days": 62.0, "gap_mean_days": 20.0})
    assert en == "last purchase 62 days ago; usually every 20 days"
    assert zh == "距上次购买 62 天,平时约每 20 天买一次"


def test_without_a_usual_interval_none_is_made_up(book):
    zh, en = book.say("recency_days", {"recency_days": 62.0, "gap_mean_days": NAN})
    assert en == "Days since last purchase: 62"
    assert zh == "距上次购买天数:62"


def test_money_shares_and_missing_values_are_readable(book):
    assert book.say("spend_90d", {"spend_90d": 123456.0}) == ("近90天消费:1,235", "Spend in 90 days: 1,235")
    assert (
        book.say("discount_share_365d", {"discount_share_365d": 0.256})[1] == "discounts came to 26% of spend in a year"
    )
    assert book.say("silent_days", {"silent_days": NAN}) == ("没有浏览记录", "no visit on record")
    assert book.say("gap_last_days", {"gap_last_days": NAN})[1].endswith("none on record")
    assert "less often" in book.say("purchase_trend_90d", {"purchase_trend_90d": -0.4})[1]
    assert "more often" in book.say("purchase_trend_90d", {"purchase_trend_90d": 0.4})[1]


def test_every_phrase_speaks_of_features_that_exist(shipped, book):
    known = dict.fromkeys(shipped.families, 1.5)
    once = known | dict.fromkeys((name for name in known if name.startswith("gap_")), NAN)
    assert set(book.phrases) <= set(known), PHRASE_FILE
    for tag in book.phrases:
        for value in (3.0, -3.0, NAN):
            for values in (known | {tag: value}, once | {tag: value}):
                zh, en = book.say(tag, values)
                assert zh
                assert en
                assert "{" not in zh + en
                assert "nan" not in zh + en


def test_families_are_added_up_and_the_strongest_feature_speaks(book):
    names = ("recency_days", "gap_mean_days", "spend_90d", "purchase_days_90d")
    families = {
        "recency_days": "rhythm",
        "gap_mean_days": "rhythm",
        "spend_90d": "value",
        "purchase_days_90d": "activity",
    }
    contributions = np.array([[0.5, 0.3, -0.6, 0.1], [-0.2, -0.1, 0.001, 0.0]])
    features = np.array([[62.0, 20.0, 123400.0, 1.0], [3.0, NAN, 50.0, NAN]])
    first, second = explain(contributions, features, names, families, book, 3)
    assert [(r.family, r.direction, r.tag, r.weight) for r in first] == [
        ("rhythm", "raises", "recency_days", 0.8),
        ("activity", "raises", "purchase_days_90d", 0.1),
        ("value", "lowers", "spend_90d", -0.6),
    ]
    assert first[0].value == 62
    assert [(r.family, r.direction, r.weight) for r in second] == [("rhythm", "lowers", -0.3)]
    kept = json.loads(to_json(first))
    assert set(kept[0]) == {"family", "direction", "weight", "tag", "value", "zh", "en"}


def test_one_story_is_told_once(book):
    names = ("expected_silence", "recency_days", "purchase_days")
    families = {"expected_silence": "churn_risk", "recency_days": "lifecycle", "purchase_days": "lifecycle"}
    features = np.array([[0.8, 62.0, 2.0]])
    (both,) = explain(np.array([[0.9, 0.4, 0.1]]), features, names, families, book, 3)
    assert [r.tag for r in both] == ["expected_silence", "purchase_days"]
    (one,) = explain(np.array([[0.9, 0.4, -0.1]]), features, names, families, book, 3)
    assert [r.tag for r in one] == ["expected_silence"]


def test_a_missing_value_is_null_in_json(book):
    (only,) = explain(np.array([[1.0]]), np.array([[NAN]]), ("silent_days",), {"silent_days": "activity"}, book, 3)
    assert json.loads(to_json(only))[0]["value"] is None


def test_nobody_to_explain(book):
    assert explain(np.zeros((0, 1)), np.zeros((0, 1)), ("silent_days",), {"silent_days": "activity"}, book, 3) == []
