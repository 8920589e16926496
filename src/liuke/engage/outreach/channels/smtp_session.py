"""One call of ``SmtpChannel.send``: message after message over one connection, each refusal laid at the right door.

``sending`` is committed after the server has agreed to sender and recipient and before the message's text goes over:
a crash leaves at most one message whose acceptance is in doubt.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from liuke.engage.outreach.channels.contract import Journal
from liuke.engage.outreach.channels.replies import Blame, Reply, Stage, Verdict, judge
from liuke.engage.outreach.channels.suspects import Suspects, file_own
from liuke.engage.outreach.contracts import Outgoing
from liuke.engage.outreach.errors import ChannelDown
from liuke.engage.outreach.reasons import Doubt, Failed

_BROKEN_IN_A_ROW = 3  # a line that breaks for so many messages, none taken in between, breaks for all
_BROKEN = Verdict(Blame.DOUBTFUL, Failed.LINE_BROKE, most=_BROKEN_IN_A_ROW, left_over=_BROKEN_IN_A_ROW)


class _LineBroken(Exception):  # noqa: N818 - an event of this module, caught here
    """The connection broke; whether the server may have the message is known."""

    def __init__(self, *, had_begun: bool) -> None:
        self.had_begun = had_begun


class SmtpSession:
    """Sends messages and tells the journal about each.

    Parameters
    ----------
    connect
        Opens a connection, logged in.
    sender
        The envelope's sender.
    place
        The server's name and port, for people.
    """

    def __init__(self, connect: Callable[[], smtplib.SMTP], sender: str, place: str, journal: Journal) -> None:
        self._connect = connect
        self._sender = sender
        self._place = place
        self._journal = journal
        self._suspects = Suspects(journal)
        self._server: smtplib.SMTP | None = None
        self._has_served = False  # whether the connection that stands has taken a message
        self._lost_in_a_row = 0

    def send(self, message: Outgoing, payload: bytes) -> None:
        """Send one message.

        Raises
        ------
        ChannelDown
            If what the server answers concerns everybody; this message and those in doubt stay queued.
        """
        for _ in range(2):  # a connection that has served its time is replaced once
            is_worn = self._has_served
            self._server = self._server or self._connect()
            try:
                reply = self._transact(self._server, message, payload)
            except _LineBroken as broken:
                self._drop()
                if broken.had_begun:
                    self._lose(message)
                elif is_worn:
                    continue
                else:
                    self._suspect(message, _BROKEN, "", "the connection broke before any message was sent")
                return
            if reply is None:
                return
            if reply.code == 421 and is_worn:
                self._drop()
                if reply.stage is not Stage.TEXT:
                    continue
                self._journal.returned(message)  # refused for certain, and no longer ours: the next claim takes it
                return
            self._settle(message, reply)
            return

    def finish(self) -> None:
        """Decide about the refusals still in doubt.

        Raises
        ------
        ChannelDown
            If nobody's mail was taken and they are alike.
        """
        if found := self._suspects.end():
            raise self._down(f"{found} to every message")

    def close(self) -> None:
        """Put back what is still in doubt, and say goodbye to the server."""
        self._suspects.give_back()
        if self._server is not None:
            try:
                self._server.quit()
            except (OSError, smtplib.SMTPException):
                self._server.close()

    def _transact(self, server: smtplib.SMTP, message: Outgoing, payload: bytes) -> Reply | None:
        """Return the server's last word, None if another worker has the message by now."""
        try:
            reply = Reply(Stage.SENDER, *server.mail(self._sender))
            if reply.is_positive:
                reply = Reply(Stage.RECIPIENT, *server.rcpt(message.address))
        except (OSError, smtplib.SMTPException):
            raise _LineBroken(had_begun=False) from None
        if not reply.is_positive:
            self._reset(server)
            return reply
        if not self._journal.sending([message]):
            self._reset(server)
            return None
        try:
            reply = Reply(Stage.TEXT, *server.data(payload))
        except smtplib.SMTPDataError as error:  # the server did not even want the text
            words = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
            reply = Reply(Stage.TEXT, error.smtp_code, words)
        except (OSError, smtplib.SMTPException):
            raise _LineBroken(had_begun=True) from None
        if not reply.is_positive:
            self._reset(server)
        return reply

    def _settle(self, message: Outgoing, reply: Reply) -> None:
        if reply.is_positive:
            self._has_served, self._lost_in_a_row = True, 0
            self._journal.sent(message)
            self._suspects.clear()
            return
        verdict = judge(reply)
        if verdict.blame is Blame.RECIPIENT:
            file_own(self._journal, message, verdict, reply.codes)
        elif verdict.blame is Blame.DOUBTFUL:
            self._suspect(message, verdict, reply.codes, f"{reply.shown} to {reply.stage.value}")
        else:
            self._stop(message, f"{reply.shown} to {reply.stage.value}")

    def _suspect(self, message: Outgoing, verdict: Verdict, likeness: str, told: str) -> None:
        if self._suspects.add(message, verdict, likeness):
            raise self._down(f"{told}, {verdict.most} times in a row")

    def _stop(self, message: Outgoing, told: str) -> None:
        self._journal.returned(message)
        raise self._down(told)

    def _lose(self, message: Outgoing) -> None:
        self._journal.lost(message, Doubt.LINE_BROKE)
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= _BROKEN_IN_A_ROW:
            raise self._down(f"the connection broke while a message was sent, {_BROKEN_IN_A_ROW} times in a row")

    def _down(self, told: str) -> ChannelDown:
        return ChannelDown(
            f"The mail server {self._place} takes no mail from {self._sender}: {told}.",
            "Nothing is lost: what was not sent stays queued, and the next `liuke run` goes on. Check user, "
            "LIUKE_SMTP_PASSWORD and sender under [outreach.smtp], the server's sending limits, and whether sender and "
            "text pass its policy (SPF, DKIM, block lists).",
            retryable=True,
        )

    def _reset(self, server: smtplib.SMTP) -> None:
        """Make the connection ready for the next message, or give it up."""
        try:
            if server.rset()[0] == 250:
                return
        except (OSError, smtplib.SMTPException):
            pass
        self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server, self._has_served = None, False
