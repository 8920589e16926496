"""Errors of the consent room."""

from __future__ import annotations

from liuke.kernel.errors import DataError


class ConsentError(DataError):
    """A consent record that cannot stand in the ledger."""
