"""What customers write means what the truth says, at the stated shares, in many different words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from liuke_sim import CAUSES
from liuke_sim.columns import Columns
from liuke_sim.events import ABOUT_CAUSE, CODE, NONE
from liuke_sim.texts import (
    AMBIGUOUS,
    CHAT,
    COMPLAINT,
    MIXED,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    REVIEW,
    RIGHT_CATEGORY,
    STATES_CAUSE,
    SURVEY,
    WRITES,
    filed_under,
    meanings,
    phrases,
    written,
)
from liuke_sim.wording import PRAISES, TOPICS

from .conftest import LivedShop

SEED = 3
N = 20_000


@pytest.fixture(scope="module")
def events() -> Columns:
    """Made-up rows of all kinds, a third of them by customers who are drifting."""
    rng = np.random.default_rng(1)
    names = ("review", "complaint_opened", "service_chat", "survey_answered")
    event = np.array([CODE[name] for name in names])[rng.integers(0, 4, N)]
    is_survey = event == CODE["survey_answered"]
    lived = np.where(event == CODE["complaint_opened"], ABOUT_CAUSE + rng.integers(0, 8, N), NONE)
    return {
        "customer": np.arange(N),
        "event": event,
        "at": rng.integers(0, 30_000_000, N),
        "value": np.where(is_survey, rng.integers(0, 11, N), rng.integers(1, 6, N)).astype(np.float64),
        "detail": lived,
        "cause": np.where(rng.random(N) < 0.33, rng.integers(0, 8, N), NONE),
        "product": np.where(rng.random(N) < 0.7, rng.integers(0, 120, N), NONE),
    }


def test_a_text_depends_on_its_row_alone(events: Columns) -> None:
    meaning, words = written(events, SEED)
    some = np.arange(50, N, 97)
    fewer = {name: column[some] for name, column in events.items()}
    assert phrases(meanings(fewer, SEED), fewer["product"], SEED) == [words[i] for i in some.tolist()]
    assert phrases(meaning, events["product"], SEED + 1) != words


def test_thousands_of_different_texts_without_a_slot_left_open(events: Columns) -> None:
    words = [text for text in written(events, SEED)[1] if text]
    assert len(words) > 0.7 * N
    assert len(set(words)) > 0.75 * len(words)
    assert not [text for text in words if re.search(r"[\[\]{}|\"\\\n]", text)]
    assert max(map(len, words)) < 90
    assert not [text for text in words if re.search(r"\d{7,}", text)], "a phone number has no place in a text"


def test_feelings_follow_stars_and_scores(events: Columns) -> None:
    meaning = meanings(events, SEED)
    feeling, value = meaning["sentiment"], events["value"]
    review, survey = meaning["kind"] == REVIEW, meaning["kind"] == SURVEY
    assert (feeling[review & (value <= 2)] == NEGATIVE).all()
    assert (feeling[review & (value == 3)] == NEUTRAL).all()
    assert 0.02 < (feeling[review & (value >= 4)] == NEGATIVE).mean() < 0.06
    assert (feeling[survey & (value <= 6)] == NEGATIVE).all()
    assert (feeling[survey & (value >= 9)] == POSITIVE).all()


def test_the_stated_reason_is_the_real_one_at_the_stated_share(events: Columns) -> None:
    meaning = meanings(events, SEED)
    drifting = (events["cause"] >= 0) & (meaning["sentiment"] == NEGATIVE) & (meaning["kind"] != COMPLAINT)
    share = meaning["states_cause"][drifting].mean()
    assert STATES_CAUSE <= share < STATES_CAUSE + 0.09, "some name it by chance"
    assert not meaning["states_cause"][events["cause"] < 0].any()


def test_mixed_and_ambiguous_texts_come_at_their_shares(events: Columns) -> None:
    meaning = meanings(events, SEED)
    judging = meaning["sentiment"] != NEUTRAL
    assert abs((meaning["second"][judging] != NONE).mean() - MIXED) < 0.015
    assert abs(meaning["ambiguous"][judging].mean() - AMBIGUOUS) < 0.01
    assert not meaning["ambiguous"][~judging].any()
    for kind, name in ((REVIEW, "review"), (SURVEY, "survey"), (CHAT, "chat")):
        assert abs(meaning["has_text"][meaning["kind"] == kind].mean() - WRITES[name]) < 0.02


def test_blame_names_causes_and_praise_does_not(events: Columns) -> None:
    meaning = meanings(events, SEED)
    assert {TOPICS[t] for t in np.unique(meaning["topic"][meaning["sentiment"] == NEGATIVE])} == set(CAUSES)
    praised = {TOPICS[t] for t in np.unique(meaning["topic"][meaning["sentiment"] == POSITIVE])}
    assert praised == {*PRAISES, "nothing"}


def test_complaints_are_about_what_happened_and_filed_mostly_right(events: Columns) -> None:
    meaning = meanings(events, SEED)
    complaint = meaning["kind"] == COMPLAINT
    assert (meaning["topic"][complaint] == events["detail"][complaint] - ABOUT_CAUSE).all()
    right = (filed_under(meaning, SEED) == meaning["topic"])[complaint].mean()
    assert RIGHT_CATEGORY <= right < RIGHT_CATEGORY + 0.04


def test_words_tell_feelings_and_topics_apart(events: Columns) -> None:
    """A reader who knows only which words go with what must be right far more often than by guessing."""
    meaning, words = written(events, SEED)
    rows = [i for i in range(N) if words[i] and meaning["sentiment"][i] == NEGATIVE and not meaning["ambiguous"][i]]
    learn, check = rows[::2], rows[1::2]
    counts: dict[str, np.ndarray] = {}
    for i in learn:
        for pair in _pairs(words[i] or ""):
            counts.setdefault(pair, np.ones(len(CAUSES)))[meaning["topic"][i]] += 1
    right = 0
    for i in check:
        known = [np.log(counts[pair] / counts[pair].sum()) for pair in _pairs(words[i] or "") if pair in counts]
        right += bool(known) and int(np.argmax(np.sum(known, axis=0))) == meaning["topic"][i]
    assert right / len(check) > 0.8


def test_texts_in_the_files_are_those_of_the_truth(lived: LivedShop) -> None:
    unknown, missing = lived.rows(
        "select count(*) filter (t.text_id is null), count(*) filter (t.has_text != (f.text is not null)) "
        "from feedback f left join texts t on t.text_id = f.event_id where f.event != 'complaint_resolved'"
    )[0]
    assert (unknown, missing) == (0, 0)
    assert lived.value("select count(*) - count(distinct text_id) from texts") == 0
    kinds = dict(lived.rows("select kind, count(*) from texts where has_text group by all"))
    assert all(kinds[kind] > 50 for kind in ("review", "complaint", "chat", "survey"))
    assert lived.value("select count(distinct text) / count(*) from feedback where length(text) > 8") > 0.85


def test_who_spoke_is_unknown_for_some(lived: LivedShop) -> None:
    assert 0.002 < lived.value("select avg((member_no is null)::int) from feedback") < 0.02


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}
