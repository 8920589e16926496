"""Write messages into a file per day, one JSON line each: for trying out, and for handing over to another tool.

A line counts only with its line end, and the file is synced before a message is called sent; so after a crash the file
itself says exactly which messages are in it, and nothing stays unknown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from liuke.engage.outreach.channels.contract import Journal
from liuke.engage.outreach.contracts import Fate, Outgoing
from liuke.engage.outreach.errors import ChannelDown

LINES_PER_SYNC = 500  # a sync costs milliseconds; a crash makes at most this many lines ask the file again


class FileChannel:
    """The channel ``file``.

    Parameters
    ----------
    folder
        Where ``messages-YYYY-MM-DD.jsonl`` (UTC day of sending) is written, readable by the owner only: the lines hold
        addresses.
    """

    name = "file"
    real = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self) -> None:
        """Find nothing wrong: whether the folder can be written shows when it is; see ``Channel.check``."""

    def send(self, messages: Sequence[Outgoing], journal: Journal, at: datetime) -> None:
        """Append messages; see ``Channel.send``."""
        path = self._folder / f"messages-{at:%Y-%m-%d}.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _opened(path) as file:
                for start in range(0, len(messages), LINES_PER_SYNC):
                    _append(file, journal, messages[start : start + LINES_PER_SYNC], at)
        except OSError as error:
            raise ChannelDown(f"{path} cannot be written: {error.strerror}.", "Check space and permissions.") from error

    def reconcile(self, sent_since: Mapping[str, datetime]) -> Mapping[str, Fate]:
        """Look into the files of the days in question; see ``Channel.reconcile``."""
        if not sent_since:
            return {}
        # the file's day is that of the start of a batch, which may lie before midnight of the message's own day
        first = min(sent_since.values()) - timedelta(days=1)
        written = set(self._keys(f"messages-{first:%Y-%m-%d}.jsonl"))
        return {key: Fate.ACCEPTED if key in written else Fate.NEVER_ARRIVED for key in sent_since}

    def _keys(self, first_name: str) -> Iterator[str]:
        for path in sorted(self._folder.glob("messages-*.jsonl")):
            if path.name < first_name:
                continue
            with path.open("rb") as file:
                yield from (json.loads(line)["key"] for line in file if line.endswith(b"\n"))


def _append(file: BinaryIO, journal: Journal, messages: Sequence[Outgoing], at: datetime) -> None:
    ours = journal.sending(messages)
    file.write(b"".join(_line(message, at) for message in ours))
    file.flush()
    os.fsync(file.fileno())
    for message in ours:
        journal.sent(message)


def _line(message: Outgoing, at: datetime) -> bytes:
    fields = {
        "key": message.key,
        "at": at.isoformat(timespec="seconds"),
        "to": message.address,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "unsubscribe": message.unsubscribe,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _opened(path: Path) -> BinaryIO:
    """Open for appending, after cutting off a line that a crash tore."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    file = os.fdopen(descriptor, "r+b")
    _cut_torn_line(file)
    if is_new:
        _sync_folder(path.parent)
    return file


def _cut_torn_line(file: BinaryIO, step: int = 4096) -> None:
    end = file.seek(0, os.SEEK_END)
    place = end
    while place > 0:
        start = max(0, place - step)
        file.seek(start)
        found = file.read(place - start).rfind(b"\n")
        if found >= 0:
            place = start + found + 1
            break
        place = start
    if place < end:
        file.truncate(place)


def _sync_folder(folder: Path) -> None:
    """Make the new file's name survive a power cut; some systems cannot sync a folder and need not."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
