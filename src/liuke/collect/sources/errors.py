"""What can be wrong with a mapping or a file."""

from __future__ import annotations

from liuke.kernel import DataError, SettingsError


class MappingError(SettingsError):
    """A mapping can't be used; the message names the file and the key."""


class RefusedFileError(DataError):
    """A file as a whole can't be taken; nothing of it was loaded."""


class AccountingError(DataError):
    """Rows in the file ≠ loaded + filtered + quarantined: a bug of Liuke. Nothing was loaded."""
