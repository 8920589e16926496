"""Reading definitions from YAML: defaults of a file, `for_each`, overriding by key, errors that name file and tag."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from liuke.collect.behaviours import Catalogue
from liuke.kernel import SetAside, read_yaml
from liuke.understand.tags.compiler import compile_plan
from liuke.understand.tags.errors import DefinitionError
from liuke.understand.tags.naming import check_names
from liuke.understand.tags.tables import customer_tags_spec
from liuke.understand.tags.tagset import LANGUAGE, TagDefinition, TagSet

_ANY_DAY = dt.date(2000, 1, 1)  # what can be compiled does not depend on it
SHIPPED = Path(str(resources.files("liuke.understand.tags"))) / "definitions"
_FILE_KEYS = frozenset({"language", "family", "group", "owner", "personal", "hidden", "tags"})
_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?)\}")


@dataclass(frozen=True)
class ReadTags:
    """The definitions that can be used, and those that were set aside."""

    tags: TagSet
    aside: tuple[SetAside, ...] = ()


def load_definitions(*folders: Path | str, catalogue: Catalogue, shipped: bool = True) -> TagSet:
    """Read the shipped definitions and those of each folder; a later definition of a key replaces the earlier.

    Parameters
    ----------
    *folders : path
        Folders with `*.yaml`, read in order of name. A folder that does not exist holds nothing.
    catalogue : Catalogue
        The shop's behaviours: what `"@customer_started"` stands for, and which events a definition may name.
    shipped : bool
        False for a set of its own, such as the features of a model.

    Raises
    ------
    DefinitionError
        If a file cannot be read or a definition is wrong; the message names file, tag and field.
    CycleError
        If tags are defined by each other.
    """
    definitions: dict[str, TagDefinition] = {}
    for folder in ([SHIPPED] if shipped else []) + [Path(folder) for folder in folders]:
        definitions |= _folder(folder, catalogue, _raise)
    return TagSet(definitions.values())


def read_definitions(*folders: Path | str, catalogue: Catalogue) -> ReadTags:
    """Read the same, but set aside what is wrong in a folder, and what depends on it; all others stand.

    A definition that would have replaced a shipped one leaves the shipped one in force. Parameters as in
    `load_definitions`.
    """
    shipped = load_definitions(catalogue=catalogue)
    aside: dict[str, DefinitionError] = {}
    own: dict[str, TagDefinition] = {}
    for folder in folders:
        own |= _folder(Path(folder), catalogue, aside.setdefault)
    fitting = _fitting(shipped, own, aside) if own else shipped
    return ReadTags(fitting, tuple(SetAside.because("tag", name, error) for name, error in sorted(aside.items())))


def _raise(_: str, error: DefinitionError) -> None:
    raise error


def _folder(
    folder: Path, catalogue: Catalogue, refuse: Callable[[str, DefinitionError], object]
) -> dict[str, TagDefinition]:
    """Return a folder's definitions; what is wrong goes to `refuse`, with the name of the file or the tag."""
    found: dict[str, TagDefinition] = {}
    places: dict[str, Path] = {}
    started, events = sorted(catalogue.active_names), catalogue.names
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            here = list(read_file(path, started))
        except DefinitionError as error:
            refuse(path.name, error)
            continue
        for definition in here:
            key = definition.key
            try:
                if key in places:
                    raise DefinitionError(
                        f"tag {key!r} is defined twice: in {places[key]} and in {path}",
                        hint="keep one of them; to replace a shipped tag, define it once in the workspace",
                    )
                check_names(definition, events)
            except DefinitionError as error:
                refuse(key, error)
                continue
            places[key], found[key] = path, definition
    return found


def _fitting(shipped: TagSet, own: Mapping[str, TagDefinition], aside: dict[str, DefinitionError]) -> TagSet:
    """Return the shipped definitions with those of the shop's own that can be computed."""
    try:
        return _tried(shipped, own)
    except DefinitionError:
        pass  # one by one then, what is needed first
    accepted: dict[str, TagDefinition] = {}
    pending = dict(own)
    while ready := [key for key in pending if not set(pending[key].needs) & (set(pending) - {key})]:
        for key in ready:
            definition = pending.pop(key)
            if lost := [needed for needed in definition.needs if needed in aside and needed not in shipped]:
                aside[key] = DefinitionError(
                    f"tag {key!r} is computed from {lost[0]!r}, which is set aside",
                    hint=f"mend {lost[0]!r} first",
                    zh=f"它由标签“{lost[0]}”算出，而后者已搁置；请先改好“{lost[0]}”",
                )
                continue
            try:
                _tried(shipped, {**accepted, key: definition}, [key])
                accepted[key] = definition
            except DefinitionError as error:
                aside[key] = error
    for key in pending:  # they need each other
        try:
            _tried(shipped, {**accepted, **pending})
        except DefinitionError as error:
            aside[key] = error
    return TagSet({**shipped, **accepted}.values())


