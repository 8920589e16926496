"""The demo: a generated shop delivers files, the very same loop runs on them week by week, and its customers answer."""

from liuke.app.demo.contracts import DemoReport, DemoSettings
from liuke.app.demo.demo import CURRENCY, Demo
from liuke.app.demo.simulation import SIMULATION

__all__ = ["CURRENCY", "SIMULATION", "Demo", "DemoReport", "DemoSettings"]
