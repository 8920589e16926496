"""Text as people type it: what is refused, and which spellings are the same.

An input method leaves full-width digits, full-width spaces and no-break spaces; a phone leaves emoji of several joined
characters. All of that is ordinary text. Refused is only what can lie about itself on a screen or break a file: NUL
and other control characters, and the signs that turn the direction of reading around.

Two spellings are *the same value* if `folded` makes them equal: ASCII in its full-width form is ASCII, any run of
spaces is one space, invisible joints at which nothing is joined are nothing. `folded_sql` is the same rule for columns
of the engine; both are written from the same tables.
"""

from __future__ import annotations

import re
import unicodedata

_FULL_WIDTH = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_ASCII = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F))
_NARROWED = str.maketrans(_FULL_WIDTH, _ASCII)
_SPACES = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NOTHING = "\u200b\u2060\ufeff"  # zero-width space, word joiner, byte-order mark
_SPACE_RUN, _LINE_BREAKS = re.compile(f"[{_SPACES}]+"), re.compile(r"[ \t]*[\n\v\f\r\u0085\u2028\u2029\t]+[ \t]*")
_INVISIBLE = re.compile(f"[{_NOTHING}]")
_TURNING = {
    "\u202a": "left-to-right embedding", "\u202b": "right-to-left embedding", "\u202c": "pop directional formatting",
    "\u202d": "left-to-right override", "\u202e": "right-to-left override", "\u2066": "left-to-right isolate",
    "\u2067": "right-to-left isolate", "\u2068": "first strong isolate", "\u2069": "pop directional isolate",
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


def dangerous(text: str) -> str:
    r"""Return what a text may not hold, named for a message; empty if there is nothing.

    Examples
    --------
    >>> dangerous("北京　市"), dangerous("宝妈👩\u200d👧")
    ('', '')
    >>> dangerous("a\u202eb")
    'U+202E (right-to-left override)'
    """
    for character in text:
        if character in _TURNING:
            return f"U+{ord(character):04X} ({_TURNING[character]})"
        kind = unicodedata.category(character)
        if kind == "Cs" or (kind == "Cc" and not _SPACE_RUN.match(character)):
            name = "half of a surrogate pair" if kind == "Cs" else "NUL" if character == "\0" else "a control character"
            return f"U+{ord(character):04X} ({name})"
    return ""


def checked_text(text: str) -> str:
    """Return a value as typed.

    Raises
    ------
    ValueError
        If it holds a character that is refused; the message names it.
    """
    if found := dangerous(text):
        raise ValueError(f"the text holds {found}; delete it / 文字里有不允许的字符 {found}，请删掉")
    return text


def one_line(text: str) -> str:
    """Return a name on one line: a line break or tab becomes a space, so that no table, file or header breaks on it.

    Raises
    ------
    ValueError
        As `checked_text`.
    """
    return _LINE_BREAKS.sub(" ", checked_text(text)).strip()


def folded(text: str) -> str:
    r"""Return the spelling that all spellings of a value share.

    Examples
    --------
    >>> folded("Ａ２\u3000段\u00a0") == folded("A2 段")
    True
    """
    return _SPACE_RUN.sub(" ", _INVISIBLE.sub("", text.translate(_NARROWED))).strip(" ")


def folded_sql(sql: str) -> str:
    """Return the same of a text column, for DuckDB; only rows that it may change pay for it."""
    narrow = f"translate({sql}, '{_FULL_WIDTH}', '{_ASCII.replace(chr(39), chr(39) * 2)}')"
    shown = f"regexp_replace({narrow}, '[{_escaped(_NOTHING)}]', '', 'g')"
    told = f"trim(regexp_replace({shown}, '[{_escaped(_SPACES)}]+', ' ', 'g'), ' ')"
    odd = _escaped(f"{_FULL_WIDTH[0]}-{_FULL_WIDTH[-1]}{_NOTHING}{_SPACES.replace(' ', '')}")
    return f"(CASE WHEN regexp_matches({sql}, '[{odd}]|  |^ | $') THEN {told} ELSE {sql} END)"


def typed_number(text: str) -> int | float | None:
    """Return the number that a text with full-width digits says, thousands apart or not; None if it says none.

    Examples
    --------
    >>> typed_number("１，０００"), typed_number("０．５"), typed_number("1段")
    (1000, 0.5, None)
    """
    plain = folded(text)
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    if not _NUMBER.fullmatch(plain):
        return None
    return float(plain) if "." in plain else int(plain)


def _escaped(characters: str) -> str:
    """Write a character class as the engine's patterns take it."""
    return "".join(one if one in "- " else rf"\x{{{ord(one):X}}}" for one in characters)
