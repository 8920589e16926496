"""What can go wrong in churn prediction beside too little data, which is a result."""

from __future__ import annotations

from liuke.kernel.errors import UsageError


class NoModelError(UsageError):
    """Scores were asked for, but no usable model has been trained."""
