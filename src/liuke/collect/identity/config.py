"""What the identity room can be told."""

from __future__ import annotations

MAX_RECORDS_PER_KEY = 4
"""Records that may share one phone before it stops being a key: a family's few, not a shop counter's hundreds."""

CAPPED_NAMESPACES = frozenset({"phone", "email", "device", "address"})
"""Kinds of identifiers that several people share. A member number or an open id belongs to one person by design."""
