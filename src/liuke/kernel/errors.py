"""Errors that tell their reader what to do, and whether trying again can help."""

from __future__ import annotations


class LiukeError(Exception):
    """The root of every error that Liuke raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, naming the file, row, key or setting.
    hint : str, optional
        What the reader can do about it.
    retryable : bool, optional
        Whether the same call may succeed later without a change.
    zh : str, optional
        Message and hint in Chinese, where the console shows them to operators.

    Notes
    -----
    ``exit_code`` is what the command line returns for the class; the codes are listed in
    ``docs/reference/exit-codes.md``.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", *, retryable: bool = False, zh: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.zh = zh
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.hint}" if self.hint else self.message


class UsageError(LiukeError):
    """The call itself is wrong: an unknown name, a date that is none, a file that isn't there."""

    exit_code = 2


class SettingsError(LiukeError):
    """The workspace, a setting or a definition is wrong."""

    exit_code = 3


class DataError(LiukeError):
    """A source's data can't be taken as they are; nothing was changed."""

    exit_code = 4


class LockedError(LiukeError):
    """Another process is writing in this workspace."""

    exit_code = 5

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, retryable=True)


class ServiceError(LiukeError):
    """A service outside (mail server, database) did not do what was asked."""

    exit_code = 6
