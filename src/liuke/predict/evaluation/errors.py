"""What makes an evaluation worthless."""

from __future__ import annotations

from liuke.kernel.errors import DataError


class LeakageError(DataError):
    """A feature knows the answer: it was computed with rows from after the cutoff."""


class EvaluationDataError(DataError):
    """Outcomes and scores don't fit together."""
