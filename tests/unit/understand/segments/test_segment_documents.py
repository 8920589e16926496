"""One form for files, API and console; a hash that knows what a rule means; a book that knows who names whom."""

# ruff: noqa: E501 - rules and rows are read across
from __future__ import annotations

import json

import pytest
import yaml

from liuke.understand.segments import (
    RuleWords,
    SegmentBook,
    SegmentError,
    explain_rule,
    load_segments,
    named_in,
    parse_definition,
    parse_yaml,
)

EVERYTHING = """
language: 1
key: worth_a_call
name: {zh: 值得回访, en: Worth a call}
note: everything that the language has
rule:
  kind: all
  of:
    - {kind: tag, tag: lifecycle, test: {op: in, values: [dormant, lost]}}
    - {kind: tag, tag: spend, test: {op: between, low: 99.5, high: 100}}
    - {kind: tag, tag: needs, test: {op: contains, text: 奶粉}}
    - {kind: profile, field: registered_on, test: {op: before, day: 2026-01-31}}
    - {kind: profile, field: member_since_on, test: {op: anniversary, days: 7}}
    - {kind: profile, field: province, test: {op: known}}
    - kind: any
      of:
        - {kind: event, source: purchases, how: did_not, days: 90}
        - {kind: event, source: purchases, how: sum, column: net_minor, days: 30, ago: 30, test: {op: gte, value: 5000}}
        - {kind: event, source: events, how: count, days: 30, test: {op: gte, value: 3},
           where: [{column: event, test: {op: in, values: [search, product_view]}}]}
    - kind: sequence
      first: {source: events, where: [{column: event, test: {op: eq, value: cart_add}}]}
      then: did_not
      second: {source: purchases}
      within_days: 3
      days: 30
    - {kind: not, of: {kind: segment, segment: others}}
    - {kind: random, share: 0.1, salt: spring}
    - {kind: expression, text: "spend / orders > 100 and not lifecycle = 'new'"}
"""


def document(rule, key="s", **more):
    return {"language": 1, "key": key, "name": {"zh": "人群", "en": "set"}, "rule": rule, **more}


def stage(*values, op="in"):
    return {"kind": "tag", "tag": "stage", "test": {"op": op, "values": list(values)}}


def test_file_api_and_console_have_one_form():
    from_file = parse_yaml(EVERYTHING)
    as_json = json.loads(json.dumps(from_file.document()))
    from_api = parse_definition(as_json)
    again = parse_yaml(from_api.yaml())
    assert from_file == from_api == again
    assert from_api.document() == again.document() == as_json
    assert from_file.rule_hash == again.rule_hash
    assert yaml.safe_load(from_file.yaml()) == as_json
    assert parse_definition(from_file.model_dump(mode="json")) == from_file


def test_the_hash_knows_the_same_rule_in_other_words():
    def digest(rule):
        return parse_definition(document(rule)).rule_hash

    a, b, c = stage("x"), stage("y"), stage("z")
    one = digest({"kind": "all", "of": [a, {"kind": "all", "of": [b, c]}]})
    assert one == digest({"kind": "all", "of": [c, b, a, a]})
    assert digest(stage("x", "y")) == digest(stage("y", "x", "x"))
    assert digest({"kind": "any", "of": [a]}) == digest(a) == digest({"kind": "not", "of": {"kind": "not", "of": a}})
    spaced, tight = ({"kind": "expression", "text": text} for text in ("spend  >  5 AND b = 1", "spend>5 and b=1"))
    assert digest(spaced) == digest(tight)
    number = {"kind": "tag", "tag": "n", "test": {"op": "eq", "value": 5}}
    assert digest(number) == digest(json.loads(json.dumps(number).replace("5", "5.0")))
    others = [
        {"kind": "any", "of": [a, b, c]}, {"kind": "all", "of": [a, b]}, stage("x", op="not_in"),
        {"kind": "not", "of": a}, {"kind": "random", "share": 0.1}, {"kind": "random", "share": 0.1, "salt": "x"},
    ]  # fmt: skip
    assert len({one, *(digest(rule) for rule in others)}) == len(others) + 1


def test_names_and_notes_are_not_part_of_the_version():
    plain, told = document(stage("x")), document(stage("x"), note="why") | {"name": {"zh": "别名", "en": "other"}}
    assert parse_definition(plain).rule_hash == parse_definition(told).rule_hash


