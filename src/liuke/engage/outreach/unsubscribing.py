"""Where recipients end messages: the address in every marketing message, and whether it can work."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from liuke.engage.outreach.config import OutreachSettings
from liuke.engage.outreach.errors import OutreachError
from liuke.engage.outreach.mailbox import is_address, leads_nowhere, parse_mailbox

_KEY = "{key}"
_IN_A_URL = re.compile(r"[!#$%&'()*+,./:;=?@\[\]_~0-9A-Za-z-]+")  # RFC 3986 §2: no spaces, brackets, quotes or braces
_MAX_CHARACTERS = 800  # with the key in it, the header still fits into one line of 998


def unsubscribe_at(settings: OutreachSettings, key: str) -> str:
    """Return the address for one message.

    Examples
    --------
    >>> unsubscribe_at(OutreachSettings(unsubscribe="https://shop.example/u?m={key}"), "0f")
    'https://shop.example/u?m=0f'
    """
    template = settings.unsubscribe or _by_mail(settings)
    return template.replace(_KEY, key)


def check_unsubscribe(settings: OutreachSettings) -> None:
    """Make sure that recipients can end messages where the setting says.

    Raises
    ------
    OutreachError
        Saying what is wrong with it.
    """
    template = settings.unsubscribe or _by_mail(settings)
    if fault := _fault(template):
        raise OutreachError(
            f"[outreach] unsubscribe = {template!r}: {fault}.",
            hint="Write https://shop.example/unsubscribe?m={key} or mailto:unsubscribe@shop.example?subject={key}, or "
            "leave it empty: recipients then write to reply_to or sender.",
        )


def _by_mail(settings: OutreachSettings) -> str:
    text = settings.smtp.reply_to or settings.smtp.sender
    try:
        address = parse_mailbox(text).address
    except ValueError:  # the file channel sends nothing and needs no sender; a real one has been checked by now
        address = "unsubscribe@shop.invalid"
    return f"mailto:{quote(address, safe='@')}?subject=unsubscribe%20{_KEY}"


def _fault(template: str) -> str:
    """Return what is wrong with the address, nothing if it can work."""
    url = template.replace(_KEY, "0")
    if not _IN_A_URL.fullmatch(url):
        return "it holds characters that no URL may have (only {key} is replaced)"
    if len(template) > _MAX_CHARACTERS:
        return f"it is longer than {_MAX_CHARACTERS} characters"
    try:
        parts = urlsplit(url)
        place = parts.hostname or ""
    except ValueError:
        return "it is no URL"
    if parts.scheme == "mailto":
        address = unquote(parts.path)
        if not is_address(address):
            return "no address stands behind mailto:"
        place = address.rpartition("@")[2]
    elif parts.scheme != "https":
        return "it begins neither with https: nor with mailto:"
    elif _KEY not in template:
        return "without {key} nobody can tell who unsubscribes"
    return f"nobody outside can reach {place or 'it'}" if leads_nowhere(place) else ""
