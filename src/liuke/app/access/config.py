"""Settings of the access room, each with unit and reason."""

from __future__ import annotations

from datetime import timedelta

SESSION_LIFETIME = timedelta(hours=12)
"""One working day: nobody is signed out in the middle of it, nobody stays signed in overnight."""

SESSION_TOKEN_BYTES = 32
"""256 random bits: cannot be guessed, so a plain SHA-256 of it is enough in the database."""

MIN_PASSWORD_LENGTH = 10
"""Characters. NIST SP 800-63B asks for at least 8 without composition rules; two more cost nothing."""

GENERATED_PASSWORD_LENGTH = 16
"""Characters out of 54, about 92 bits."""

FREE_FAILURES = 5
"""Failed sign-ins per name and address before waiting starts: enough for honest typing errors."""

MAX_WAIT_SECONDS = 900
"""Ceiling of the doubling wait: a locked-out colleague is back within a quarter of an hour."""

FAILURE_MEMORY = timedelta(hours=1)
"""Failures older than this are forgotten."""
