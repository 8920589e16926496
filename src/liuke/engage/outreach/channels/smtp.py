"""Hand messages to a mail server over SMTP.

``sending`` is committed after the server has agreed to sender and recipient and before the message's text goes over:
a crash leaves at most the one message whose acceptance is in doubt. Its Message-ID is made of the idempotency key;
where the server keeps a log of accepted Message-IDs, the log settles the doubt.
"""

from __future__ import annotations

import glob
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path

from liuke.engage.outreach.channels.contract import Journal
from liuke.engage.outreach.config import SmtpSettings
from liuke.engage.outreach.contracts import Fate, Outgoing
from liuke.engage.outreach.errors import ChannelDown

_WIRE = SMTP.clone(cte_type="7bit")  # every server takes it, 8BITMIME or not
_ADDRESS = re.compile(r"[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9.-]+")  # what goes into RCPT without SMTPUTF8

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

    def send(self, messages: Sequence[Outgoing], journal: Journal, at: datetime) -> None:
        """Send messages one after the other over one connection; see ``Channel.send``."""
        server: smtplib.SMTP | None = None
        try:
            for message in messages:
                payload = self._payload(message, journal, at)
                if payload is None:
                    continue
                server = server or self._connect()
                if not self._transact(server, message, payload, journal):
                    server.close()
                    server = None
        finally:
            if server is not None:
                _quit(server)

    def reconcile(self, sent_since: Mapping[str, datetime]) -> Mapping[str, Fate]:
        """Look for Message-IDs in the server's log; see ``Channel.reconcile``.

        A missing id counts as never accepted only if the log began before the message was sent and reaches
        ``settle_seconds`` beyond it.
        """
        if not sent_since or not self._settings.receipts:
            return dict.fromkeys(sent_since, Fate.CANNOT_SAY)
        begin, end, accepted = datetime.max, datetime.min, set()
        own = re.compile(r"([0-9a-f]+)@" + re.escape(self._settings.message_id_domain) + r"(?![A-Za-z0-9.-])")
        for instant, line in _log_lines(self._settings.receipts):
            begin, end = min(begin, instant), max(end, instant)
            accepted.update(own.findall(line))
        settle = timedelta(seconds=self._settings.settle_seconds)
        fates = {}
        for key, since in sent_since.items():
            if key in accepted:
                fates[key] = Fate.ACCEPTED
            else:
                covered = begin <= since and since + settle <= end
                fates[key] = Fate.NEVER_ARRIVED if covered else Fate.CANNOT_SAY
        return fates

    def _payload(self, message: Outgoing, journal: Journal, at: datetime) -> bytes | None:
        if not _ADDRESS.fullmatch(message.address):
            journal.failed(message, "the address is not a plain e-mail address")
            return None
        try:
            return self._mail(message, at).as_bytes(policy=_WIRE)
        except ValueError:
            journal.failed(message, "the message's headers are not valid")
            return None

    def _mail(self, message: Outgoing, at: datetime) -> EmailMessage:
        mail = EmailMessage(policy=_WIRE)
        mail["From"] = self._settings.sender
        mail["To"] = message.address
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(at.replace(tzinfo=UTC))
        mail["Message-ID"] = f"<{message.key}@{self._settings.message_id_domain}>"
        if self._settings.reply_to:
            mail["Reply-To"] = self._settings.reply_to
        if message.unsubscribe:
            mail["List-Unsubscribe"] = f"<{message.unsubscribe}>"
            if message.unsubscribe.startswith("https:"):
                mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail

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
                "Check [outreach.smtp] host, port, security, user and LIUKE_SMTP_PASSWORD.",
                retryable=True,
            ) from error
        return server

    def _transact(self, server: smtplib.SMTP, message: Outgoing, payload: bytes, journal: Journal) -> bool:
        """Send one message; return whether the connection can still be used."""
        try:
            code, _ = server.mail(parseaddr(self._settings.sender)[1])
            if code == 250:
                code, _ = server.rcpt(message.address)
        except (OSError, smtplib.SMTPException):
            journal.refused(message, "the connection broke before the message was sent")
            return False
        if code not in (250, 251):
            return _answered(server, message, code, journal)
        if not journal.sending([message]):
            return _reset(server)  # another worker took it over
        try:
            code, _ = server.data(payload)
        except smtplib.SMTPDataError as error:  # the server did not even want the text
            code = error.smtp_code
        except (OSError, smtplib.SMTPException):
            journal.lost(message, "the connection broke while the message was sent")
            return False
        if code == 250:
            journal.sent(message)
            return True
        return _answered(server, message, code, journal)


def _answered(server: smtplib.SMTP, message: Outgoing, code: int, journal: Journal) -> bool:
    """File a refusal: 5yz is for good, 4yz for now (RFC 5321 §4.2.1); 421 also ends the connection.

    Only the code is kept: the text beside it tends to repeat the address.
    """
    if 500 <= code <= 599:
        journal.failed(message, f"the server refused it (SMTP {code})")
    else:
        journal.refused(message, f"the server cannot take it now (SMTP {code})")
    return code != 421 and _reset(server)


def _reset(server: smtplib.SMTP) -> bool:
    try:
        return server.rset()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _quit(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


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
