"""The key of a message that leaves the house: in its Message-ID and in its unsubscribe address.

A message's id can be computed by whoever knows the customer's number and the strategy, so a key made of it alone could
be forged: to unsubscribe others, or to let a mail server's log swear to a message that never arrived. The key therefore
carries a keyed hash of the id. It is the same for every attempt, and leads back to the message without being stored.
"""

from __future__ import annotations

import hmac
from typing import Protocol

_ID_DIGITS = 16
_PROOF_DIGITS = 24  # 96 bits: forging one takes 2**95 guesses in the mean, each a call over a network


class BlindIndex(Protocol):
    """The part of ``liuke.store.operations.FieldCipher`` that this room needs."""

    def blind_index(self, namespace: str, value: str) -> str:
        """Return the keyed hash of a value, equal for equal values."""
        ...


class MessageKeys:
    """Makes keys and checks them.

    Parameters
    ----------
    cipher
        With the workspace's key.
    """

    def __init__(self, cipher: BlindIndex) -> None:
        self._cipher = cipher

    def key(self, message_id: int) -> str:
        """Return the key of a message: forty hex digits, the same at every call."""
        name = earlier_key(message_id)
        return name + self._proof(name)

    def message_id(self, key: str) -> int | None:
        """Return the message that a key belongs to; None if it was not made with this workspace's key."""
        name, proof = key[:_ID_DIGITS], key[_ID_DIGITS:]
        if not key.isascii() or not hmac.compare_digest(proof, self._proof(name)):
            return None
        return int(name, 16)  # the proof is of digits that were made here

    def _proof(self, name: str) -> str:
        return self._cipher.blind_index("message", name)[:_PROOF_DIGITS]


def earlier_key(message_id: int) -> str:
    """Return the key of a message as it was before keys carried a proof: sixteen hex digits.

    A message in doubt since then left under this key; to take it for one that never arrived would send it twice.
    """
    return f"{message_id:0{_ID_DIGITS}x}"
