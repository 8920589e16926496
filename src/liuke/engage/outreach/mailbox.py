"""Addresses, read strictly: whatever is not certainly one mailbox is none.

A lenient reader makes `Baby, Co <hello@shop.example>` into two addresses and sends from the first, `Baby`. So this one
takes less than RFC 5322 allows: a plain address, or a name and the address in angle brackets, the name quoted where it
holds a comma or another character that has a meaning in headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import category

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}"  # RFC 5321 §4.5.3.1.1; quoted local parts are left out
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
_NAMED = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^()<>\[\]:;@\\,"]*?))\s*<(?P<address>[^<>]*)>')
MAX_ADDRESS_CHARACTERS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_NOWHERE = frozenset({"invalid", "localhost"})  # RFC 2606 §2: names that are sure to lead nowhere


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address and the name shown beside it, which may be empty."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the ``@``."""
        return self.address.rpartition("@")[2]


def is_address(text: str) -> bool:
    """Tell whether a text is exactly one plain e-mail address, as it goes into RCPT without SMTPUTF8."""
    return len(text) <= MAX_ADDRESS_CHARACTERS and _ADDRESS.fullmatch(text) is not None


def leads_nowhere(domain: str) -> bool:
    """Tell whether no server outside can be meant by a domain: a bare name, or one reserved for that."""
    labels = domain.lower().split(".")
    return len(labels) < 2 or labels[-1] in _NOWHERE


def parse_mailbox(text: str) -> Mailbox:
    """Read one mailbox.

    Raises
    ------
    ValueError
        Saying in a few words what is wrong.

    Examples
    --------
    >>> parse_mailbox('"Baby, Co" <hello@shop.example>')
    Mailbox(name='Baby, Co', address='hello@shop.example')
    >>> parse_mailbox("小芽母婴")
    Traceback (most recent call last):
    ValueError: it holds no address
    """
    text = text.strip()
    if any(category(character) in ("Cc", "Zl", "Zp") for character in text):
        raise ValueError("it holds a line break or a control character")
    if is_address(text):
        return Mailbox("", text)
    if "@" not in text:
        raise ValueError("it holds no address")
    named = _NAMED.fullmatch(text)
    if named is None:
        raise ValueError('it is not one address; write "Name" <address>, a name with a comma in quotes')
    if not is_address(named["address"]):
        raise ValueError("what stands in the angle brackets is no plain e-mail address")
    name = named["plain"] if named["quoted"] is None else re.sub(r"\\(.)", r"\1", named["quoted"])
    return Mailbox(name.strip(), named["address"])
