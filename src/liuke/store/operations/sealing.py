"""Personal values at rest: sealed with AES-256-GCM, found again by a keyed index.

The key never stands in the database. It comes from ``LIUKE_KEY`` or from a file only its owner can read; who copies the
database alone gets no name and no phone number, and can't enumerate phone numbers against the index either.
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode, b64encode
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from liuke.kernel.errors import SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D §8.2: 96-bit nonces
ENVIRONMENT = "LIUKE_KEY"


class FieldCipher:
    """Seals, opens and indexes single values.

    Parameters
    ----------
    key : bytes, shape (32,)
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SettingsError(f"the key has {len(key)} bytes, not {KEY_BYTES}", "use one that `liuke init` made")
        self._index_key = _derived(key, b"index")
        self._pepper = _derived(key, b"pepper").hex()
        self._sealing_key = _derived(key, b"seal")
        self._box = AESGCM(self._sealing_key)

    @property
    def pepper(self) -> str:
        """Text put before a personal key when an id is made of it, so that ids can't be enumerated."""
        return self._pepper

    def seal(self, value: str) -> bytes:
        """Encrypt a value.

        Notes
        -----
        The nonce is a keyed hash of the value (as in RFC 8452's idea of a synthetic nonce): equal values give equal
        bytes, which makes loads repeatable, and no nonce is ever used for two values.
        """
        plain = value.encode()
        nonce = blake2b(plain, key=self._sealing_key, digest_size=NONCE_BYTES).digest()
        return nonce + self._box.encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> str:
        """Decrypt a value.

        Raises
        ------
        SettingsError
            If it was sealed with another key or was changed.
        """
        try:
            return self._box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise SettingsError(
                "a personal value can't be read with this workspace's key",
                f"restore the key file that belongs to this database, or set {ENVIRONMENT}",
            ) from None

    def blind_index(self, namespace: str, value: str) -> str:
        """Return the look-up key of a value: equal values give equal keys, and nothing can be read from it."""
        message = f"{namespace}\x1f{value}".encode()
        return hmac.new(self._index_key, message, "sha256").hexdigest()[:32]


class Keyring:
    """Finds or makes the key of a workspace."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, key: bytes | None = None) -> None:
        """Write a new key, readable by its owner only; an existing one is kept."""
        if self.path.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b64encode(key or os.urandom(KEY_BYTES)))

    def load(self) -> FieldCipher:
        """Return the cipher of the key in the environment or in the file.

        Raises
        ------
        SettingsError
            If there is no key, or others can read its file.
        """
        encoded = os.environ.get(ENVIRONMENT)
        if not encoded:
            if not self.path.exists():
                raise SettingsError(
                    f"there is no key at {self.path}", f"restore it from your backup, or set {ENVIRONMENT}"
                )
            if os.name == "posix" and self.path.stat().st_mode & 0o077:
                raise SettingsError(f"others can read the key {self.path}", f"run: chmod 600 {self.path}")
            encoded = self.path.read_text().strip()
        try:
            return FieldCipher(b64decode(encoded, validate=True))
        except ValueError:
            raise SettingsError("the key isn't base64 text", "use one that `liuke init` made") from None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return blake2b(purpose, key=key, digest_size=KEY_BYTES).digest()
