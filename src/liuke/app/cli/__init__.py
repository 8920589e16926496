"""The command line: thin edges that call the rooms and print what came of it."""

from liuke.app.cli.main import main

__all__ = ["main"]
