"""Errors of the analysis room: each names the row, the column or the rule, and says what to do."""

from __future__ import annotations

from liuke.kernel.errors import DataError, SettingsError


class PlanError(SettingsError):
    """A plan that contradicts itself or names what the table does not have."""


class TableError(DataError):
    """A table that cannot be read as the trial it is said to be.

    Parameters
    ----------
    message, hint
        See ``LiukeError``.
    rows
        The rows that break the rule, as a reader of the file counts them: a csv's header is row 1, the first row of
        a parquet file or a query is row 1. Empty where the rule is about the whole table.
    """

    def __init__(self, message: str, hint: str = "", *, rows: tuple[int, ...] = ()) -> None:
        super().__init__(message, hint)
        self.rows = rows
