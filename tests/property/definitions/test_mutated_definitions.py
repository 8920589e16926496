"""Right definitions with one thing made wrong: a check names it, and never lets it pass in silence.

Documents are drawn from the shop's own tags, values and events; a letter is exchanged or lost, capitals change, a range
is turned around, a value is made up. Names in closed sets have to be refused with the right name in the hint; of values
in open sets the reader is told.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import pytest

from liuke.app.definitions import Audience, check_strategy, values_unseen
from liuke.collect.behaviours import load_catalogue
from liuke.decide.strategies import READY_STRATEGIES, StrategyError, load_strategies, parse_strategy
from liuke.engage.outreach import READY_TEMPLATES, OutreachSettings, TemplateError, TemplateLibrary
from liuke.kernel import LiukeError
from liuke.understand.segments import SegmentBook, SegmentError, names_refused, parse_definition
from liuke.understand.tags import load_definitions, read_definitions, value_names

BEHAVIOURS = load_catalogue(None)
TAGS = load_definitions(catalogue=BEHAVIOURS)
NAMES = value_names(TAGS)
EVENTS = BEHAVIOURS.names
AUDIENCE = Audience.of(TAGS)
TEMPLATES = TemplateLibrary([READY_TEMPLATES])
NUMBERS = [key for key in TAGS.visible if TAGS[key].type == "number"]
CATEGORIES = [key for key in NAMES if TAGS[key].type == "category"]
ROUNDS = 60


def misspelt(name: str, known: tuple[str, ...], draw: random.Random) -> str:
    """Return the name with one mistake of the hand, which is no other known name."""
    while True:
        at = draw.randrange(len(name) - 1)
        wrong = draw.choice([
            name[:at] + name[at + 1] + name[at] + name[at + 2 :], name[:at] + name[at + 1 :], name.upper(),
            name[: at + 1] + name[at:], name + "s",
        ])  # fmt: skip
        if wrong not in known:
            return wrong


def segment(rule: dict) -> SegmentBook:
    document = {"language": 1, "key": "s", "name": {"zh": "人群", "en": "set"}, "rule": rule}
    return SegmentBook([parse_definition(document)])


def refusal(rule: dict) -> LiukeError | None:
    """Return what the check of a segment says, whichever stage says it."""
    try:
        return names_refused(segment(rule), TAGS, EVENTS, dt.date(2026, 1, 1)).get("s")
    except SegmentError as error:
        return error


def tag_rule(key: str, op: str, **test: object) -> dict:
    return {"kind": "tag", "tag": key, "test": {"op": op, **test}}


def event_rule(event: str) -> dict:
    return {"kind": "event", "source": "events", "how": "did_not", "days": 30,
            "where": [{"column": "event", "test": {"op": "in", "values": [event]}}]}  # fmt: skip


def strategy(audience: object, **changed: str) -> str:
    message = {"node": "m", "channel": "email", "template": "second_purchase"} | changed
    told = ", ".join(f"{key}: {value}" for key, value in message.items())
    return (
        f"language: 1\nid: s\nname: {{zh: s, en: s}}\ndescription: {{zh: s, en: s}}\n"
        f"audience: {audience}\nmessage: {{{told}}}\n"
    )


def strategy_refusal(text: str) -> LiukeError | None:
    try:
        check_strategy(parse_strategy(text), AUDIENCE, TEMPLATES, OutreachSettings())
    except (StrategyError, TemplateError) as error:
        return error
    return None


def test_the_right_ones_pass() -> None:
    for one in load_strategies([READY_STRATEGIES]).values():
        check_strategy(one, AUDIENCE, TEMPLATES, OutreachSettings())
    assert refusal(tag_rule("lifecycle", "in", values=["new"])) is None
    assert refusal(event_rule("cart_add")) is None
    assert strategy_refusal(strategy("{not: {tag: lifecycle, in: [new]}}")) is None


def test_a_mistake_in_a_segment_is_named_with_what_was_meant() -> None:
    draw, made = random.Random(11), Counter[str]()
    for _ in range(ROUNDS):
        key, number, event = draw.choice(CATEGORIES), draw.choice(NUMBERS), draw.choice(EVENTS)
        value = draw.choice([one for one in NAMES[key] if len(one) > 2] or ["_none"])
        wrong_tag, wrong_event = misspelt(key, tuple(TAGS), draw), misspelt(event, EVENTS, draw)
        cases = [("event", event_rule(wrong_event), event)]
        if wrong_tag == wrong_tag.lower():  # a key in capitals is refused as no key at all
            cases.append(("tag", tag_rule(wrong_tag, "known"), key))
        if value != "_none":
            wrong = misspelt(value, NAMES[key], draw)
            cases.append(("value", {"kind": "not", "of": tag_rule(key, "in", values=[wrong])}, value))
            cases.append(("typed value", {"kind": "expression", "text": f"not {key} = '{wrong}'"}, value))
        for kind, rule, meant in cases:
            found = refusal(rule)
            assert found is not None, (kind, rule)
            assert meant in found.hint, (kind, rule, found.hint)
            made[kind] += 1
        low = draw.randint(2, 90)
        for rule in (
            {"kind": "not", "of": tag_rule(number, "between", low=low, high=low - draw.randint(1, low))},
            {"kind": "all", "of": [tag_rule(number, "gt", value=low), tag_rule(number, "lt", value=low)]},
            {"kind": "expression", "text": f"{number} between {low} and {low - 1}"},
        ):
            assert refusal(rule) is not None, rule
            made["range"] += 1
    assert made["range"] == 3 * ROUNDS
    assert made["event"] == ROUNDS
    assert min(made.values()) > ROUNDS / 2, made


def test_a_mistake_in_a_strategy_is_named_with_what_was_meant() -> None:
    draw, made = random.Random(12), Counter[str]()
    for _ in range(ROUNDS):
        key, number = draw.choice(CATEGORIES), draw.choice(NUMBERS)
        value = draw.choice([one for one in NAMES[key] if len(one) > 2] or ["_none"])
        right = f"{{tag: {number}, gte: 1}}"
        cases = [
            ("tag", strategy(f"{{tag: {misspelt(key, tuple(AUDIENCE.types), draw)}, eq: x}}"), key),
            ("channel", strategy(right, channel=draw.choice(["emial", "e_mail", "email_", "mail"])), "email"),
            (
                "template",
                strategy(right, template=draw.choice(["second_purchse", "purchase_second"])),
                "second_purchase",
            ),
        ]
        if value != "_none":
            wrong = misspelt(value, NAMES[key], draw)
            cases.append(("value", strategy(f"{{not: {{tag: {key}, in: ['{wrong}']}}}}"), value))
        for kind, text, meant in cases:
            found = strategy_refusal(text)
            assert found is not None, (kind, text)
            assert meant in found.hint, (kind, text, found.hint)
            made[kind] += 1
        low = draw.randint(2, 90)
        assert strategy_refusal(strategy(f"{{not: {{tag: {number}, between: [{low}, {low - 1}]}}}}")) is not None
        assert strategy_refusal(strategy(right) + f"audience: {right}\n") is not None  # a key twice
        made["range"] += 2
    assert made["range"] == 2 * ROUNDS
    assert min(made.values()) > ROUNDS / 2, made


def test_a_mistake_in_a_tag_is_set_aside_and_the_others_stand(tmp_path: Path) -> None:
    draw, made = random.Random(13), 0
    for number in range(ROUNDS // 3):
        key, event = draw.choice(CATEGORIES), draw.choice(EVENTS)
        value = draw.choice(NAMES[key])
        wrong = misspelt(value, NAMES[key], draw) if len(value) > 2 else value * 3
        entries = {
            "event": f"{{node: count, source: events, where: {{event: {misspelt(event, EVENTS, draw)}}}}}",
            "value": f"{{node: holds, if: {{not: {{{key}: '{wrong}'}}}}}}",
            "range": "{node: holds, if: {recency_days: {gte: 90, lte: 1}}}",
            "read": "{node: holds, if: {own_value: true}}",
            "right": "{node: holds, if: {recency_days: {gte: 1, lte: 90}}}",
        }
        lines = [
            f"  - {{key: own_{name}, name: {{zh: a, en: a}}, value: {body}, "
            f"type: {'number' if name == 'event' else 'boolean'}}}"
            for name, body in entries.items()
        ]
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "own.yaml").write_text("\n".join(["language: 1", "family: value", "tags:", *lines]), encoding="utf-8")
        read = read_definitions(folder, catalogue=BEHAVIOURS)
        assert "own_right" in read.tags
        aside = {one.name: one for one in read.aside}
        assert set(aside) == {"own_event", "own_value", "own_range", "own_read"}
        assert event in aside["own_event"].en
        assert len(value) <= 2 or value in aside["own_value"].en
        assert all(one.zh and "写法有误" not in one.zh for one in aside.values())
        made += len(aside)
    assert made == 4 * (ROUNDS // 3)


@pytest.mark.parametrize(("rule", "excluded"), [("{not: {profile: province, in: [浙江]}}", True),
                                                ("{profile: province, eq: 浙江}", False)])  # fmt: skip
def test_a_value_of_an_open_set_that_occurs_nowhere_is_told(rule: str, excluded: bool) -> None:
    one = parse_strategy(strategy(rule))
    check_strategy(one, AUDIENCE, TEMPLATES, OutreachSettings())
    (found,) = values_unseen(
        one, AUDIENCE, lambda _: [("浙江省",), ("北京　市",)], "customers", {"province": "province"}
    )
    assert found.near == ("浙江省",)
    assert found.excluded is excluded
    assert ("排除不了任何人" in found.told[0]) is excluded
