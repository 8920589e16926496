"""Every channel by its name. A new one: a file beside this one and a line below; the contract tests find it here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from liuke.engage.outreach.channels.contract import Channel
from liuke.engage.outreach.channels.file import FileChannel
from liuke.engage.outreach.channels.smtp import SmtpChannel
from liuke.engage.outreach.config import OutreachSettings

CHANNELS: dict[str, Callable[[OutreachSettings, Path], Channel]] = {
    "file": lambda settings, folder: FileChannel(settings.file.folder or folder),
    "smtp": lambda settings, _: SmtpChannel(settings.smtp),
}


def build_channels(settings: OutreachSettings, folder: Path) -> dict[str, Channel]:
    """Return every channel, set up; ``folder`` is the workspace's outbox folder."""
    return {name: build(settings, folder) for name, build in CHANNELS.items()}
