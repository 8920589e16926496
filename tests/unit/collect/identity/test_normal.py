"""What is a key and how it is spelt: one table, in Python and in SQL, and both alike on anything."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liuke.collect.identity import normal_sql, normal_value

KINDS = ("phone", "email", "member")
NOBODY = [
    "", " ", "\u3000", "\u200b", "-", "--", "—", "?", "？？？", "0", "000", "0.0", "none", "None", "N/A", "n/a", "NULL",
    "(null)", "[None]", "nan", "无", "暂无", "未知", "匿名", "游客", "138****0001",
    "w***@example.com", "＊＊＊＊", "1.38E+10",
    "1.38e+10",
]  # fmt: skip
NO_PHONES = [
    "abc",
    "红色",
    "张艺涵",
    "a@b.com",
    "13800138000@qq.com",
    "M10042",
    "138xxxx0001",
    "1234",
    "00000000000",
    "1111111",
    "１１１１１１",
]
NO_EMAILS = ["13800138000", "a", "@x.cn", "a@", "a@b@c", "a b@c.cn", "none@none.com", "NULL@null"]
SPELLINGS = {
    "phone": {
        "13800138000": ["+86 138-0013-8000", "0086 13800138000", "(+86)13800138000",
                        "8613800138000",
                        "１３８ ００１３ ８０００", "138\u200b0013\u00a08000", "13800138000.0",
                        "电话：13800138000", "tel: 13800138000"],
        "02155556666": ["021-55556666", "（021）5555 6666"],
        "4412345678": ["+44 12345678"],
    },
    "email": {"a@example.com": ["A@Example.com ", "ａ＠example.com", "\ufeffa@example.com"],
              "王@例子.cn": ["王@例子.cn\t"]},
    "member": {"M 7": ["  M 7", "Ｍ 7", "M\u00a07"], "111": ["111"], "007": ["007"], "8888": ["８８８８"],
               "无忌": ["无忌"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def both(engine: duckdb.DuckDBPyConnection, kind: str, value: str) -> str | None:
    """Return the key, the same by both twins."""
    ((found,),) = engine.execute(f"SELECT {normal_sql(kind, 'v')} FROM (SELECT ? AS v)", [value]).fetchall()
    assert found == normal_value(kind, value), (kind, value)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", NOBODY)
def test_what_names_nobody_is_no_key_of_any_kind(engine: duckdb.DuckDBPyConnection, kind: str, value: str) -> None:
    assert both(engine, kind, value) is None


@pytest.mark.parametrize(
    ("kind", "value"), [*(("phone", one) for one in NO_PHONES), *(("email", one) for one in NO_EMAILS)]
)
def test_what_isnt_of_the_kind_is_no_key(engine: duckdb.DuckDBPyConnection, kind: str, value: str) -> None:
    assert both(engine, kind, value) is None


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [(kind, key, one) for kind, keys in SPELLINGS.items() for key, ways in keys.items() for one in (key, *ways)],
)
def test_a_key_in_any_spelling_is_one_key(engine: duckdb.DuckDBPyConnection, kind: str, key: str, value: str) -> None:
    assert both(engine, kind, value) == key


PIECES = st.sampled_from([*NOBODY, *NO_PHONES, *NO_EMAILS, *(one for keys in SPELLINGS.values() for one in keys)])
TEXTS = st.lists(
    st.one_of(PIECES, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6))
)


def test_sql_and_python_agree_on_generated_text(engine: duckdb.DuckDBPyConnection) -> None:
    checked = 0

    @settings(max_examples=150, deadline=None)
    @given(TEXTS.map("".join), st.sampled_from(KINDS))
    def agree(value: str, kind: str) -> None:
        nonlocal checked
        key = both(engine, kind, value)
        if key is not None:
            assert both(engine, kind, key) in (key, None), "a key is its own spelling"
        checked += 1

    agree()
    assert checked >= 150
