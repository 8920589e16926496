"""Whose fault is it? What a mail server's refusal means, by the moment at which it comes and by its codes.

Three answers: the *channel's* (session, login, sender, limits: nobody's mail would be taken, so sending stops and the
queue is kept), the *recipient's* own, or *doubtful*: a bare 550 may mean this mailbox or our sender, a policy refusal
this text or all texts. The doubtful ones wait for what the server says to others (``suspects``).

Enhanced status codes (``5.1.1``) say more than the three digits and count where the server sends them; of a code whose
class contradicts the digits nothing is believed (RFC 2034 §4).

References
----------
RFC 5321 §4.2 (reply codes), §4.5.3.1.10 (452 for too many recipients); RFC 3463 §3 (subjects and details of enhanced
codes); RFC 4954 §6 (432, 454, 530, 534, 535, 538); RFC 7504 (521, 556); RFC 7505 (X.1.10, X.7.27); RFC 7293 (X.7.17,
X.7.18); RFC 7372 (X.7.20 to X.7.26); the IANA registry of enhanced codes for the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from liuke.engage.outreach.reasons import Failed

MAX_SHOWN_CHARACTERS = 160  # of a server's own words; more than one line is a lecture
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
_MAIL_ADDRESS = re.compile(r"\S+@\S+")


class Stage(Enum):
    """What the server was answering."""

    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    TEXT = "DATA"


class Blame(Enum):
    """Whose fault a refusal is."""

    CHANNEL = auto()
    RECIPIENT = auto()
    DOUBTFUL = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the server."""

    stage: Stage
    code: int
    text: bytes

    @property
    def is_positive(self) -> bool:
        """Whether the server agreed (2yz, RFC 5321 §4.2.1)."""
        return 200 <= self.code <= 299

    @property
    def is_permanent(self) -> bool:
        """Whether the server will not agree later either (5yz)."""
        return 500 <= self.code <= 599

    @property
    def enhanced(self) -> tuple[int, int] | None:
        """Subject and detail of the enhanced code; None where there is none that agrees with the reply code."""
        found = _ENHANCED.match(self.text.decode("latin-1").lstrip())
        if found is None or int(found[1]) != self.code // 100:
            return None
        return int(found[2]), int(found[3])

    @property
    def codes(self) -> str:
        """The codes as people write them, such as ``550 5.1.1``."""
        known = self.enhanced
        return str(self.code) if known is None else f"{self.code} {self.code // 100}.{known[0]}.{known[1]}"

    @property
    def shown(self) -> str:
        """Codes and the server's words, on one line and without the addresses that servers like to repeat."""
        words = " ".join(self.text.decode("utf-8", "replace").split())
        words = _MAIL_ADDRESS.sub("…", _ENHANCED.sub("", words, count=1).strip())
        return f"{self.codes} {words[:MAX_SHOWN_CHARACTERS]}".strip()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a refusal means.

    Parameters
    ----------
    blame
    reason
        What is said of the message if the refusal is its own.
    is_permanent
        Whether it then fails at once instead of being tried again.
    is_dead
        Whether it then concerns the address itself, which is remembered.
    most, left_over
        Doubtful only: so many alike in a row make it the channel's fault, or, where nobody's mail was taken at all, so
        many alike when the messages end.
    """

    blame: Blame
    reason: Failed = Failed.REFUSED
    is_permanent: bool = False
    is_dead: bool = False
    most: int = 0
    left_over: int = 0


# A quarter of a neglected list can be dead: then twenty in a row come by chance once in 10**12, a whole queue of three
# once in 64.
_ALIKE = {"most": 20, "left_over": 3}
# A policy refusal is mostly about who we are or what all messages say; one customer's text alone is rarely to blame.
_ALIKE_BY_POLICY = {"most": 3, "left_over": 1}

_CHANNEL = Verdict(Blame.CHANNEL)
_CHANNEL_CODES = frozenset({421, 432, 454, 455, 500, 502, 503, 504, 521, 530, 534, 535, 538, 555})
_ABOUT_RECIPIENTS = frozenset({1, 2})  # addressing, mailboxes
_SENDER_SYSTEM = frozenset({7, 8})  # X.1.7 bad sender's mailbox, X.1.8 bad sender's system
_OUR_POLICY = frozenset({8, 9, 11, 12, 13, 14, *range(20, 29)})  # login, SPF, DKIM, DMARC, null MX, mail flood
_OWNER_CHANGED = frozenset({17, 18})


def judge(reply: Reply) -> Verdict:
    """Say whose fault a refusal is.

    Examples
    --------
    >>> judge(Reply(Stage.RECIPIENT, 550, b"5.1.1 no such user")).blame.name
    'RECIPIENT'
    >>> judge(Reply(Stage.SENDER, 530, b"5.7.0 Authentication required")).blame.name
    'CHANNEL'
    """
    if reply.stage is Stage.SENDER or not 400 <= reply.code <= 599 or reply.code == 421:
        return _CHANNEL
    known = reply.enhanced
    if reply.code in _CHANNEL_CODES and (known is None or known[0] not in _ABOUT_RECIPIENTS):
        return _CHANNEL
    by_code = _by_enhanced(reply, *known) if known is not None else None
    return by_code or _by_reply_code(reply)


def _by_enhanced(reply: Reply, subject: int, detail: int) -> Verdict | None:
    """Judge by RFC 3463; None for a code that says no more than the reply code."""
    match subject:
        case 1 if detail in _SENDER_SYSTEM:
            return _CHANNEL
        case 1 if detail != 0:  # X.1.0 does not say whose address
            return _own(reply, Failed.UNKNOWN_ADDRESS, is_dead=True)
        case 2 if detail == 1:
            return _own(reply, Failed.MAILBOX_CLOSED, is_dead=True)
        case 2:
            return _own(reply, Failed.MAILBOX_FULL if detail == 2 else Failed.REFUSED)
        case 3 if detail not in (0, 4):  # X.3.4 is a message too big; X.3.0 says nothing
            return _CHANNEL
        case 4:
            return _own(reply, Failed.UNREACHABLE)
        case 5 if detail == 3 or reply.stage is Stage.TEXT:
            return _CHANNEL
        case 7 if detail in _OUR_POLICY:
            return _CHANNEL
        case 7 if detail in _OWNER_CHANGED:
            return _own(reply, Failed.MAILBOX_CLOSED, is_dead=True)
        case 3 | 6 | 7 if reply.is_permanent:
            return _doubtful(reply, by_policy=True)
    return None


def _by_reply_code(reply: Reply) -> Verdict:
    """Judge by RFC 5321 where nothing better is known."""
    at_recipient = reply.stage is Stage.RECIPIENT
    has_said_more = reply.enhanced is not None
    if reply.code == 452 and not has_said_more:  # the system's storage
        return _CHANNEL
    if reply.code == 556:
        return _own(reply, Failed.UNKNOWN_ADDRESS, is_dead=True)
    if at_recipient and reply.code in (450, 552) and not has_said_more:  # busy; over its storage
        return _own(reply, Failed.MAILBOX_FULL if reply.code == 552 else Failed.NOT_NOW)
    if at_recipient and reply.code in (501, 550, 551, 553):
        return _doubtful(reply, Failed.UNKNOWN_ADDRESS, is_dead=True)
    return _doubtful(reply, by_policy=reply.is_permanent)


def _own(reply: Reply, reason: Failed, *, is_dead: bool = False) -> Verdict:
    permanent = reply.is_permanent
    return Verdict(Blame.RECIPIENT, reason, is_permanent=permanent, is_dead=is_dead and permanent)


def _doubtful(reply: Reply, reason: Failed | None = None, *, is_dead: bool = False, by_policy: bool = False) -> Verdict:
    reason = reason or (Failed.REFUSED if reply.is_permanent else Failed.NOT_NOW)
    bounds = _ALIKE_BY_POLICY if by_policy else _ALIKE
    return Verdict(Blame.DOUBTFUL, reason, is_permanent=reply.is_permanent, is_dead=is_dead, **bounds)
