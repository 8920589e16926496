from __future__ import annotations

import json

import numpy as np
import pytest

from liuke.collect.behaviours import load_catalogue
from liuke.predict.churn.evidence import Evidence
from liuke.predict.churn.features import TagFeatures
from liuke.predict.churn.reason_words import reason_words
from liuke.predict.churn.reasons import PHRASE_FILE, Phrasebook, explain, to_json

NAN = float("nan")


@pytest.fixture(scope="module")
def shipped() -> TagFeatures:
    return TagFeatures.of(load_catalogue(None))


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


def evidence(family: str, kind: str, strength: float) -> Evidence:
    return Evidence(family, kind, strength, 1.0, f"{kind}证据", f"evidence of {kind}")


NAMES = ("recency_days", "gap_mean_days", "spend_90d", "discount_share_365d", "child_age_months")
TAG_FAMILIES = {
    "recency_days": "lifecycle",
    "gap_mean_days": "lifecycle",
    "spend_90d": "value",
    "discount_share_365d": "price_sensitivity",
    "child_age_months": "family_stage",
}


def test_families_are_added_up_and_the_strongest_features_speak(book):
    contributions = np.array([[0.5, 0.3, 0.2, 0.1, -0.6], [-0.2, -0.1, 0.001, 0.0, 0.0]])
    features = np.array([[62.0, 20.0, 123400.0, 0.3, 9.0], [3.0, NAN, 50.0, NAN, NAN]])
    first, second = explain(contributions, features, NAMES, TAG_FAMILIES, book, 3)
    assert [(r.family, r.direction, r.tag, r.weight) for r in first] == [
        ("silent_drift", "raises", "recency_days", 1.0),
        ("price", "raises", "discount_share_365d", 0.1),
        ("need_changed", "lowers", "child_age_months", -0.6),
    ]
    assert first[0].value == 62
    # two features of one tag family say the same: the second sentence comes from another
    assert first[0].en == "last purchase 62 days ago; usually every 20 days; Spend in 90 days: 1,234"
    assert [(r.family, r.direction, r.weight) for r in second] == [("silent_drift", "lowers", -0.299)]
    kept = json.loads(to_json(first))
    assert {"family", "direction", "weight", "tag", "value", "zh", "en", "attribution", "evidence"} == set(kept[0])


def test_a_cause_with_evidence_comes_before_a_symptom_and_a_circumstance_after(book):
    own = [
        evidence("delivery", "late_delivery", 1.4),
        evidence("delivery", "said", 1.0),
        evidence("benefits_unused", "benefits_unused", 0.5),
    ]
    contributions, features = np.array([[0.9, 0.0, 0.0, 0.3, 0.0]]), np.array([[62.0, 20.0, 0.0, 0.3, NAN]])
    (told,) = explain(contributions, features, NAMES, TAG_FAMILIES, book, 4, [own])
    assert [r.family for r in told] == ["delivery", "silent_drift", "benefits_unused", "price"]
    assert told[0].en == "evidence of late_delivery; evidence of said"
    assert (told[0].evidence, told[0].attribution, told[0].weight) == (1.9, 0.0, 1.9)


def test_graduation_is_told_first(book):
    own = [evidence("graduated", "graduated", 4.0), evidence("price", "said", 9.0)]
    (told,) = explain(np.zeros((1, 5)), np.zeros((1, 5)), NAMES, TAG_FAMILIES, book, 3, [own])
    assert [r.family for r in told] == ["graduated", "price"]


def test_what_is_not_on_record_is_no_cause(book):
    (told,) = explain(np.array([[0, 0, 0, 0, 0.5]]), np.full((1, 5), NAN), NAMES, TAG_FAMILIES, book, 3)
    assert told == ()


def test_an_unknown_fact_raises_no_risk(book):
    names, families = ("days_since_view", "silent_days"), {"days_since_view": "activity", "silent_days": "activity"}
    known = np.array([[NAN, 40.0]])
    (told,) = explain(np.array([[0.9, 0.2]]), known, names, families, book, 3)
    assert [reason.tag for reason in told] == ["silent_days"]
    assert "none on record" not in told[0].en
    (nothing,) = explain(np.array([[0.9, 0.0]]), known, names, families, book, 3)
    assert nothing == ()


def test_what_lowers_the_risk_is_not_told_as_raising_it(book):
    rng, checked = np.random.default_rng(3), 0
    shares, known = rng.normal(0, 0.5, (200, 5)), rng.uniform(1, 50, (200, 5))
    known[rng.random((200, 5)) < 0.3] = NAN
    for row, told in zip(shares, explain(shares, known, NAMES, TAG_FAMILIES, book, 3), strict=True):
        for reason in told:
            pull = row[NAMES.index(reason.tag)]
            assert (pull > 0) == (reason.direction == "raises")
            checked += 1
    assert checked > 200


def test_every_family_of_evidence_and_of_features_exists(shipped):
    words = reason_words()
    assert {one["family"] for one in words.evidence.values() if "family" in one} <= set(words.families)
    assert set(words.tag_families.values()) <= set(words.families)
    found = words.families_of(tuple(shipped.families), shipped.families)
    assert {"price", "delivery", "service", "mismatch", "need_changed", "guidance"} <= set(found.values())
    assert {"other_channel", "benefits_unused", "silent_drift"} <= set(found.values())


def test_a_missing_value_is_null_in_json(book):
    (only,) = explain(np.array([[1.0]]), np.array([[NAN]]), ("silent_days",), {"silent_days": "activity"}, book, 3)
    assert json.loads(to_json(only))[0]["value"] is None


def test_nobody_to_explain(book):
    assert explain(np.zeros((0, 1)), np.zeros((0, 1)), ("silent_days",), {"silent_days": "activity"}, book, 3) == []
