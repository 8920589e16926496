"""A message as the bytes that leave: headers written by hand, bodies by the standard library.

The library's own headers fold long values and may hide an address in an encoded word, where no mail program looks for
an unsubscribe button (RFC 2369 §2: the URL stands in angle brackets as it is). Here addresses and URLs are never
folded, and only texts for people are encoded (RFC 2047).
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from unicodedata import category

from liuke.engage.outreach.contracts import Outgoing
from liuke.engage.outreach.mailbox import Mailbox

MAX_LINE_BYTES = 998  # RFC 5322 §2.1.1, less CRLF
_FOLD = "\r\n "
_LINE = 76  # characters of a line that holds an encoded word (RFC 2047 §2)
_WORD_BYTES = 39  # of an encoded word: 52 characters in base64 and 12 of frame, behind a header's name
_WIRE = SMTP.clone(cte_type="7bit")  # every server takes it, 8BITMIME or not


def mail_bytes(
    message: Outgoing, sender: Mailbox, reply_to: Mailbox | None, message_id_domain: str, at: datetime
) -> bytes:
    """Return a message with lines ended by CRLF, all ASCII.

    Parameters
    ----------
    at
        UTC instant for `Date`.

    Raises
    ------
    ValueError
        If a header would hold a line break or another control character, or be too long for one line.
    """
    headers = [
        _header("From", *_mailbox(sender)),
        _header("To", message.address),
        _header("Subject", *_text(message.subject, len("Subject: "))),
        _header("Date", format_datetime(at.replace(tzinfo=UTC))),
        _header("Message-ID", f"<{message.key}@{message_id_domain}>"),
    ]
    if reply_to is not None:
        headers.append(_header("Reply-To", *_mailbox(reply_to)))
    if message.unsubscribe:
        headers.append(_header("List-Unsubscribe", f"<{message.unsubscribe}>"))
        if message.unsubscribe.startswith("https:"):
            headers.append(_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))  # RFC 8058 §2
    body = EmailMessage(policy=_WIRE)
    body.set_content(message.text)
    if message.html:
        body.add_alternative(message.html, subtype="html")
    return b"".join(headers) + body.as_bytes(policy=_WIRE)


def _header(name: str, *lines: str) -> bytes:
    """Return a header; nothing but its own folds breaks it into lines."""
    first, *more = lines
    for line in (f"{name}: {first}", *more):
        if _breaks_lines(line):
            raise ValueError(f"{name} holds a line break or a control character")
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"{name} is too long for one line")
    return f"{name}: {first}{''.join(f'{_FOLD}{line}' for line in more)}\r\n".encode("ascii")  # else a ValueError too


def _mailbox(mailbox: Mailbox) -> list[str]:
    if not mailbox.name:
        return [mailbox.address]
    if mailbox.name.isascii() and len(mailbox.name) < _LINE // 2:
        quoted = mailbox.name.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{quoted}"', f"<{mailbox.address}>"]
    return [*_encoded(mailbox.name), f"<{mailbox.address}>"]


def _text(value: str, before: int) -> list[str]:
    """Return a text for people as it is where it is short and ASCII, else in encoded words."""
    is_plain = value.isascii() and before + len(value) <= _LINE and "=?" not in value
    return [value] if is_plain else _encoded(value)


def _encoded(value: str) -> list[str]:
    """Return encoded words, one a line; no character is cut in two."""
    if _breaks_lines(value):
        raise ValueError("a text for a header holds a line break or a control character")
    parts, part = [], b""
    for character in value:
        encoded = character.encode()
        if len(part) + len(encoded) > _WORD_BYTES:
            parts.append(part)
            part = b""
        part += encoded
    return [f"=?utf-8?b?{b64encode(one).decode()}?=" for one in (*parts, part)]


def _breaks_lines(text: str) -> bool:
    return any(category(character) in ("Cc", "Zl", "Zp") for character in text)
