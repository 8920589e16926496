"""Commands whose modules load when they are called: `trials analyse` need not wait for the server and the models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


class LazyCommands(TyperGroup):
    """A group that knows its commands by name and finds them when asked."""

    places: ClassVar[Mapping[str, str]] = {}
    """Name of each command, in the order of the help → ``module:attribute``, a function or a group."""

    @classmethod
    def of(cls, places: Mapping[str, str]) -> type[LazyCommands]:
        """Return a group of these commands."""
        return type("Commands", (cls,), {"places": places})

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return [*self.commands, *(name for name in self.places if name not in self.commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command, None if there is no such name."""
        if cmd_name not in self.commands and cmd_name in self.places:
            module, _, attribute = self.places[cmd_name].partition(":")
            self.commands[cmd_name] = _command(getattr(import_module(module), attribute), cmd_name)
        return self.commands.get(cmd_name)


def _command(found: typer.Typer | Callable[..., Any], name: str) -> Any:
    """Turn a group or a function into what the parser understands."""
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
    else:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
        alone.command(name)(found)
        command = get_command(alone)
    command.name = name
    return command
