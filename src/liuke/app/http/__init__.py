"""The HTTP edge: the documented API under ``/api`` and the console that lives on it."""

from .app import create_app
from .ports import ConsoleContext
from .spa import console_is_built

__all__ = ["ConsoleContext", "console_is_built", "create_app"]
