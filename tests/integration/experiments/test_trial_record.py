"""A trial is fixed at its start; its life leaves a trail; every strategy is one by default."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from liuke.decide.strategies import parse_strategy
from liuke.learn.experiments import (
    Act,
    EndReason,
    ExperimentError,
    ExperimentSettings,
    TrialBook,
    TrialState,
    default_trial,
    open_trials,
    parse_trial,
)

DAY = date(2026, 10, 5)
ACT = Act("mei", datetime(2026, 10, 5, 1), DAY)
SETTINGS = ExperimentSettings()
TEXT = """
language: 1
id: spring
strategy: hello
horizon_days: 14
rollout: {stages: [0.05, 0.2, 0.5, 1.0]}
"""
STRATEGY = """
language: 1
id: hello
name: {zh: 你好, en: Hello}
description: {zh: 述, en: D}
audience: {tag: recency_days, gt: 10}
message: {node: a, channel: email, template: t}
goal: {metric: repurchase, horizon_days: 21}
"""


def test_the_document_of_the_how_to_page_is_one():
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "run-a-trial.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    document = parse_trial(text)
    assert (document.id, document.treated_share(3), document.experiment) == ("second_spring", 0.9, "second_purchase")


class Audit:
    def __init__(self) -> None:
        self.rows = []

    def __call__(self, connection, actor, action, now, detail=None) -> None:
        self.rows.append((actor, action, detail["trial"]))


def test_the_same_meaning_has_the_same_hash_in_yaml_and_json():
    document = parse_trial(TEXT)
    assert parse_trial(document.normalised()) == document
    assert parse_trial(TEXT + "control_share: 0.1\n").version == document.version
    assert parse_trial(TEXT + "control_share: 0.2\n").version != document.version


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("metrics: {primary: likes}", "metrics.primary: there is no metric 'likes'"),
        ("rollout: {stages: [0.5, 0.2]}", "stages rise"),
        ("layer: {name: a, start: 0.5, end: 0.4}", "before it starts"),
        ("unit: {by: region}\nstrata: [lifecycle]", "regions are not drawn within strata"),
        ("unit: {by: time_block}\nrollout: {stages: [0.1, 0.5]}", "time blocks switch as a whole"),
        ("colour: red", "colour"),
        ("language: 2", "language"),
    ],
)
def test_a_wrong_document_names_the_place(change, word):
    changed = {line.split(":")[0] for line in change.splitlines()}
    text = "\n".join(line for line in TEXT.splitlines() if line.split(":")[0] not in changed)
    with pytest.raises(ExperimentError, match=word):
        parse_trial(f"{text}\n{change}\n")


def test_a_started_trial_cannot_be_changed(operations):
    book = TrialBook("")
    document = parse_trial(TEXT)
    with operations.begin() as connection:
        book.draft(connection, document, ACT)
        changed = document.model_copy(update={"horizon_days": 10})
        assert book.draft(connection, changed, ACT).version == changed.version  # a draft may change
        book.start(connection, "spring", ACT, "v1")
        with pytest.raises(ExperimentError, match="was fixed at its start") as refused:
            book.draft(connection, document, ACT)
        assert "new id" in refused.value.hint
        book.draft(connection, document.model_copy(update={"id": "summer"}), ACT)
        with pytest.raises(ExperimentError, match="is tried by spring already"):
            book.start(connection, "summer", ACT, "v1")


def test_the_life_of_a_trial_and_its_trail(operations):
    audit = Audit()
    book = TrialBook("", audit)
    with operations.begin() as connection:
        book.draft(connection, parse_trial(TEXT), ACT)
        assert book.start(connection, "spring", ACT, "v1").treated_share == 0.05
        assert book.advance(connection, "spring", ACT, "增加", "more").treated_share == 0.2
        assert book.pause(connection, "spring", ACT).treated_share == 0
        assert book.resume(connection, "spring", ACT).treated_share == 0.2
        back = book.roll_back(connection, "spring", ACT)
        assert (back.treated_share, back.growing) == (0.05, False)
        assert book.resume(connection, "spring", ACT).growing
        ended = book.end(connection, "spring", ACT, EndReason.HARMFUL)
        assert (ended.state, ended.treated_share, ended.ended_on) == (TrialState.ENDED, 0, DAY)
        for wrong in (book.pause, book.resume, book.roll_back):
            with pytest.raises(ExperimentError, match="ended"):
                wrong(connection, "spring", ACT)
        told = [(one.action, one.treated_share) for one in book.events(connection, "spring")]
    actions = ["planned", "started", "advanced", "paused", "resumed", "rolled_back", "resumed", "harmful"]
    assert [action for action, _ in told] == actions
    assert audit.rows == [("mei", f"trial.{action}", "spring") for action in actions]


def test_a_rolled_out_trial_can_be_rolled_back_by_one_call(operations):
    book = TrialBook("")
    with operations.begin() as connection:
        book.draft(connection, parse_trial(TEXT), ACT)
        book.start(connection, "spring", ACT, "v1")
        for _ in range(3):
            book.advance(connection, "spring", ACT, "", "")
        assert book.end(connection, "spring", ACT, EndReason.ROLLED_OUT).treated_share == 0.9
        back = book.roll_back(connection, "spring", ACT)
    assert (back.state, back.treated_share, back.growing, back.ended_on) == (TrialState.RUNNING, 0.5, False, None)


def test_every_strategy_is_a_trial_and_a_new_version_is_a_new_one(operations):
    book, strategy = TrialBook(""), parse_strategy(STRATEGY)
    changed = parse_strategy(STRATEGY.replace("template: t", "template: u"))
    with operations.begin() as connection:
        [first] = open_trials(connection, book, [strategy], SETTINGS, ACT)
        assert open_trials(connection, book, [strategy], SETTINGS, ACT) == []
        assert (first.id, first.document.horizon_days, first.document.metrics.primary) == ("hello", 21, "repurchase")
        assert (first.by_default, first.treated_share) == (True, 0.9)
        [second] = open_trials(connection, book, [changed], SETTINGS, ACT)
        assert second.id == f"hello_{changed.version[:6]}"
        assert book.get(connection, "hello").reason is EndReason.SUPERSEDED
        book.end(connection, second.id, ACT, EndReason.NO_EFFECT)
        assert open_trials(connection, book, [changed], SETTINGS, ACT) == []  # ended is ended
        without = parse_strategy(STRATEGY.replace("id: hello", "id: bare\ncontrol_share: 0"))
        assert open_trials(connection, book, [without], SETTINGS, ACT) == []


def test_a_planned_trial_takes_over_from_the_default_and_follows_a_new_version_from_its_first_stage(operations):
    book, strategy = TrialBook(""), parse_strategy(STRATEGY)
    changed = parse_strategy(STRATEGY.replace("template: t", "template: u"))
    with operations.begin() as connection:
        open_trials(connection, book, [strategy], SETTINGS, ACT)
        book.draft(connection, parse_trial(TEXT), ACT)
        book.start(connection, "spring", ACT, strategy.version)
        assert book.get(connection, "hello").reason is EndReason.REPLACED  # no version has changed
        book.advance(connection, "spring", ACT, "", "")
        [again] = open_trials(connection, book, [changed], SETTINGS, ACT)
    assert (again.id, again.treated_share, again.by_default) == (f"spring_{changed.version[:6]}", 0.05, False)


def test_the_default_asks_for_what_the_goal_names():
    document = default_trial(parse_strategy(STRATEGY.replace("metric: repurchase", "metric: margin")), SETTINGS)
    assert document.metrics.names == ("margin", "repurchase", "orders", "unsubscribed")


def test_a_trial_that_takes_over_is_named_and_no_version_is_blamed(operations):
    book, strategy = TrialBook(""), parse_strategy(STRATEGY)
    with operations.begin() as connection:
        [own] = open_trials(connection, book, [strategy], SETTINGS, ACT)
        book.draft(connection, parse_trial(f"{TEXT}name: {{zh: 春季, en: Spring}}\n"), ACT)
        book.start(connection, "spring", ACT, strategy.version)
        ended, last = book.get(connection, own.id), book.events(connection, own.id)[-1]
    assert (ended.state, ended.reason) == (TrialState.ENDED, EndReason.REPLACED)
    assert (last.action, last.zh, last.en) == ("replaced", "由试验“春季”取代", "replaced by the trial “Spring”")
    assert EndReason.REPLACED.words != EndReason.SUPERSEDED.words
    assert len({reason.words for reason in EndReason}) == len(EndReason)
