"""Ways out of the house, one per file."""

from liuke.engage.outreach.channels.contract import Channel, Journal
from liuke.engage.outreach.channels.registry import CHANNELS, build_channels

__all__ = ["CHANNELS", "Channel", "Journal", "build_channels"]
