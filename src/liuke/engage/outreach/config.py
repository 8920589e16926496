"""Settings of the outreach room: the ``[outreach]`` section of ``liuke.toml``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

PASSWORD_VARIABLE = "LIUKE_SMTP_PASSWORD"  # noqa: S105 - a name, not a password


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QuietHours(_Section):
    """When nobody is disturbed, in the customer's zone (the shop's where none is known)."""

    start: int = Field(default=21, ge=0, le=23, description="First quiet hour of the day (0 to 23).")
    end: int = Field(default=8, ge=0, le=23, description="First hour that is open again; equal = never quiet.")


class FileSettings(_Section):
    """The channel that writes messages into files, for trying out and for handing over to another tool."""

    folder: Path | None = Field(default=None, description="Where the files go; empty means the workspace's outbox.")


class SmtpSettings(_Section):
    """The channel that hands messages to a mail server."""

    host: str = Field(default="localhost", description="Name of the mail server.")
    port: int = Field(default=25, ge=1, le=65535, description="25, 587 (STARTTLS) or 465 (TLS from the start).")
    security: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="How the connection is protected; `none` only for a server on this machine."
    )
    user: str = Field(default="", description="Login name; empty means no login.")
    password: SecretStr = Field(
        default_factory=lambda: SecretStr(os.environ.get(PASSWORD_VARIABLE, "")),
        description=f"Leave it out of the file: the environment variable {PASSWORD_VARIABLE} is read.",
    )
    sender: str = Field(
        default="shop@localhost",
        description="Address in `From`, with or without a name: `Our shop <hello@shop.example>`. The default is none "
        "that anybody could answer to: with it nothing is sent.",
    )
    reply_to: str = Field(default="", description="Address in `Reply-To`; empty means none.")
    message_id_domain: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.-]*$",
        description="Right half of Message-IDs, a domain of yours; empty: the sender's.",
    )
    timeout_seconds: float = Field(default=30, gt=0, le=600, description="Longest wait for one answer of the server.")
    receipts: str = Field(
        default="",
        description="File or pattern of the server's log of accepted messages: per line an ISO time (UTC unless it has "
        "an offset) and the Message-ID; lines without one only show how far the log reaches. Empty: none, then "
        "messages caught by a crash stay `unknown`.",
    )
    settle_seconds: float = Field(
        default=300,
        ge=0,
        description="How much later than the sending the log must reach before a missing Message-ID counts as never "
        "accepted; longer than the server's own time limit for a message, clock differences included.",
    )


class OutreachSettings(_Section):
    """How messages leave the house."""

    transports: dict[str, str] = Field(
        default={"email": "file"},
        description='Medium to channel: `email = "smtp"` reaches people, `email = "file"` writes files.',
    )
    batch_size: int = Field(default=500, ge=1, le=5000, description="Messages claimed in one transaction.")
    cap_messages: int = Field(
        default=2, ge=1, description="Marketing messages a customer may get within `cap_days`, over all strategies."
    )
    cap_days: int = Field(default=7, ge=1, le=365, description="Length of the cap's sliding window in days.")
    valid_days: int = Field(default=7, ge=1, description="Age in days at which an unsent marketing message expires.")
    max_attempts: int = Field(default=5, ge=1, le=50, description="Tries before a temporary refusal becomes a failure.")
    retry_minutes: int = Field(default=15, ge=0, description="Wait after a temporary refusal, times the tries so far.")
    lease_seconds: int = Field(
        default=900, ge=1, description="After this long another worker takes over what a silent one had claimed."
    )
    unsubscribe: str = Field(
        default="",
        description="Where recipients end messages, in every marketing message: an `https:` URL or a `mailto:`; "
        "`{key}` becomes the message's key. Empty: a mail to `reply_to` or `sender`, which somebody has to read.",
    )
    quiet_hours: QuietHours = QuietHours()
    file: FileSettings = FileSettings()
    smtp: SmtpSettings = SmtpSettings()
