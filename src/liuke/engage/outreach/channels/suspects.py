"""Refusals that may be everybody's fault or one recipient's own, kept back until the server says more.

If the server takes another message, sender and session are in order: what was refused before is each recipient's own.
If it refuses too many alike in a row, it is the channel's fault, and none of them is to blame.
"""

from __future__ import annotations

from liuke.engage.outreach.channels.contract import Journal
from liuke.engage.outreach.channels.replies import Verdict
from liuke.engage.outreach.contracts import Outgoing


class Suspects:
    """The doubtful refusals of one call of ``send`` since the last message that was taken."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._alike: dict[str, list[tuple[Outgoing, Verdict]]] = {}
        self._is_anyone_taken = False

    def add(self, message: Outgoing, verdict: Verdict, likeness: str) -> bool:
        """Keep a refusal back; return whether so many alike make it the channel's fault.

        Parameters
        ----------
        likeness
            What makes two refusals alike: moment and codes. It is written down if the message comes to be blamed.
        """
        self._alike.setdefault(likeness, []).append((message, verdict))
        return len(self._alike[likeness]) >= verdict.most

    def clear(self) -> None:
        """Take note that the server took a message: the refusals before it are each recipient's own."""
        self._is_anyone_taken = True
        for likeness, message, verdict in self._released():
            file_own(self._journal, message, verdict, likeness)

    def end(self) -> str:
        """End without another word of the server; return the likeness that is the channel's fault, or nothing.

        Too few to tell are tried again later, and none is remembered as dead. Those of the channel are kept for
        ``give_back``.
        """
        if not self._is_anyone_taken:
            for likeness, held in self._alike.items():
                if len(held) >= held[-1][1].left_over:
                    return likeness
        for likeness, message, verdict in self._released():
            self._journal.refused(message, f"{verdict.reason} {likeness}".rstrip())
        return ""

    def give_back(self) -> None:
        """Put all of them back where they were: the channel is at fault."""
        for _, message, _ in self._released():
            self._journal.returned(message)

    def _released(self) -> list[tuple[str, Outgoing, Verdict]]:
        released = [(likeness, *one) for likeness, held in self._alike.items() for one in held]
        self._alike.clear()
        return released


def file_own(journal: Journal, message: Outgoing, verdict: Verdict, answer: str) -> None:
    """Write down a refusal that is the recipient's own, with the server's codes."""
    reason = f"{verdict.reason} {answer}".rstrip()
    if verdict.is_permanent:
        journal.failed(message, reason, is_dead=verdict.is_dead)
    else:
        journal.refused(message, reason)
