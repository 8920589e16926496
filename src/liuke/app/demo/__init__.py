"""The demo: a generated shop delivers files, the very same loop runs on them week by week, and its customers answer."""

from liuke.app.demo.contracts import DemoReport, DemoSettings
from liuke.app.demo.demo import CURRENCY, Demo

__all__ = ["CURRENCY", "Demo", "DemoReport", "DemoSettings"]
