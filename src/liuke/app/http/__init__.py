"""The HTTP edge: the documented API under ``/api`` and the console that lives on it."""

from .app import create_app
from .ports import ConsoleContext

__all__ = ["ConsoleContext", "create_app"]