def _tried(shipped: TagSet, own: Mapping[str, TagDefinition], names: Sequence[str] | None = None) -> TagSet:
    """Return the set in which own definitions stand, once all of them compile."""
    tags = TagSet({**shipped, **own}.values())
    chosen = list(own if names is None else names)
    compile_plan(tags, chosen, _ANY_DAY)
    customer_tags_spec(tags.select([key for key in chosen if not tags[key].hidden]))
    return tags


def read_file(path: Path, started: Sequence[str]) -> Iterator[TagDefinition]:
    """Yield the definitions of one file, templates written out."""
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DefinitionError(f"{path} cannot be read: {error}", hint="it has to be YAML in UTF-8") from error
    yield from parse_document(document, str(path), started)


def parse_document(document: Any, place: str, started: Sequence[str]) -> Iterator[TagDefinition]:
    """Yield the definitions of a parsed document; `place` names it in errors, `started` the events of a customer."""
    if not isinstance(document, dict) or not isinstance(document.get("tags"), list):
        raise DefinitionError(f"{place} holds no list `tags:`", hint="see the README of liuke.understand.tags")
    if document.get("language") != LANGUAGE:
        raise DefinitionError(
            f"{place} is written in language {document.get('language')!r}",
            hint=f"begin the file with `language: {LANGUAGE}`",
        )
    if strange := set(document) - _FILE_KEYS:
        raise DefinitionError(f"{place}: unknown {sorted(map(str, strange))}", hint=f"known: {sorted(_FILE_KEYS)}")
    defaults = {key: value for key, value in document.items() if key not in ("language", "tags")}
    for number, entry in enumerate(document["tags"], start=1):
        if not isinstance(entry, dict):
            raise DefinitionError(
                f"{place}: entry {number} is no mapping", hint="each tag has a key, a name, a type, a value"
            )
        for written in _written_out(entry, place):
            document = _named_lists(defaults | written, started)
            yield TagDefinition.from_document({"key": number} | document, place)


def _written_out(entry: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    """Yield the entry, or one entry per combination of its `for_each` lists."""
    body = {key: value for key, value in entry.items() if key != "for_each"}
    lists = entry.get("for_each")
    if lists is None:
        yield body
        return
    if not isinstance(lists, dict) or not all(isinstance(items, list) and items for items in lists.values()):
        raise DefinitionError(f"{place}: `for_each` takes names with a list each", hint="for_each: {days: [7, 30]}")
    for combination in itertools.product(*lists.values()):
        yield _filled(body, _flat(dict(zip(lists, combination, strict=True))), place)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    dotted = {
        f"{name}.{part}": item
        for name, value in values.items()
        if isinstance(value, dict)
        for part, item in value.items()
    }
    return {name: value for name, value in values.items() if not isinstance(value, dict)} | dotted


def _filled(value: Any, names: Mapping[str, Any], place: str) -> Any:
    """Replace `{name}` in all texts; a text that is only `{name}` becomes the value itself."""
    if isinstance(value, dict):
        return {_filled(key, names, place): _filled(item, names, place) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, names, place) for item in value]
    if not isinstance(value, str):
        return value
    if strange := {name for name in _PLACE.findall(value) if name not in names}:
        raise DefinitionError(f"{place}: {value!r} uses {sorted(strange)}", hint=f"`for_each` names {sorted(names)}")
    alone = _PLACE.fullmatch(value)
    return names[alone[1]] if alone else _PLACE.sub(lambda match: str(names[match[1]]), value)


def _named_lists(value: Any, started: Sequence[str]) -> Any:
    """Replace `"@customer_started"` by the events of the catalogue, so that the hash knows which they were."""
    if isinstance(value, dict):
        return {key: _named_lists(item, started) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_named_lists(item, started) for item in value]
    if isinstance(value, str) and value.startswith("@"):
        if value != "@customer_started":
            raise DefinitionError(f"unknown list {value!r}", hint="known: @customer_started")
        return list(started)
    return value
