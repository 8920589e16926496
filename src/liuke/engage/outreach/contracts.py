"""The values that cross the door of the outreach room."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a message stands.

    ``queued`` → ``claimed`` (checked, ours) → ``sending`` (the provider may have it from now on) → ``sent`` or
    ``failed``. ``unknown``: we died while sending, the provider has not been asked yet or cannot say. ``held``: not
    sent for the reason beside it.
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"


class Held(StrEnum):
    """Why a message was not sent. ``quiet_hours`` ends by itself; the others are final."""

    CONTROL = "control"
    NO_CONSENT = "no_consent"
    SUPPRESSED = "suppressed"
    NO_ADDRESS = "no_address"
    CAPPED = "capped"
    QUIET_HOURS = "quiet_hours"
    EXPIRED = "expired"


class Fate(StrEnum):
    """What a provider says about a message that it may have."""

    ACCEPTED = "accepted"
    NEVER_ARRIVED = "never_arrived"
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a customer is reached, and how to speak to them.

    Parameters
    ----------
    address
        E-mail address or number, normalised; lives in memory only.
    language
        The customer's, such as ``zh`` or ``en-GB``; empty means the shop's.
    zone
        The customer's time zone; empty means the shop's.
    variables
        Flat values for templates, such as ``name``.
    """

    address: str
    language: str = ""
    zone: str = ""
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One rendered message, ready for a channel.

    Parameters
    ----------
    message_id
        Key of the outbox row.
    key
        Idempotency key given to the provider; the same for every attempt.
    address, subject, text, html
        What is sent where; ``html`` may be empty.
    unsubscribe
        URL or ``mailto:`` under which the recipient can end messages; empty for non-marketing.
    """

    message_id: int
    key: str
    address: str
    subject: str
    text: str
    html: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """A channel that stopped because its provider takes nobody's messages, and what to mend; its queue is kept."""

    channel: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many messages a call moved into which state; ``held`` is counted by reason, ``stopped`` names channels."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    requeued: int = 0
    held: dict[str, int] = field(default_factory=dict)
    stopped: tuple[Stop, ...] = ()

    def __add__(self, other: Delivery) -> Delivery:
        held = {reason: self.held.get(reason, 0) + other.held.get(reason, 0) for reason in {*self.held, *other.held}}
        return Delivery(
            self.sent + other.sent,
            self.failed + other.failed,
            self.unknown + other.unknown,
            self.requeued + other.requeued,
            dict(sorted(held.items())),
            (*self.stopped, *other.stopped),
        )


@dataclass(frozen=True, slots=True)
class OutboxCount:
    """Messages of a strategy in one state for one reason (see ``reasons``), as ``liuke status`` shows them."""

    strategy: str
    state: str
    reason: str
    messages: int
    oldest_at: datetime | None = None
