"""The values that cross the door of the consent room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ANY_CHANNEL = "*"
"""A record for this channel speaks for every channel: "never write to me again" is one row."""


class Purpose(StrEnum):
    """Why a person is contacted; each purpose has a rule of its own.

    ``marketing`` needs a consent that stands; ``transactional`` (an order, a refund) rests on the contract with the
    customer; ``safety`` (a recall) reaches everybody.
    """

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One statement of a person: yes or no, to a purpose on a channel.

    Parameters
    ----------
    identity_id
        The source's identity that made the statement.
    purpose, channel
        What was agreed to; ``channel`` is a medium (``email``, ``sms``) or ``ANY_CHANNEL``.
    granted
        True when given, False when refused or withdrawn.
    policy_version
        The wording that the person saw.
    occurred_at
        UTC instant of the statement.
    recorded_at
        UTC instant at which the shop could know it.
    evidence
        Where the statement can be found again, such as a form or a call number; no personal values.
    load_id
        The load that brought the row; None when it was entered directly.
    held_row
        Number of the quarantined row from which a refusal was concluded although its answer or its moment can't be
        read; the refusal ends when that row is released or corrected. None for what was said clearly.
    """

    identity_id: int
    purpose: str
    channel: str
    granted: bool
    policy_version: str
    occurred_at: datetime
    recorded_at: datetime
    evidence: str = ""
    load_id: int | None = None
    held_row: int | None = None
