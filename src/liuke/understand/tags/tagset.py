"""A set of tag definitions: what each is called, what it needs, and in which order they can be computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from liuke.kernel import one_line
from liuke.understand.tags.documents import plain
from liuke.understand.tags.errors import CycleError, DefinitionError, unknown
from liuke.understand.tags.nodes import Case, Expression, Holds, Model, Node, PercentRank, PerChild, Tag
from liuke.understand.tags.predicates import fields_of

LANGUAGE = 1
"""Version of the definition language; a file says which one it is written in."""

TagType: TypeAlias = Literal["number", "money_minor", "category", "boolean", "date", "list"]
Family: TypeAlias = Literal[
    "value", "activity", "lifecycle", "need", "churn_risk", "price_sensitivity", "membership", "family_stage", "feature"
]

FAMILIES: Mapping[str, tuple[str, str]] = {
    "value": ("价值", "Value"),
    "activity": ("活跃", "Activity"),
    "lifecycle": ("生命周期", "Lifecycle"),
    "need": ("需求", "Need"),
    "churn_risk": ("流失风险", "Churn risk"),
    "price_sensitivity": ("价格敏感", "Price sensitivity"),
    "membership": ("会员", "Membership"),
    "family_stage": ("育儿阶段", "Family stage"),
    "feature": ("模型特征", "Model feature"),
}
"""Level 1 of the tree: key to (Chinese, English) name, in the order of the console."""


class Words(BaseModel):
    """One text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: Annotated[str, AfterValidator(one_line)]
    en: Annotated[str, AfterValidator(one_line)]


