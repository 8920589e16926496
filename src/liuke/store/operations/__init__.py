"""The operational store: what changes row by row (outbox, consents, loads) and everything personal."""

from liuke.store.operations.database import Operations, metadata
from liuke.store.operations.sealing import FieldCipher, Keyring

__all__ = ["FieldCipher", "Keyring", "Operations", "metadata"]
