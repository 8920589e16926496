"""What must not get through: each attempt is refused with a clear message, or stopped."""

# ruff: noqa: E501 - rules and rows are read across
from __future__ import annotations

import datetime as dt
import json
import time

import pyarrow as pa
import pytest

from liuke.understand.segments import (
    LockedEngine,
    SegmentBook,
    SegmentCycleError,
    SegmentDesk,
    SegmentError,
    SegmentSettings,
    SegmentStoppedError,
    frame_of,
    parse_definition,
    parse_yaml,
)

PEOPLE = pa.table({
    "customer_id": [1, 2, 3], "tag_spend": [10, 20, None], "tag_stage": ["lost", "a'b", None],
    "tag_needs": pa.array([["x"], [], None], pa.list_(pa.string())), "city": ["杭州市", None, "上海市"],
})  # fmt: skip


def desk(**settings):
    engine = LockedEngine({"customers": PEOPLE}, settings=SegmentSettings(**settings))
    return SegmentDesk(engine, frame_of(engine.columns("customers"), dt.date(2026, 1, 1), "tag_"))


def segment(rule, key="s"):
    return parse_definition({"language": 1, "key": key, "name": {"zh": "人群", "en": "set"}, "rule": rule})


def tag(op="eq", value="lost", name="stage"):
    return {"kind": "tag", "tag": name, "test": {"op": op, "value": value}}


def expression(text):
    book = SegmentBook([segment({"kind": "expression", "text": text})])
    return desk().members("s", book)


def nested(depth, word="not"):
    rule = tag()
    for _ in range(depth):
        rule = {"kind": word, "of": rule if word == "not" else [rule]}
    return rule


@pytest.mark.parametrize("depth", [13, 500, 50_000])
@pytest.mark.parametrize("word", ["not", "all"])
def test_deep_nesting_is_refused(depth, word):
    with pytest.raises(SegmentError, match=r"nested deeper than 12 groups"):
        segment(nested(depth, word))


def test_deep_yaml_is_refused():
    text = "language: 1\nkey: s\nname: {zh: a, en: b}\nrule: " + "{kind: not, of: " * 5_000
    with pytest.raises(SegmentError, match="nested too deeply"):
        parse_yaml(text)


def test_twelve_groups_are_fine():
    assert desk().members("s", SegmentBook([segment(nested(11))])) == [2, 3]


def test_a_rule_with_too_many_conditions_is_refused():
    with pytest.raises(SegmentError, match="more than 200 conditions"):
        segment({"kind": "any", "of": [tag() for _ in range(300)]})


def test_yaml_aliases_cannot_hide_a_bomb():
    lines = ["a0: &a0 {kind: tag, tag: stage, test: {op: eq, value: x}}"]
    lines += [f"a{n}: &a{n} {{kind: any, of: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    text = "language: 1\nkey: s\nname: {zh: a, en: b}\n" + "\n".join(lines) + "\nrule: *a8\n"
    with pytest.raises(SegmentError, match=r"more than 200 conditions|too large"):
        parse_yaml(text)


def test_segments_of_segments_cannot_explode():
    first = segment({"kind": "any", "of": [tag(), tag("eq", "new")]}, "s0")
    chain = [first] + [
        segment({"kind": "all", "of": [{"kind": "segment", "segment": f"s{n - 1}"}] * 2}, f"s{n}") for n in range(1, 30)
    ]
    with pytest.raises(SegmentError, match="at most 2000 are evaluated"):
        SegmentBook(chain)


def test_a_cycle_is_refused_with_its_path():
    link = lambda key, to: segment({"kind": "segment", "segment": to}, key)  # noqa: E731
    with pytest.raises(SegmentCycleError, match="a -> b -> c -> a"):
        SegmentBook([link("a", "b"), link("b", "c"), link("c", "a")])


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE customers; --", "a'b", "x' OR '1'='1", "\"; ATTACH '/etc/passwd'; --", "\\", "%", "$1", "{}"],
)
def test_sql_in_a_string_is_only_a_string(text):
    asked = desk()
    for rule in (
        tag("eq", text),
        {"kind": "tag", "tag": "stage", "test": {"op": "in", "values": [text]}},
        {"kind": "tag", "tag": "stage", "test": {"op": "contains", "text": text}},
        {"kind": "tag", "tag": "needs", "test": {"op": "in", "values": [text]}},
        {"kind": "profile", "field": "city", "test": {"op": "starts_with", "text": text}},
    ):
        expected = [2] if text == "a'b" and rule.get("tag") == "stage" else []
        assert asked.members("s", SegmentBook([segment(rule)])) == expected
    assert asked.engine.rows("SELECT count(*) FROM customers") == [(3,)]


def test_control_characters_and_long_texts_are_refused():
    with pytest.raises(SegmentError, match=r"U\+0000 \(NUL\)"):
        segment(tag("eq", "a\x00b"))
    with pytest.raises(SegmentError, match="at most 200 characters"):
        segment(tag("eq", "x" * 201))
    with pytest.raises(SegmentError, match="at most 1000 items"):
        segment({"kind": "tag", "tag": "stage", "test": {"op": "in", "values": [str(n) for n in range(1001)]}})


def test_a_name_cannot_carry_sql():
    with pytest.raises(SegmentError, match="pattern"):
        segment(tag(name='stage" OR 1=1 --'))
    with pytest.raises(SegmentError, match="pattern"):
        segment(tag(), key="s; DROP TABLE customers")