def test_a_version_changes_with_the_segments_it_is_built_from():
    def book(value):
        inner, outer = document(stage(value), "inner"), document({"kind": "segment", "segment": "inner"}, "outer")
        return SegmentBook(parse_definition(one) for one in (outer, inner))

    first, second = book("x"), book("y")
    assert first.version("outer") != second.version("outer")
    assert first["outer"].rule_hash == second["outer"].rule_hash
    assert named_in(first["outer"]) == ("inner",)
    assert first.named_by("inner") == ("outer",)


def test_an_unknown_segment_is_named_with_the_closest_one():
    with pytest.raises(SegmentError, match=r"(?s)unknown segment 'inne' in segment 'outer'.*did you mean inner"):
        SegmentBook([
            parse_definition(document({"kind": "segment", "segment": "inne"}, "outer")),
            parse_definition(document(stage("x"), "inner")),
        ])  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "event", "source": "purchases", "how": "sum", "test": {"op": "gte", "value": 1}}, "`column` is given"),
        ({"kind": "event", "source": "purchases", "how": "count"}, "`test` says how many"),
        ({"kind": "event", "source": "purchases", "how": "did", "test": {"op": "gte", "value": 1}}, "have none"),
        ({"kind": "tag", "tag": "a", "test": {"op": "before", "day": "2026-02-30"}}, "day"),
        ({"kind": "tag", "tag": "a", "test": {"op": "resembles", "value": "x"}}, "does not match any of the expected"),
        ({"kind": "tag", "tag": "a"}, "rule.tag.test: Field required"),
        ({"kind": "all", "of": []}, "at least 1 item"),
        ({"kind": "random", "share": 1.5}, "less than 1"),
        ({"kind": "tag", "tag": "a", "test": {"op": "eq", "value": 1}, "extra": 1}, "extra"),
        ({"kind": "tag", "tag": "a", "test": {"op": "eq", "value": None}}, "rule.tag.test.eq.value"),
    ],
)  # fmt: skip
def test_a_wrong_rule_says_where_and_why(rule, said):
    with pytest.raises(SegmentError, match=said):
        parse_definition(document(rule))


def test_another_language_is_refused():
    with pytest.raises(SegmentError, match="written in language 2"):
        parse_definition(document(stage("x")) | {"language": 2})


def test_files_are_read_and_a_key_stands_once(tmp_path):
    (tmp_path / "a.yaml").write_text(EVERYTHING, encoding="utf-8")
    assert list(load_segments(tmp_path)) == ["worth_a_call"]
    (tmp_path / "b.yaml").write_text(EVERYTHING, encoding="utf-8")
    with pytest.raises(SegmentError, match=r"defined twice.*a\.yaml.*b\.yaml"):
        load_segments(tmp_path)
    (tmp_path / "b.yaml").write_text("x" * 300_000, encoding="utf-8")
    with pytest.raises(SegmentError, match=r"b\.yaml is larger"):
        load_segments(tmp_path)


def test_a_rule_is_told_in_both_languages():
    words = RuleWords(
        tags={"lifecycle": ("生命周期", "Lifecycle"), "spend": ("消费", "Spend")},
        values={"lifecycle": {"lost": ("流失", "Lost")}},
        events={"search": ("搜索", "Search")},
        segments={"others": ("其他人", "The others")},
        money=frozenset({"spend"}),
    )
    zh, en = explain_rule(parse_yaml(EVERYTHING).rule, words)
    assert zh.splitlines()[:3] == ["同时满足：", "  生命周期为 dormant、流失", "  消费在 0.995 到 1 之间"]
    assert "    最近 90 天没有购买" in zh.splitlines()
    assert "    最近 30 天行为次数（行为为 搜索、product_view）不少于 3" in zh.splitlines()
    assert "    属于人群“其他人”" in zh.splitlines()
    told = [line.strip() for line in en.splitlines()]
    assert told[:3] == ["all of:", "Lifecycle is one of dormant, Lost", "Spend is from 0.995 to 1"]
    assert "had no purchase in the last 90 days" in told
    assert "sum of net amount from 60 to 30 days ago is at least 50" in told
    assert (
        "had behaviour (behaviour is cart_add) in the last 30 days, but then no purchase within 3 days" in told
    )  # fmt: skip
    assert len(zh.splitlines()) == len(en.splitlines())
