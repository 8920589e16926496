"""The catalogue of behaviours: which events there are, their names, and whether they make a customer active."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from liuke.kernel import SettingsError, read_yaml

SHIPPED = Path(__file__).with_name("catalogue.yaml")


class Behaviour(BaseModel):
    """One kind of event. ``started_by_customer`` is false for what happens to a customer, such as a delivery."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    family: str = Field(pattern="^[a-z][a-z0-9_]*$")
    started_by_customer: bool


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Literal[1]
    behaviours: list[Behaviour]


class Catalogue:
    """The behaviours known to one shop, in the order in which they are shown.

    Parameters
    ----------
    behaviours : list of Behaviour
        Names must differ.
    """

    def __init__(self, behaviours: list[Behaviour]) -> None:
        self._by_name = {behaviour.name: behaviour for behaviour in behaviours}

    def __iter__(self) -> Iterator[Behaviour]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Behaviour:
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name."""
        return tuple(self._by_name)

    @property
    def active_names(self) -> tuple[str, ...]:
        """Names of the events that a customer starts: they make the customer active."""
        return tuple(behaviour.name for behaviour in self if behaviour.started_by_customer)


def load_catalogue(extension: Path | None = None) -> Catalogue:
    """Return the shipped catalogue, extended by a shop's own file if there is one.

    Raises
    ------
    SettingsError
        If a file is wrong, or the shop's redefines a shipped behaviour.
    """
    behaviours = _shipped()
    own = _read(extension) if extension is not None and extension.exists() else []
    names = [behaviour.name for behaviour in (*behaviours, *own)]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise SettingsError(f"behaviour '{doubles[0]}' is defined twice", f"rename it in {extension}")
    return Catalogue([*behaviours, *own])


@cache
def _shipped() -> tuple[Behaviour, ...]:
    """Read the shipped file once: every load asks for it."""
    return tuple(_read(SHIPPED))


def _read(path: Path) -> list[Behaviour]:
    try:
        content: Any = read_yaml(path.read_text("utf-8"))
        return _File.model_validate(content).behaviours
    except yaml.YAMLError as error:
        raise SettingsError(f"{path.name} is no YAML: {error}", "look for a wrong indent") from None
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise SettingsError(
            f"{path.name}: `{place}`: {problem['msg']}", "each needs name, zh, en, family, started_by_customer"
        ) from None
