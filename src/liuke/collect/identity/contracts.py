"""The values that cross the door of the identity room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PERSONAL_FIELDS = ("name", "phone", "email", "address", "member_no")


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """One profile row of a source, in the clear: it exists only between a file and the seal.

    Parameters
    ----------
    load_id, row_number : int
        Where it comes from.
    identity_id : int
    recorded_at : datetime
        Naive UTC.
    """

    load_id: int
    row_number: int
    identity_id: int
    recorded_at: datetime
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    member_no: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a customer by name; masked unless it was asked for unmasked.

    Each field is the latest value that any of the customer's records carries; None if there is none.
    """

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    member_no: str | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where messages arrive: an address in its one spelling, and the keyed hash under which it is counted."""

    address: str
    key: str
