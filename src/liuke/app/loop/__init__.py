"""The daily loop: collect, understand, predict, decide, engage, learn, and what the console shows of it."""

from liuke.app.loop.context import MISSING
from liuke.app.loop.loop import STEPS, DailyLoop, LoopReport, stopped_channels

__all__ = ["MISSING", "STEPS", "DailyLoop", "LoopReport", "stopped_channels"]
