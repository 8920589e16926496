"""Errors of the inference room."""

from __future__ import annotations

from liuke.kernel.errors import DataError


class InferenceError(DataError):
    """A comparison that the numbers at hand cannot answer: an empty arm, no variation, an impossible setting."""
