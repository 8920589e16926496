"""What can go wrong at the door of the console."""

from __future__ import annotations

from liuke.kernel.errors import LiukeError, UsageError


class UserExistsError(UsageError):
    """A user of this name is there already."""


class WeakPasswordError(UsageError):
    """The password is too short or too common in shape."""


class SignInRefusedError(LiukeError):
    """Name or password is wrong; which of the two is not told."""


class SignInThrottledError(LiukeError):
    """Too many failures; `retry_after_seconds` says when to try again."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            "Too many failed sign-ins.",
            hint=f"Wait {retry_after_seconds} seconds, then try again.",
            retryable=True,
        )
        self.retry_after_seconds = retry_after_seconds
