"""A real SMTP server that keeps a log of what it accepted on disk, written before it says so."""

import socket
import threading
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MailServer:
    """Refuses recipients that begin with ``refused`` for good, with ``later`` for now; drops the line for ``drop``.

    ``says`` overrules that: ``mail``, ``rcpt`` or ``data``, or one of these and an address, to an answer; ``drop``
    drops the line. ``asked`` are the recipients in the order in which they were named.
    """

    def __init__(self, log: Path) -> None:
        self.log, self.mails, self.says, self.asked = log, [], {}, []
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._stop = threading.Event()
        self._marks = threading.Thread(target=self._mark, daemon=True)

    def __enter__(self):
        self._note("started")
        self._controller.start()
        self._marks.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._marks.join()
        self._controller.stop()

    @property
    def port(self) -> int:
        return self._controller.port

    def _said(self, server, moment: str, address: str) -> str | None:
        said = self.says.get((moment, address), self.says.get(moment))
        if said == "drop":
            server.transport.abort()
            return "421 gone"
        return said

    async def handle_MAIL(self, server, session, envelope, address, options):
        if said := self._said(server, "mail", address):
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked.append(address)
        if said := self._said(server, "rcpt", address):
            return said
        if address.startswith("refused"):
            return "550 5.1.1 no such user " + address
        if address.startswith("later"):
            return "451 4.3.0 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content)
        if said := self._said(server, "data", envelope.rcpt_tos[0]):
            return said
        if envelope.rcpt_tos[0].startswith("drop"):
            server.transport.abort()
            return "451 gone"
        if envelope.rcpt_tos[0].startswith("spam"):
            return "554 5.7.1 we don't like it"
        self._note(f"accepted {mail['Message-ID']}")
        self.mails.append(mail)
        return "250 OK"

    def _mark(self) -> None:
        while not self._stop.wait(0.1):
            self._note("-- MARK --")

    def _note(self, what: str) -> None:
        with self._lock, self.log.open("a") as log:
            log.write(f"{datetime.now(UTC).isoformat()} {what}\n")
