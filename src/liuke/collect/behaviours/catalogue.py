"""The catalogue of behaviours: which events there are, their names, and whether they make a customer active."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from liuke.kernel import SetAside, SettingsError, one_line, read_yaml

SHIPPED = Path(__file__).with_name("catalogue.yaml")


class Behaviour(BaseModel):
    """One kind of event. ``started_by_customer`` is false for what happens to a customer, such as a delivery."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    zh: Annotated[str, AfterValidator(one_line)] = Field(min_length=1)
    en: Annotated[str, AfterValidator(one_line)] = Field(min_length=1)
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


def load_catalogue(extension: Path | None) -> Catalogue:
    """Return the shipped catalogue, extended by a shop's own file if there is one.

    Only the application knows which shop it serves: it alone may ask for no extension.

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


@dataclass(frozen=True)
class ReadBehaviours:
    """The catalogue of what can be used, and what of the shop's own was set aside."""

    catalogue: Catalogue
    aside: tuple[SetAside, ...] = ()


def read_behaviours(extension: Path) -> ReadBehaviours:
    """Return the shipped catalogue with the entries of a shop's own file that can be used; the others are set aside."""
    known = {one.name: one for one in _shipped()}
    aside: list[SetAside] = []
    try:
        entries = _entries(extension) if extension.exists() else []
    except SettingsError as error:
        entries = []
        aside.append(SetAside.because("behaviour", extension.name, error))
    for number, entry in enumerate(entries):
        try:
            one = _checked({"language": 1, "behaviours": [entry]}, extension)[0]
            if one.name in known:
                raise SettingsError(
                    f"behaviour '{one.name}' is defined twice",
                    f"rename it in {extension.name}",
                    zh=f"行为“{one.name}”定义了两次，请在 {extension.name} 里改名",
                )
            known[one.name] = one
        except SettingsError as error:
            name = entry.get("name") if isinstance(entry, dict) else None
            aside.append(SetAside.because("behaviour", str(name or f"{extension.name} #{number + 1}"), error))
    return ReadBehaviours(Catalogue(list(known.values())), tuple(aside))


@cache
def _shipped() -> tuple[Behaviour, ...]:
    """Read the shipped file once: every load asks for it."""
    return tuple(_read(SHIPPED))


def _read(path: Path) -> list[Behaviour]:
    return _checked({"language": 1, "behaviours": _entries(path)}, path)


def _entries(path: Path) -> list[Any]:
    """Return the entries of a file as they stand there."""
    try:
        content: Any = read_yaml(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} is no YAML: {error}", "look for a wrong indent") from None
    if not isinstance(content, dict) or not isinstance(content.get("behaviours"), list):
        raise SettingsError(f"{path.name} holds no list `behaviours`", "begin with `language: 1` and `behaviours:`")
    if content.get("language") != 1 or set(content) != {"language", "behaviours"}:
        raise SettingsError(
            f"{path.name}: it has `language: 1` and `behaviours`, nothing else; found {', '.join(map(str, content))}",
            "each behaviour needs name, zh, en, family, started_by_customer",
        )
    found: list[Any] = content["behaviours"]
    return found


def _checked(content: Any, path: Path) -> list[Behaviour]:
    try:
        return _File.model_validate(content).behaviours
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise SettingsError(
            f"{path.name}: `{place}`: {problem['msg']}", "each needs name, zh, en, family, started_by_customer"
        ) from None
