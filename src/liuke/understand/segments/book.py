"""All segments of a shop: looked up by key, checked to be free of cycles and of explosions, versioned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from liuke.kernel import SetAside
from liuke.understand.segments.config import MAX_EXPANDED_NODES, MAX_FILE_BYTES
from liuke.understand.segments.definition import LANGUAGE, SegmentDefinition, digest, parse_yaml
from liuke.understand.segments.errors import SegmentCycleError, SegmentError, unknown
from liuke.understand.segments.rules import SegmentCondition, walk


class SegmentBook(Mapping[str, SegmentDefinition]):
    """Definitions by key; each names only segments that are there, and none is built from itself.

    Raises
    ------
    SegmentError
        If a segment names an unknown one, or is too large once the others are written out.
    SegmentCycleError
        If segments are built from each other.
    """

    def __init__(self, definitions: Iterable[SegmentDefinition] = ()) -> None:
        self._by_key = {one.key: one for one in definitions}
        self._versions: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        for key in self._by_key:
            self._visit(key, ())

    def __getitem__(self, key: str) -> SegmentDefinition:
        if key not in self._by_key:
            raise unknown("segment", key, self._by_key)
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def version(self, key: str) -> str:
        """Return the hash of what a segment means, the segments that it names included."""
        self[key]
        return self._versions[key]

    def with_(self, definition: SegmentDefinition) -> SegmentBook:
        """Return a book in which this definition stands, whether or not one of its key stood there before."""
        return SegmentBook({**self._by_key, definition.key: definition}.values())

    def named_by(self, key: str) -> tuple[str, ...]:
        """Return the keys of the segments that name this one directly."""
        return tuple(other for other, one in self._by_key.items() if key in named_in(one))

    def _visit(self, key: str, path: tuple[str, ...]) -> None:
        if key in self._versions:
            return
        if key in path:
            raise SegmentCycleError((*path[path.index(key) :], key))
        if key not in self._by_key:
            raise unknown("segment", key, self._by_key, f"segment {path[-1]!r}" if path else "")
        definition = self._by_key[key]
        below = named_in(definition)
        for name in below:
            self._visit(name, (*path, key))
        size = sum(1 for _ in walk(definition.rule))
        size += sum(self._sizes[part.segment] for part in walk(definition.rule) if isinstance(part, SegmentCondition))
        if size > MAX_EXPANDED_NODES:
            raise SegmentError(
                f"segment {key!r} holds {size} conditions once the segments that it names are written out; "
                f"at most {MAX_EXPANDED_NODES} are evaluated",
                hint="name fewer segments, or smaller ones",
            )
        self._sizes[key] = size
        self._versions[key] = digest([LANGUAGE, definition.rule_hash, {name: self._versions[name] for name in below}])


def named_in(definition: SegmentDefinition) -> tuple[str, ...]:
    """Return the keys of the segments that a definition names."""
    found = (part.segment for part in walk(definition.rule) if isinstance(part, SegmentCondition))
    return tuple(dict.fromkeys(found))


def load_segments(*folders: Path) -> dict[str, SegmentDefinition]:
    """Read the definitions of some folders: one segment per `*.yaml` file.

    Raises
    ------
    SegmentError
        If a file cannot be read, or two files define one key; the message names the file.
    """
    found: dict[str, SegmentDefinition] = {}
    places: dict[str, Path] = {}
    for folder in folders:
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            definition = read_file(path)
            if definition.key in places:
                raise SegmentError(
                    f"segment {definition.key!r} is defined twice: in {places[definition.key]} and in {path}",
                    hint="keep one of the two files",
                )
            places[definition.key], found[definition.key] = path, definition
    return found


@dataclass(frozen=True)
class ReadSegments:
    """The segments that can be used, and those that were set aside."""

    book: SegmentBook
    files: Mapping[str, SegmentDefinition]
    aside: tuple[SetAside, ...] = ()


def read_segments(folder: Path, saved: Mapping[str, SegmentDefinition | SegmentError]) -> ReadSegments:
    """Read the segments of a folder and those of the console; what is wrong, and what is built from it, is set aside.

    Parameters
    ----------
    saved : mapping of key to definition
        What the console keeps, or why it cannot be read. A file stands above a saved one of its key.
    """
    aside: dict[str, SegmentError] = {key: one for key, one in saved.items() if isinstance(one, SegmentError)}
    files: dict[str, SegmentDefinition] = {}
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            definition = read_file(path)
            if definition.key in files:
                raise SegmentError(
                    f"{path} defines the segment {definition.key!r}, which another file defines too",
                    hint="keep one of the two files",
                    zh=f"人群 {definition.key} 在两个文件里都有定义，请只保留一个",
                )
        except SegmentError as error:
            aside[path.name] = error
            continue
        files[definition.key] = definition
    usable = {key: one for key, one in saved.items() if not isinstance(one, SegmentError)} | files
    book = _fitting(usable, aside)
    return ReadSegments(
        book,
        {key: one for key, one in files.items() if key in book},
        tuple(SetAside.because("segment", name, error) for name, error in sorted(aside.items())),
    )


def _fitting(usable: dict[str, SegmentDefinition], aside: dict[str, SegmentError]) -> SegmentBook:
    """Return a book of the segments whose parts are all there; the others go to `aside`, round by round."""
    while True:
        try:
            return SegmentBook(usable.values())
        except SegmentError:
            wrong: dict[str, SegmentError] = {}
            for key in usable:
                try:
                    SegmentBook(_with_parts(key, usable).values())
                except SegmentError as error:
                    wrong[key] = error
            aside.update(wrong)
            usable = {key: one for key, one in usable.items() if key not in wrong}


def _with_parts(key: str, usable: Mapping[str, SegmentDefinition]) -> dict[str, SegmentDefinition]:
    """Return a segment and those that it is built from, as far as they are there."""
    found: dict[str, SegmentDefinition] = {}
    open_ = [key]
    while open_:
        name = open_.pop()
        if name in usable and name not in found:
            found[name] = usable[name]
            open_ += named_in(usable[name])
    return found


def read_file(path: Path) -> SegmentDefinition:
    """Read one definition file.

    Raises
    ------
    SegmentError
        If it is too large, cannot be read or is no segment.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SegmentError(f"{path} is larger than {MAX_FILE_BYTES} bytes", hint="a segment is a short rule")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SegmentError(f"{path} cannot be read: {error}", hint="it has to be YAML in UTF-8") from None
    return parse_yaml(text, str(path))
