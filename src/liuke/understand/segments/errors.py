"""What can be wrong with a segment, said so that its author can mend it."""

from __future__ import annotations

from collections.abc import Iterable

from liuke.kernel.errors import ServiceError, UsageError
from liuke.understand.tags import unknown_name


class SegmentError(UsageError):
    """A rule that cannot be read, is too large, or does not fit the shop's tags."""


class SegmentCycleError(SegmentError):
    """Segments that are built from each other; `path` names them in order, the first again at the end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(
            f"these segments are built from each other: {' -> '.join(path)}",
            hint="let one of them say its conditions itself instead of naming the next segment",
            zh=f"这些人群互相包含：{' -> '.join(path)}；请让其中一个直接写出条件",
        )
        self.path = path


class NeedsNightlyRunError(SegmentError):
    """The rule is right, but looks further back than what is published; the nightly run evaluates it."""


class SegmentStoppedError(ServiceError):
    """A question that took too long or too much memory was stopped; nothing was changed."""


def unknown(what: str, name: str, known: Iterable[str], where: str = "") -> SegmentError:
    """Say that `name` is not a known `what`, and which known name was probably meant."""
    found = unknown_name(what, name, known, where)
    return SegmentError(found.message, hint=found.hint, zh=found.zh)
