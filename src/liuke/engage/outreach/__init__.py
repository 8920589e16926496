"""Say it, once: the outbox, the gate in front of it, the channels behind it."""

from pathlib import Path

from liuke.engage.outreach.channels import CHANNELS, Channel, Journal, build_channels
from liuke.engage.outreach.config import OutreachSettings, QuietHours, SmtpSettings
from liuke.engage.outreach.contracts import Delivery, Fate, Held, OutboxCount, Outgoing, Recipient, State, Stop
from liuke.engage.outreach.errors import ChannelDown, OutreachError, TemplateError
from liuke.engage.outreach.keys import MessageKeys
from liuke.engage.outreach.ports import AddressBook, Clock, ControlGroups, Permissions
from liuke.engage.outreach.reasons import Doubt, Failed, reason_words
from liuke.engage.outreach.service import Outreach
from liuke.engage.outreach.tables import CONTACTS, outbox
from liuke.engage.outreach.templating import Content, TemplateLibrary

READY_TEMPLATES = Path(__file__).parent / "templates"
"""Folder with the templates that come with the product."""

__all__ = [
    "CHANNELS",
    "CONTACTS",
    "READY_TEMPLATES",
    "AddressBook",
    "Channel",
    "ChannelDown",
    "Clock",
    "Content",
    "ControlGroups",
    "Delivery",
    "Doubt",
    "Failed",
    "Fate",
    "Held",
    "Journal",
    "MessageKeys",
    "OutboxCount",
    "Outgoing",
    "Outreach",
    "OutreachError",
    "OutreachSettings",
    "Permissions",
    "QuietHours",
    "Recipient",
    "SmtpSettings",
    "State",
    "Stop",
    "TemplateError",
    "TemplateLibrary",
    "build_channels",
    "outbox",
    "reason_words",
]
