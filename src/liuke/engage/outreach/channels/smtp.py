"""Hand messages to a mail server over SMTP, and ask its log afterwards.

A Message-ID is made of the message's key; where the server keeps a log of accepted Message-IDs, the log settles what a
crash left in doubt.
"""

from __future__ import annotations

import glob
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from liuke.engage.outreach.channels.contract import Journal
from liuke.engage.outreach.channels.mail import mail_bytes
from liuke.engage.outreach.channels.smtp_session import SmtpSession
from liuke.engage.outreach.config import SmtpSettings
from liuke.engage.outreach.contracts import Fate, Outgoing
from liuke.engage.outreach.errors import ChannelDown, OutreachError
from liuke.engage.outreach.mailbox import Mailbox, is_address, leads_nowhere, parse_mailbox
from liuke.engage.outreach.reasons import Failed

_KEY = re.compile(r"(?<![0-9a-f])([0-9a-f]{16,})@")  # of a Message-ID; its domain may have been another one by then

# 2026-10-05T12:00:01.5+08:00, or with spaces between the parts as Exim writes it; a day alone is no instant
_STAMP = re.compile(
    r"(?P<day>\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01]))[T ](?P<time>([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?)"
    r" ?(?P<offset>Z|[+-]\d{2}:?\d{2})?(?=\s)"
)


class SmtpChannel:
    """The channel ``smtp``."""

    name = "smtp"
    real = True

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def check(self) -> None:
        """Make sure that sender, reply address and Message-IDs can be used; see ``Channel.check``."""
        for key in ("sender", "reply_to"):
            value = getattr(self._settings, key)
            if not value and key == "reply_to":
                continue
            mailbox = self._mailbox(key)
            if leads_nowhere(mailbox.domain):
                raise OutreachError(
                    f"[outreach.smtp] {key} = {value!r}: nobody outside can answer to {mailbox.domain}.",
                    hint="Write an address of the shop's own domain, such as Our shop <hello@shop.example>.",
                )
        if leads_nowhere(self._domain):
            raise OutreachError(
                f"[outreach.smtp] message_id_domain = {self._domain!r} is no domain.",
                hint="Write a domain of yours, or leave it empty for the sender's.",
            )

    def send(self, messages: Sequence[Outgoing], journal: Journal, at: datetime) -> None:
        """Send messages one after the other over one connection; see ``Channel.send``."""
        place = f"{self._settings.host}:{self._settings.port}"
        session = SmtpSession(self._connect, self._mailbox("sender").address, place, journal)
        try:
            for message in messages:
                payload = self._payload(message, journal, at)
                if payload is not None:
                    session.send(message, payload)
            session.finish()
        finally:
            session.close()

    def reconcile(self, sent_since: Mapping[str, datetime]) -> Mapping[str, Fate]:
        """Look for Message-IDs in the server's log; see ``Channel.reconcile``.

        A missing id counts as never accepted only if the log began before the message was sent and reaches
        ``settle_seconds`` beyond it.
        """
        if not sent_since or not self._settings.receipts:
            return dict.fromkeys(sent_since, Fate.CANNOT_SAY)
        begin, end, accepted = datetime.max, datetime.min, set()
        for instant, line in _log_lines(self._settings.receipts):
            begin, end = min(begin, instant), max(end, instant)
            accepted.update(_KEY.findall(line))
        settle = timedelta(seconds=self._settings.settle_seconds)
        fates = {}
        for key, since in sent_since.items():
            if key in accepted:
                fates[key] = Fate.ACCEPTED
            else:
                covered = begin <= since and since + settle <= end
                fates[key] = Fate.NEVER_ARRIVED if covered else Fate.CANNOT_SAY
        return fates

    @property
    def _domain(self) -> str:
        return self._settings.message_id_domain or self._mailbox("sender").domain

    def _mailbox(self, key: str) -> Mailbox:
        value = getattr(self._settings, key)
        try:
            return parse_mailbox(value)
        except ValueError as error:
            raise OutreachError(
                f"[outreach.smtp] {key} = {value!r}: {error}.",
                hint='Write hello@shop.example, Our shop <hello@shop.example> or "Our, shop" <hello@shop.example>.',
            ) from None

    def _payload(self, message: Outgoing, journal: Journal, at: datetime) -> bytes | None:
        if not is_address(message.address):
            journal.failed(message, Failed.BAD_ADDRESS)
            return None
        reply_to = self._mailbox("reply_to") if self._settings.reply_to else None
        try:
            return mail_bytes(message, self._mailbox("sender"), reply_to, self._domain, at)
        except ValueError:
            journal.failed(message, Failed.BAD_HEADERS)
            return None

    def _connect(self) -> smtplib.SMTP:
        s = self._settings
        try:
            if s.security == "tls":
                context = ssl.create_default_context()
                server: smtplib.SMTP = smtplib.SMTP_SSL(s.host, s.port, timeout=s.timeout_seconds, context=context)
            else:
                server = smtplib.SMTP(s.host, s.port, timeout=s.timeout_seconds)
            if s.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
            if s.user:
                server.login(s.user, s.password.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelDown(
                f"The mail server {s.host}:{s.port} cannot be used: {error}.",
                "Nothing is lost: what was not sent stays queued. Check [outreach.smtp] host, port, security, user and "
                "LIUKE_SMTP_PASSWORD.",
                retryable=True,
            ) from error
        return server


def _log_lines(pattern: str) -> Iterator[tuple[datetime, str]]:
    """Yield instant (naive UTC) and text of each complete line that begins with a time."""
    for name in sorted(glob.glob(pattern)):
        with Path(name).open(encoding="utf-8", errors="replace", newline="\n") as file:
            for line in file:
                instant = _instant(line) if line.endswith("\n") else None  # else it is still being written
                if instant is not None:
                    yield instant, line


def _instant(line: str) -> datetime | None:
    stamp = _STAMP.match(line)
    if stamp is None:
        return None
    try:
        instant = datetime.fromisoformat(f"{stamp['day']}T{stamp['time']}{stamp['offset'] or ''}")
    except ValueError:  # 31 February
        return None
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
