"""A strategy as its author writes it: a YAML document, checked in full, known by the hash of its meaning.

Comments, order of keys and defaults written out do not change the hash; anything that changes what a customer
experiences does. A version, once used, never changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from liuke.decide.strategies.contracts import Message
from liuke.decide.strategies.errors import StrategyError
from liuke.kernel import SetAside, impossible, one_line, read_yaml

Scalar = bool | int | float | str | date
Ordered = int | float | str | date
Name = Annotated[str, AfterValidator(one_line)]
Level = Literal["blue", "yellow", "orange", "red"]
OPERATORS = ("eq", "in", "between", "gt", "gte", "lt", "lte", "null", "contains")
MAX_DEPTH = 8  # nested deeper, a rule can no longer be read, and the parser's stack is at stake
SLUG = r"^[a-z][a-z0-9_]{0,63}$"  # safe as a file name, a key and a column value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Condition(_Part):
    """One comparison of a tag or profile column. A missing value satisfies nothing but ``null: true``."""

    tag: str | None = None
    profile: str | None = None
    eq: Scalar | None = None
    in_: list[Scalar] | None = Field(default=None, alias="in", min_length=1)
    between: tuple[Ordered, Ordered] | None = Field(default=None, description="Both ends included.")
    gt: Ordered | None = None
    gte: Ordered | None = None
    lt: Ordered | None = None
    lte: Ordered | None = None
    null: bool | None = None
    contains: Scalar | None = Field(default=None, description="For tags that hold a list: one of its values.")

    @model_validator(mode="after")
    def _one_column_one_operator(self) -> Condition:
        if (self.tag is None) == (self.profile is None):
            raise ValueError("a condition names exactly one of `tag` and `profile`")
        if len(self.given) != 1:
            raise ValueError(f"a condition has exactly one operator of {', '.join(OPERATORS)}; found {len(self.given)}")
        if impossible(self.given.items()):
            low, high = self.between or ("", "")
            raise ValueError(
                f"the range from {low} to {high} is empty: write the smaller end first / "
                f"区间 {low} 到 {high} 是空的：请把小的一端写在前面"
            )
        return self

    @property
    def column(self) -> str:
        """The column that is compared."""
        return self.tag or self.profile or ""

    @property
    def given(self) -> dict[str, Any]:
        """Operator to operand."""
        values = {name: getattr(self, "in_" if name == "in" else name) for name in OPERATORS}
        return {name: value for name, value in values.items() if value is not None}


class RiskLevel(_Part):
    """Customers whom the early warning put on one of these levels."""

    key: ClassVar[str] = "level"

    level: list[Level] = Field(min_length=1)


class AllOf(_Part):
    """Every part holds."""

    key: ClassVar[str] = "all"

    all: list[Rule] = Field(min_length=1)


class AnyOf(_Part):
    """At least one part holds."""

    key: ClassVar[str] = "any"

    any: list[Rule] = Field(min_length=1)


class NotOf(_Part):
    """The part does not hold."""

    key: ClassVar[str] = "not"

    not_: Rule = Field(alias="not")


def _kind(part: object) -> str:
    """Tell by its key what a part of a rule is, so that an error speaks about that kind only."""
    keys = set(part) if isinstance(part, Mapping) else {getattr(type(part), "key", "")}
    return next((key for key in ("all", "any", "not", "level") if key in keys), "condition")


Rule = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotOf, Tag("not")]
    | Annotated[RiskLevel, Tag("level")]
    | Annotated[Condition, Tag("condition")],
    Discriminator(_kind),
]


class Entry(_Part):
    """How often a customer may enter."""

    again_after_days: int | None = Field(default=None, ge=1, description="Days before a customer may enter again.")
    key: str | None = Field(default=None, description="Column whose value names the entry, such as an order's id.")

    @model_validator(mode="after")
    def _one_way(self) -> Entry:
        if self.key and self.again_after_days:
            raise ValueError("an entry is either once per `key` or again after some days, not both")
        return self


class MessageNode(_Part):
    """The strategy's only step so far: one message."""

    node: str = Field(pattern=SLUG)
    channel: str = Field(pattern=SLUG)
    template: str = Field(pattern=SLUG)
    purpose: Literal["marketing", "transactional", "safety"] = "marketing"


class Goal(_Part):
    """What the strategy is measured by."""

    metric: Literal["repurchase", "margin"] = "repurchase"
    horizon_days: int = Field(default=30, ge=1, le=365)


class Limits(_Part):
    """How much it may do."""

    entries_per_day: int | None = Field(default=None, ge=1, description="New customers per day, chosen by hash.")


class Words(_Part):
    """A text in the two languages of the console."""

    zh: Name
    en: Name


