"""Text as people type it, brought to plain ASCII where it is meant so; the same in Python and in SQL.

Chinese keyboards type full-width letters and digits, spreadsheets bring no-break and zero-width spaces. Both would make
two keys of one. Narrowed is every character that Unicode's compatibility form (NFKC) makes one printable ASCII
character of; zero-width characters go; anything else stays as it is.
"""

from __future__ import annotations

import sys
from unicodedata import normalize

_GONE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"  # zero-width spaces and joiners, the byte order mark, the soft hyphen


def _narrow_forms() -> dict[str, str]:
    wide = map(chr, range(0x80, sys.maxunicode + 1))
    pairs = ((one, normalize("NFKC", one)) for one in wide if not 0xD800 <= ord(one) <= 0xDFFF)
    return {one: plain for one, plain in pairs if len(plain) == 1 and " " <= plain <= "~"}


_NARROW = _narrow_forms()
_PLAIN = str.maketrans(_NARROW | dict.fromkeys(_GONE, ""))
_LOWER = str.maketrans(
    {one: plain.lower() for one, plain in _NARROW.items()}
    | dict.fromkeys(_GONE, "")
    | {chr(code): chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}
)


def narrowed(text: str, *, lower: bool = False) -> str:
    """Return a text with its wide and odd forms as ASCII, on request with ASCII capitals in lower case.

    Examples
    --------
    >>> narrowed("１３８ ００１３"), narrowed("Ａ@Example.com", lower=True), narrowed("王小明")
    ('138 0013', 'a@example.com', '王小明')
    """
    return text.translate(_LOWER if lower else _PLAIN)


def narrowed_sql(value_sql: str, *, lower: bool = False) -> str:
    """Return the DuckDB expression that gives ``narrowed``. ASCII, which nearly all keys are, is told by its bytes."""
    table = _LOWER if lower else _PLAIN
    kept = [code for code, plain in table.items() if plain] + [code for code, plain in table.items() if not plain]
    wide = "".join(map(chr, kept))
    plain = "".join(table[code] for code in kept).replace("'", "''")  # shorter: what has no partner is left out
    ascii_only = f"lower({value_sql})" if lower else value_sql
    return (
        f"CASE WHEN strlen({value_sql}) = length({value_sql}) THEN {ascii_only} "
        f"ELSE translate({value_sql}, '{wide}', '{plain}') END"
    )
