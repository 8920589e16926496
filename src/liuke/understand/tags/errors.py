"""What can be wrong with a tag definition, said so that its author can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from liuke.kernel.errors import SettingsError


class DefinitionError(SettingsError):
    """A tag definition that cannot be read, compiled or found."""


class CycleError(DefinitionError):
    """Tags that are defined by each other; `path` names them in order, the first again at the end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(
            f"these tags are defined by each other: {' -> '.join(path)}",
            hint="let one of them be computed from a source instead of from the next tag",
        )
        self.path = path


def unknown(what: str, name: str, known: Iterable[str], where: str = "") -> DefinitionError:
    """Say that `name` is not a known `what`, and which known name was probably meant."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(names) or 'none'}"
    place = f" in {where}" if where else ""
    return DefinitionError(f"unknown {what} {name!r}{place}", hint=hint)
