"""The HTTP edge: the documented API under ``/api`` and the console that lives on it."""

from liuke.app.http.app import create_app
from liuke.app.http.ports import ConsoleContext
from liuke.app.http.spa import console_is_built

__all__ = ["ConsoleContext", "console_is_built", "create_app"]
