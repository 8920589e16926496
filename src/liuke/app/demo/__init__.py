"""The demo: a generated shop delivers files, and the very same loop runs on them week by week."""

from liuke.app.demo.demo import Demo, DemoReport, DemoSettings

__all__ = ["Demo", "DemoReport", "DemoSettings"]