class Group(Words):
    """Level 2 of the tree."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")


class TagDefinition(BaseModel):
    """One tag: its place in the tree, its words, and the tree of nodes that computes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)
    family: Family
    group: Group | None = None
    name: Words
    explain: Words | None = None
    type: TagType
    unit: Literal["", "days", "months", "share", "times", "points"] = ""
    owner: str = ""
    personal: Literal["none", "pseudonym", "personal", "child"] = "none"
    labels: dict[str, Words] = Field(default_factory=dict)
    hidden: bool = False
    value: Expression

    @classmethod
    def from_document(cls, document: Mapping[str, Any], place: str = "") -> TagDefinition:
        """Return the definition that a document (a tag of a YAML file, or JSON of the API) describes.

        Parameters
        ----------
        document : mapping
            As in a file, without `for_each` and with `family`.
        place : str
            Named in errors.

        Raises
        ------
        DefinitionError
            If it is none; the message names tag and field.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            steps = [str(step) for step in first["loc"] if step not in ("test", "all", "any")]
            raise DefinitionError(
                f"{place + ', ' if place else ''}tag {document.get('key', '?')!r}, {'.'.join(steps)}: {first['msg']}",
                hint="the README of liuke.understand.tags lists nodes and fields",
            ) from error

    def to_document(self) -> dict[str, Any]:
        """Return the definition as texts, numbers, lists and mappings; reading it again gives an equal one."""
        found: dict[str, Any] = plain(self)
        return found

    @cached_property
    def ranks(self) -> tuple[PercentRank, ...]:
        """Every rank inside this definition, in reading order."""
        return tuple(node for node in walk(self.value) if isinstance(node, PercentRank))

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Keys of the tags whose values this one reads directly, ranks aside."""
        return tuple(dict.fromkeys(_tags_read(self.value, frozenset())))

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Keys of all tags that have to be known first, those ranked included."""
        ranked = (key for rank in self.ranks for key in rank_reads(rank))
        return tuple(dict.fromkeys((*self.reads, *ranked)))


class TagSet(Mapping[str, TagDefinition]):
    """Definitions by key, checked to be complete and free of cycles.

    Iteration follows the order of the files; `order` puts what is needed first.
    """

    def __init__(self, definitions: Iterable[TagDefinition]) -> None:
        self._by_key = {definition.key: definition for definition in definitions}
        self.order = self._sorted(self._by_key)
        self._hashes: dict[str, str] = {}
        for key in self.order:
            self._hashes[key] = self._hash(self._by_key[key])
        self.refuse_scores(key for key, definition in self._by_key.items() if definition.family == "feature")

    def __getitem__(self, key: str) -> TagDefinition:
        if key not in self._by_key:
            raise unknown("tag", key, self._by_key)
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    @property
    def visible(self) -> tuple[str, ...]:
        """Keys that are asked for when none is named."""
        return tuple(key for key, definition in self._by_key.items() if not definition.hidden)

    def select(self, names: Iterable[str], *, for_model: bool = False) -> TagSet:
        """Return the named tags and, hidden, those that they need.

        Parameters
        ----------
        for_model : bool
            The tags become features of a model, so none may read a model's score.

        Raises
        ------
        DefinitionError
            If a name is not defined (the message names the closest one), or a feature reads a score.
        """
        wanted = tuple(dict.fromkeys(names))
        if for_model:
            self.refuse_scores(wanted)
        kept = set(self._sorted(wanted))
        return TagSet(
            self[key] if key in wanted else self[key].model_copy(update={"hidden": True})
            for key in self._by_key
            if key in kept
        )

    def refuse_scores(self, names: Iterable[str]) -> None:
        """Make sure that none of the tags reads a model's score, directly or through other tags.

        Raises
        ------
        DefinitionError
            If one does: a model that learns from scores learns from its own past answers.
        """
        for name in names:
            for key in self._sorted([name]):
                for node in walk(self._by_key[key].value):
                    if isinstance(node, Model):
                        through = "" if key == name else f" through {key!r}"
                        raise DefinitionError(
                            f"feature {name!r} reads the score {node.model}.{node.column}{through}",
                            hint="a model may not learn from scores; leave this tag out of its features",
                        )

    def to_document(self) -> dict[str, Any]:
        """Return the set as one file would hold it; `for_each` is written out."""
        return {"language": LANGUAGE, "tags": [definition.to_document() for definition in self.values()]}

    def hash(self, names: Iterable[str] | None = None) -> str:
        """Return a hash of what the named tags (default: the visible ones) compute; words and order leave it alone.

        A tag's part of it changes with its own tree, its type, and everything that it is computed from.
        """
        chosen = sorted(f"{key}={self.definition_hash(key)}" for key in (self.visible if names is None else names))
        return _digest([LANGUAGE, chosen])

    def definition_hash(self, key: str) -> str:
        """Return the hash of one tag's normalised tree and of the trees below it."""
        self[key]
        return self._hashes[key]

    def _hash(self, definition: TagDefinition) -> str:
        tree = definition.value.model_dump(mode="json", by_alias=True, exclude_defaults=False)
        below = {key: self._hashes[key] for key in definition.needs}
        return _digest([LANGUAGE, definition.type, tree, below])

    def _sorted(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the named tags and all they need, what is needed first."""
        done: dict[str, None] = {}
        path: list[str] = []

        def visit(key: str, reader: str) -> None:
            if key in done:
                return
            if key in path:
                raise CycleError((*path[path.index(key) :], key))
            if key not in self._by_key:
                raise unknown("tag", key, self._by_key, f"tag {reader}" if reader else "")
            path.append(key)
            for needed in self._by_key[key].needs:
                visit(needed, key)
            path.pop()
            done[key] = None

        for name in names:
            visit(name, "")
        return tuple(done)


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes below it, in reading order."""
    yield node
    for child in _children(node):
        yield from walk(child)


def rank_reads(rank: PercentRank) -> tuple[str, ...]:
    """Keys of the tags that a rank is made of."""
    return tuple(dict.fromkeys((rank.of, *fields_of(rank.among))))


def _children(node: Node) -> Iterator[Node]:
    for name in type(node).model_fields:
        value = getattr(node, name)
        items = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
        yield from (item for item in items if isinstance(item, Node))


def _tags_read(node: Node, local: frozenset[str]) -> Iterator[str]:
    """Yield tag keys read by expressions and conditions; names given by `let` hide tags of the same key."""
    match node:
        case Tag():
            if node.key not in local:
                yield node.key
            return
        case PercentRank() | PerChild():  # a rank has a frame of its own; a child's names are its columns
            return
        case Case() | Holds():
            for expression in node.let.values():
                yield from _tags_read(expression, local)
            local |= node.let.keys()
            conditions = [b.condition for b in node.when] if isinstance(node, Case) else [node.condition]
            yield from (name for condition in conditions for name in fields_of(condition) if name not in local)
            if isinstance(node, Case):
                for result in (*(b.then for b in node.when), *([node.otherwise] if node.otherwise is not None else [])):
                    yield from _tags_read(result, local)
            return
    for child in _children(node):
        yield from _tags_read(child, local)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