PATTERN = "(a+)+" * 30 + "$"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"regexp_matches(stage, '{PATTERN}')", "REGEXP_MATCHES"),
        (f"stage ~ '{PATTERN}'", "is not allowed"),
        ("stage like '%a%b%c%d%e%'", "LIKE"),
        ("stage similar to 'a*'", "SIMILAR"),
    ],
)
def test_a_pattern_is_refused(text, named):
    with pytest.raises(SegmentError, match=named):
        expression(text)


def test_a_text_is_no_pattern():
    rule = {"kind": "tag", "tag": "stage", "test": {"op": "contains", "text": PATTERN}}
    assert desk().members("s", SegmentBook([segment(rule)])) == []


@pytest.mark.parametrize(
    "text",
    [
        "read_csv('/etc/passwd') is not null", "read_text('/etc/passwd') = 'x'", "(select 1) = 1",
        "spend in (select spend from customers)", "exists (select 1 from read_csv('/etc/passwd'))",
        "spend = 1; drop table customers", "getenv('HOME') = '/root'", "current_setting('memory_limit') = 'x'",
        "spend::varchar = '1'", "spend = $1", "spend = ?", "[x for x in range(1000000)] is null", "range(1000000000) is null",
        "spend = 1 union select 1", "case when spend = 1 then true end", "list_transform(needs, x -> x) is null",
        "spend between symmetric 1 and 2", "customers.spend = 1", "\"spend\"\"; --\" = 1", "stage || stage = 'x'",
        "repeat(stage, 1000000000) = 'x'", "spend ** 99 > 1", "random() < 0.5", "now() > since", "spend is distinct from 1",
        "row(1) = 1", "{'a': 1} is null", "spend = any([1])", "stage collate nocase = 'x'", "try(spend) = 1",
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused(text):
    with pytest.raises(SegmentError):
        expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "PRAGMA database_list", "ATTACH '/tmp/x.db'", "COPY customers TO '/tmp/x.csv'", "INSTALL httpfs",
        "SET memory_limit = '99GB'", "EXPORT DATABASE '/tmp/x'", "CREATE TABLE x AS SELECT 1", "CALL pragma_version()",
        "SELECT 1", "DROP TABLE customers",
    ],
)  # fmt: skip
def test_a_statement_is_no_expression(text):
    with pytest.raises(SegmentError, match=r"not allowed|cannot be read|one single"):
        expression(text)


@pytest.mark.parametrize(
    "text", ["(" * 1_000 + "spend" + ")" * 1_000, "not " * 300 + "spend = 1", "- " * 290 + "spend = 1", "x" * 5_000]
)
def test_a_huge_expression_is_refused_before_it_is_parsed(text):
    began = time.monotonic()
    with pytest.raises(SegmentError, match=r"nested deeper|at most 300 are read|at most 2000 characters"):
        expression(text)
    assert time.monotonic() - began < 2


def test_good_expressions_still_work():
    assert expression("spend * 2 >= 40 and not stage = 'lost'") == [2]
    assert expression("profile.city in ('上海市') or contains(needs, 'x')") == [1, 3]
    assert expression("stage = 'a''b'") == [2]
    assert expression("coalesce(spend, 0) / 0 is null") == [1, 2, 3]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "FROM glob('/etc/*')",
        "COPY customers TO '/tmp/liuke-should-not-be.csv'", "ATTACH '/tmp/liuke-should-not-be.db'", "INSTALL httpfs",
        "LOAD httpfs", "SET memory_limit = '99GB'", "PRAGMA memory_limit = '99GB'", "SET enable_external_access = true",
        "RESET lock_configuration", "EXPORT DATABASE '/tmp/liuke-should-not-be'", "CREATE TABLE x AS SELECT 1",
        "DROP TABLE customers", "DELETE FROM customers", "SELECT * FROM PEOPLE",
    ],
)  # fmt: skip
def test_behind_the_list_the_engine_is_locked(sql):
    """Nothing typed reaches the engine; if it ever did, these are the walls."""
    engine = LockedEngine({"customers": PEOPLE}, SegmentSettings())
    with pytest.raises(Exception, match=r"(?i)disabled|locked|read-only|cannot change|does not exist|read only"):
        engine.rows(sql)
    assert engine.rows("SELECT count(*) FROM customers") == [(3,)]


def test_a_long_question_is_stopped_by_its_clock():
    began = time.monotonic()
    with pytest.raises(SegmentStoppedError, match=r"stopped after 0\.3 seconds"):
        LockedEngine({}, settings=SegmentSettings(timeout_s=0.3)).rows(
            "SELECT max(a.range * b.range % 7) FROM range(300000) a, range(300000) b"
        )
    assert time.monotonic() - began < 5


def test_a_large_question_is_stopped_by_its_memory():
    with pytest.raises(SegmentStoppedError, match="more than 64 MiB"):
        LockedEngine({}, settings=SegmentSettings(memory_mb=64)).rows("SELECT list(range) FROM range(100000000)")


def test_the_engine_answers_again_after_it_was_stopped():
    engine = LockedEngine({"customers": PEOPLE}, settings=SegmentSettings(timeout_s=0.2))
    for _ in range(2):
        with pytest.raises(SegmentStoppedError):
            engine.rows("SELECT max(a.range * b.range % 7) FROM range(300000) a, range(300000) b")
    assert engine.rows("SELECT count(*) FROM customers") == [(3,)]


def test_json_of_ten_thousand_levels_does_not_crash_the_reader():
    with pytest.raises((SegmentError, RecursionError)):
        segment(json.loads('{"kind":"not","of":' * 900 + '{"kind":"random","share":0.5}' + "}" * 900))