class Strategy(_Part):
    """A whole strategy document."""

    language: Literal[1]
    id: str = Field(pattern=SLUG)
    name: Words
    description: Words
    audience: Rule
    entry: Entry = Entry()
    control_share: float = Field(default=0.10, ge=0, lt=1, description="Share that stays without contact (0 to 1).")
    message: MessageNode
    goal: Goal = Goal()
    limits: Limits = Limits()

    @property
    def version(self) -> str:
        """Sixteen hex digits of the SHA-256 of the normalised document."""
        return sha256(self.normalised().encode()).hexdigest()[:16]

    def normalised(self) -> str:
        """Return the document as JSON with sorted keys and without what equals its default."""
        tree = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def planned_message(self) -> Message:
        """The message node as a value that may cross doors."""
        node = self.message
        return Message(node.node, node.channel, node.template, node.purpose)


for _model in (AllOf, AnyOf, NotOf, Strategy):
    _model.model_rebuild()


def parse_strategy(text: str, origin: str = "strategy") -> Strategy:
    """Read a strategy document.

    Parameters
    ----------
    text
        YAML or JSON.
    origin
        File name or other place, for error messages.

    Raises
    ------
    StrategyError
        If it is no YAML, has unknown or missing keys, or nests too deeply; the message names the place.
    """
    try:
        tree = read_yaml(text)
    except yaml.YAMLError as error:
        raise StrategyError(f"{origin} is not valid YAML: {error}", hint="Check indentation and quotes.") from None
    if not isinstance(tree, Mapping):
        raise StrategyError(f"{origin} holds no strategy.", hint="It starts with `language: 1`, `id:` and `name:`.")
    audience = _readable(tree.get("audience"), origin)
    try:
        return Strategy.model_validate({**tree, "audience": audience})
    except ValidationError as error:
        raise StrategyError(
            f"{origin}: {_told(error)}", hint="See docs/reference/strategies.md for the keys."
        ) from None


@dataclass(frozen=True)
class ReadStrategies:
    """The strategies that can be read, in order of their ids, and those that were set aside."""

    strategies: tuple[Strategy, ...]
    aside: tuple[SetAside, ...] = ()


def read_strategies(folder: Path) -> ReadStrategies:
    """Read every ``*.yaml`` of a folder; a file that cannot be read, and a second one of the same id, is set aside."""
    found: dict[str, Strategy] = {}
    aside: list[SetAside] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            strategy = _read(path)
            if strategy.id in found:
                raise StrategyError(
                    f"{path}: the strategy {strategy.id!r} is in another file, too.",
                    hint="Keep one of the two.",
                    zh=f"策略 {strategy.id} 在两个文件里都有定义，请只保留一个",
                )
        except StrategyError as error:
            aside.append(SetAside.because("strategy", path.stem, error))
            continue
        found[strategy.id] = strategy
    return ReadStrategies(tuple(one for _, one in sorted(found.items())), tuple(aside))


def load_strategies(folders: list[Path]) -> dict[str, Strategy]:
    """Read every ``*.yaml`` of some folders; a later folder's strategy replaces an earlier one of the same id.

    Raises
    ------
    StrategyError
        If one of the files cannot be used.
    """
    read = (_read(path) for folder in folders for path in sorted(folder.glob("*.yaml")))
    return dict(sorted({one.id: one for one in read}.items()))


def _read(path: Path) -> Strategy:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StrategyError(f"{path} cannot be read: {error}", hint="It has to be YAML in UTF-8.") from None
    return parse_strategy(text, str(path))


def _readable(rule: object, origin: str, depth: int = 0) -> object:
    """Return the rule with YAML's own null as the key `null`, after making sure that it can be walked at all."""
    if depth > 2 * MAX_DEPTH:  # a level of the rule is a mapping and, mostly, a list
        raise StrategyError(f"{origin}: the audience nests deeper than {MAX_DEPTH} levels.", hint="Split the strategy.")
    if isinstance(rule, Mapping):
        named = (("null" if key is None else key, part) for key, part in rule.items())
        return {key: _readable(part, origin, depth + 1) for key, part in named}
    return [_readable(part, origin, depth + 1) for part in rule] if isinstance(rule, list) else rule


def _told(error: ValidationError) -> str:
    """Return the first problem in words, with the place where it is."""
    detail = error.errors()[0]
    parts = [str(part) for part in detail["loc"]]
    # pydantic names the kind of a rule that it chose before the rule's key, which is the same word, or `condition`
    place = [part for part, after in zip(parts, [*parts[1:], ""], strict=True) if part not in (after, "condition")]
    return f"{'.'.join(place) or 'document'}: {detail['msg'].removeprefix('Value error, ')}"
