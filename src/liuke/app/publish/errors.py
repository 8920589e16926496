"""What can go wrong between the loop and the console."""

from __future__ import annotations

from liuke.kernel.errors import ServiceError


class NothingPublishedError(ServiceError):
    """There is no published build in this workspace yet."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing has been published in this workspace yet.",
            hint="Run `liuke ingest` and then `liuke run`; this page fills by itself.",
            retryable=True,
        )
