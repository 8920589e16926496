"""What people type: which characters are refused, which spellings are the same, which names were meant."""

from __future__ import annotations

import random

import duckdb
import pytest
import yaml

from liuke.kernel import DuplicateKeyError, dangerous, folded, folded_sql, impossible, nearest, one_line, read_yaml

ODD = "ＡＢ１＇＾［］～ab'  \u00a0\u3000\u200b\ufeff\t\n\r\u2028中e\u0301👩\u200d👧\u202f\u0085\x0b\x0c\\-^]"


@pytest.mark.parametrize(
    "text", ["北京　市", "Douyin\u00a0Shop", "宝妈👩\u200d👧", "１００", "两行\n名字", "a\tb", "👍🏽", "café"]
)
def test_ordinary_text_is_taken(text: str) -> None:
    assert dangerous(text) == ""
    assert "\n" not in one_line(text)
    assert "\t" not in one_line(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [("a\0", "U+0000 (NUL)"), ("\u202eb", "right-to-left override"), ("a\u2066", "U+2066"), ("\x1b[31m", "U+001B"),
     ("\ud800", "U+D800"), ("\x9b", "U+009B")],
)  # fmt: skip
def test_what_can_lie_on_a_screen_is_refused_by_name(text: str, named: str) -> None:
    assert named in dangerous(text)
    with pytest.raises(ValueError, match="文字里有不允许的字符"):
        one_line(text)


def test_the_engine_and_python_agree_on_what_is_the_same_value() -> None:
    draw, changed = random.Random(7), 0
    connection = duckdb.connect()
    texts = ["".join(draw.choice(ODD) for _ in range(draw.randint(0, 9))) for _ in range(2_000)]
    for text in texts:
        row = connection.execute(f"SELECT {folded_sql('x')} FROM (SELECT $1::VARCHAR AS x)", [text]).fetchone()
        assert row == (folded(text),), text
        changed += folded(text) != text
    assert changed > 1_000  # most of them had something to fold


def test_a_key_that_stands_twice_is_refused_by_line() -> None:
    with pytest.raises(DuplicateKeyError, match=r"line 3: the key 'b'.*first in line 2"):
        read_yaml("a:\n  b: 1\n  b: 2\n")
    assert read_yaml("a: &x {p: 1}\nb: {<<: *x, p: 2}") == {"a": {"p": 1}, "b": {"p": 2}}  # a merge is no double
    for text in ("day: 2026-02-30", "a: [1"):
        with pytest.raises(yaml.YAMLError):
            read_yaml(text)


def test_full_width_numbers_are_numbers_and_words_stay_words() -> None:
    read = read_yaml("{a: １００, b: ０．５, c: １段, d: '１', e: －３, f: 1０}")
    assert read == {"a": 100, "b": 0.5, "c": "１段", "d": "１", "e": -3, "f": 10}


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [("nwe", ["new", "lost"], "new"), ("NEW", ["new", "lost"], "new"), ("ｎｅｗ", ["new"], "new"),
     ("add_to_cart", ["cart_add", "search"], "cart_add"), ("浙江", ["浙江省", "江苏省"], "浙江省")],
)  # fmt: skip
def test_the_nearest_name_is_the_one_that_was_meant(name: str, known: list[str], meant: str) -> None:
    assert nearest(name, known)[0] == meant
    assert nearest("quite another thing", known) == ()


@pytest.mark.parametrize(
    ("tests", "nobody"),
    [([("between", (90, 1))], True), ([("between", (1, 1))], False), ([("gt", 5), ("lt", 5)], True),
     ([("gte", 5), ("lte", 5)], False), ([("in", ["a", "b"]), ("eq", "c")], True), ([("in", [1, 9]), ("gt", 5)], False),
     ([("gt", "2026-02-01"), ("lt", "2026-01-01")], True), ([("ne", 5), ("eq", 5)], False), ([], False)],
)  # fmt: skip
def test_a_range_that_nobody_can_pass_is_seen(tests: list, nobody: bool) -> None:
    assert impossible(tests) is nobody
