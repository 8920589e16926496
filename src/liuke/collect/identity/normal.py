"""Which texts are look-up keys, and the one spelling of each, the same in Python and in SQL.

A phone without digits, a masked number or "none" names nobody: as a key it would join strangers and be found by any
other text that is none. Such a text has no normal form, wherever keys are written or asked for.

Each kind of key is a list of replacements. Both engines read the same list, so they can't disagree; what it leaves
empty is no key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

from liuke.kernel import stable_id
from liuke.kernel.widths import narrowed, narrowed_sql

PLACEHOLDERS = (
    "none", "null", "nil", "nan", "na", "n/a", "n.a.", "unknown", "undefined", "empty", "anonymous", "guest", "visitor",
    "无", "暂无", "没有", "空", "未知", "不详", "未填", "未填写", "未提供", "保密", "匿名", "游客", "访客", "散客",
)  # fmt: skip
"""What people and programs write where there is no value; in any case, also in brackets."""

Step = tuple[str, str]  # a pattern that RE2 and Python read alike, and what replaces every match


def _any_case(word: str) -> str:
    return "".join(f"[{c.upper()}{c}]" if "a" <= c <= "z" else re.escape(c) for c in word)


_EMPTY_WORD = f"[(<#\\[]*(?:{'|'.join(map(_any_case, PLACEHOLDERS))})[)>\\]]*"
_TRIMMED: Step = (r"^[ \t\r\n\f\v]+|[ \t\r\n\f\v]+$", "")
_NO_VALUE: Step = (
    rf"(?s)^(?:{_EMPTY_WORD}|[-_.,:;/\\?!#~=+ 0、。，？！—–－]+"  # a word for nothing; nothing but signs and zeros
    r"|.*[*•●＊].*"  # masked
    r"|[+-]?[0-9]+(?:[.][0-9]+)?[Ee][+][0-9]+)$",  # a spreadsheet's 1.38E+10 has lost its digits
    "",
)
_PHONE: tuple[Step, ...] = (
    (r"(?s)^.*(?:[A-Za-z][0-9]|[0-9][A-Za-z]|@).*$", ""),  # M10042, 138xxxx0001, an e-mail address
    (r"^([0-9]+)[.]0+$", r"\1"),  # a spreadsheet made a number of it
    (r"[^0-9]+", ""),
    (r"^(00)?86(1[0-9]{10})$", r"\2"),  # China's code before a mobile number
    (f"^(?:[0-9]{{0,4}}|{'|'.join(f'{digit}*' for digit in range(10))})$", ""),  # too short; one digit all along
)
_EMAIL: tuple[Step, ...] = (
    (r"(?s)^(?:[^@]*|@.*|.*@|.*@.*@.*|.*[ \t\r\n\f\v].*)$", ""),
    (rf"(?s)^{_EMPTY_WORD}@{_EMPTY_WORD}(?:[.].*)?$", ""),  # none@none.com
)
_STEPS = {"phone": (_TRIMMED, _NO_VALUE, *_PHONE), "email": (_TRIMMED, _NO_VALUE, *_EMAIL)}
_OTHER_STEPS = (_TRIMMED, _NO_VALUE)


def normal_value(namespace: str, value: str) -> str | None:
    """Return the spelling under which an identifier of this kind is looked up; None if it is no key.

    Examples
    --------
    >>> normal_value("phone", "+86 138-0013-8000"), normal_value("phone", "０１３８00138000"[1:])
    ('13800138000', '13800138000')
    >>> normal_value("phone", "138****0001"), normal_value("email", "None"), normal_value("member", "-")
    (None, None, None)
    """
    text = narrowed(value, lower=namespace == "email")
    for pattern, replacement in _STEPS.get(namespace, _OTHER_STEPS):
        text = re.sub(pattern, replacement, text)
    return text or None


def normal_sql(namespace: str, value_sql: str) -> str:
    """Return the DuckDB expression that gives ``normal_value``; NULL if it is no key."""
    text = narrowed_sql(value_sql, lower=namespace == "email")
    for pattern, replacement in _STEPS.get(namespace, _OTHER_STEPS):
        text = f"regexp_replace({text}, {_literal(pattern)}, {_literal(replacement)}, 'g')"
    return f"nullif({text}, '')"


def normal_name(value: str) -> str | None:
    """Return the spelling under which a name is looked up: whole, without spaces, capitals and full-width forms.

    Examples
    --------
    >>> normal_name("王 小明"), normal_name("Ｗang Wei"), normal_name("匿名")
    ('王小明', 'wangwei', None)
    """
    plain = normal_value("name", normalize("NFKC", value))
    return "".join(plain.casefold().split()) if plain else None


def normal_field(field: str, value: str) -> str | None:
    """Return the spelling under which a field of a profile is looked up; None if it is no key."""
    return normal_name(value) if field == "name" else normal_value(field, value)


def keys_of(namespace: str, values: Iterable[str]) -> dict[str, str]:
    """Return value → key of those values that are keys."""
    pairs = ((value, normal_value(namespace, value)) for value in values)
    return {value: key for value, key in pairs if key is not None}


def personal_identity(pepper: str, namespace: str, key: str) -> int:
    """Return the id under which a phone number or an e-mail address is an identity of its own, as sources make it."""
    return stable_id(pepper + namespace, key)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
