"""Which language each customer reads, as the sources say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from liuke.collect.sources import CUSTOMERS
from liuke.store.lake import Lake, connect

_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")  # RFC 5646, as far as templates are named by it


class CustomerLanguages:
    """The language that each identity's latest profile record names; read from the lake once, at the first question.

    Parameters
    ----------
    lake : Lake
        With the table ``customers``.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def of(self, identities: Iterable[int]) -> str:
        """Return the language of a customer's first identity that has one, such as ``en-gb``; empty if none has."""
        return next((self._known[one] for one in identities if one in self._known), "")

    @cached_property
    def _known(self) -> dict[int, str]:
        sql = f"""SELECT identity_id, arg_max(language, (recorded_at, load_id, row_number))
                  FROM {self._lake.scan_sql(CUSTOMERS.name)} WHERE language IS NOT NULL GROUP BY identity_id"""
        with connect() as engine:
            found = {identity: language_code(said) for identity, said in engine.execute(sql).fetchall()}
        return {identity: code for identity, code in found.items() if code}


def language_code(said: str) -> str:
    """Return a language code in one spelling; empty for what is none.

    Examples
    --------
    >>> language_code("zh_CN"), language_code(" EN "), language_code("中文")
    ('zh-cn', 'en', '')
    """
    code = said.strip().lower().replace("_", "-")
    return code if _CODE.fullmatch(code) else ""
