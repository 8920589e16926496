"""Are these the right words? Argon2id hashes, never the words themselves."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from liuke.app.access.config import GENERATED_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from liuke.app.access.errors import WeakPasswordError

_HASHER = PasswordHasher()  # Argon2id with the parameters of RFC 9106, low-memory profile

# Without characters that are mistaken for one another when read from a terminal (0 O 1 l I o).
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def hash_password(password: str) -> str:
    """Hash a new password.

    Raises
    ------
    WeakPasswordError
        Shorter than `MIN_PASSWORD_LENGTH`, or one character repeated.
    """
    if len(password) < MIN_PASSWORD_LENGTH or len(set(password)) < 4:
        raise WeakPasswordError(
            "This password is too weak.",
            hint=f"Use at least {MIN_PASSWORD_LENGTH} characters, not all alike.",
        )
    return _HASHER.hash(password)


def password_matches(stored_hash: str | None, password: str) -> bool:
    """Compare a password with a stored hash; `None` (no such user) takes as long and is false."""
    try:
        _HASHER.verify(stored_hash or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None


def needs_rehash(stored_hash: str) -> bool:
    """Tell whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored_hash)


def generate_password() -> str:
    """Draw a password that can be read out and typed."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(GENERATED_PASSWORD_LENGTH))


@cache
def _decoy() -> str:
    return _HASHER.hash(secrets.token_hex(16))
