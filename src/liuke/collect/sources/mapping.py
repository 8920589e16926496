"""How a mapping file says what a shop's columns mean. The format is described in this room's README.

A mapping is data: it is parsed strictly (an unknown key is an error that names its neighbours) and its expressions are
checked against a whitelist before any of them runs.
"""

from __future__ import annotations

import json
from datetime import timedelta
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from liuke.collect.sources.errors import MappingError
from liuke.kernel import read_yaml

LANGUAGE = 1

ColumnTypeName = Literal["text", "integer", "number", "decimal", "date", "timestamp", "instant", "boolean"]
TargetName = Literal[
    "customers", "children", "products", "orders", "order_facts", "order_items", "events", "touches", "profiles",
    "consents",
]  # fmt: skip
Scalar = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FormatSpec(_Strict):
    """How the file is written."""

    kind: Literal["csv", "parquet", "xlsx"] = Field(description="csv also reads .csv.gz.")
    delimiter: str = Field(",", min_length=1, max_length=1, description="csv: the column separator.")
    quote: str = Field('"', max_length=1, description="csv: the quote; empty for none.")
    encoding: str = Field("utf-8", description="csv: any name Python knows, such as gb18030.")
    header: bool = Field(True, description="csv, xlsx: the first row names the columns.")
    names: tuple[str, ...] = Field((), description="csv, xlsx: names of the columns where there is no header.")
    null: tuple[str, ...] = Field((), description="Texts that mean 'no value', beside the empty text.")
    sheet: str | None = Field(None, description="xlsx: the sheet; default the first.")

    @model_validator(mode="after")
    def _names_without_header(self) -> Self:
        if self.kind != "parquet" and self.header == bool(self.names):
            raise ValueError("give `names` exactly when `header` is false")
        return self


class ColumnSpecification(_Strict):
    """The type of one column of the file. Columns that aren't declared are text."""

    type: ColumnTypeName = "text"
    format: str | None = Field(None, description="date, timestamp: strptime format; default ISO 8601.")
    required: bool = Field(False, description="An empty value sends the row to quarantine.")

    @model_validator(mode="after")
    def _format_of_times_only(self) -> Self:
        if self.format and self.type not in ("date", "timestamp"):
            raise ValueError(f"`format` belongs to date and timestamp, not to {self.type}")
        return self


class Recorded(_Strict):
    """When the shop could have known a row: a column of its own, or so long after it happened."""

    at: str | None = Field(None, description="Expression of type timestamp in the source's zone.")
    lag: str = Field("0 days", pattern=r"^\d+ (minute|hour|day)s?$", description="Delay after `occurred`.")

    @property
    def delay(self) -> timedelta:
        """The lag as a duration."""
        number, unit = self.lag.split(" ")
        return timedelta(**{unit.rstrip("s") + "s": int(number)})


class Filter(_Strict):
    """Rows left out on purpose, counted by reason."""

    reason: str = Field(min_length=1, max_length=120)
    when: str


class Check(_Strict):
    """Rows that break a rule go to quarantine with its reason."""

    reason: str = Field(min_length=1, max_length=120)
    unless: str


class Link(_Strict):
    """Another identifier of the same person."""

    namespace: str = Field(pattern="^[a-z][a-z0-9_]*$")
    key: str


class IdentitySpec(_Strict):
    """Who a row is about, in the source's own words."""

    namespace: str = Field(pattern="^[a-z][a-z0-9_]*$")
    key: str
    links: tuple[Link, ...] = ()


class Constant(_Strict):
    """A value that stands for itself."""

    const: Scalar


class Emit(_Strict):
    """Rows of one canonical table that are made of the file's rows."""

    table: TargetName
    when: str | None = None
    group_by: tuple[str, ...] = Field((), description="One row per distinct value of these, not one per file row.")
    fields: dict[str, Scalar | Constant]

    @field_validator("group_by", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Namespaces(_Strict):
    """Whose order and product numbers these are; change it where two systems use the same numbers."""

    order: str = "order"
    product: str = "product"
    session: str = "session"


class Mapping(_Strict):
    """One `sources/*.yaml`."""

    language: Literal[1]
    source: str = Field(pattern="^[a-z][a-z0-9_-]*$")
    files: tuple[str, ...]
    format: FormatSpec
    zone: str | None = Field(None, description="Zone of timestamps without one; default the shop's.")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="Default the shop's.")
    time_precision: Literal["day", "second"] = "second"
    occurred: str | None = Field(None, description="When a row happened, for emits that don't say it themselves.")
    recorded: Recorded = Recorded()
    columns: dict[str, ColumnSpecification] = {}
    derive: dict[str, str] = Field({}, description="Named expressions, usable in all others.")
    filters: tuple[Filter, ...] = ()
    checks: tuple[Check, ...] = ()
    key: tuple[str, ...] = Field((), description="Columns whose values tell real rows apart.")
    identity: IdentitySpec | None = None
    namespaces: Namespaces = Namespaces()
    emit: tuple[Emit, ...] = Field(min_length=1)
    max_bad_share: float = Field(0.5, ge=0, le=1, description="Above it the file is refused as a whole.")

    @field_validator("files", "key", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("format", mode="before")
    @classmethod
    def _format_by_name(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @field_validator("columns", mode="before")
    @classmethod
    def _types_by_name(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {"type": spec} if isinstance(spec, str) else spec for name, spec in value.items()}

    @model_validator(mode="after")
    def _reasons_differ(self) -> Self:
        reasons = [*(rule.reason for rule in self.filters), *(rule.reason for rule in self.checks)]
        doubles = sorted({reason for reason in reasons if reasons.count(reason) > 1})
        if doubles:
            raise ValueError(f"two rules have the same reason {doubles[0]!r}; counts by reason need different ones")
        return self

    @property
    def digest(self) -> str:
        """Hash of what the mapping means; comments and layout don't change it."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()


def parse_mapping(text: str, name: str) -> Mapping:
    """Read one mapping.

    Parameters
    ----------
    text : str
        YAML.
    name : str
        What to call it in errors, usually its file name.

    Raises
    ------
    MappingError
        If it is no YAML, misses a key or has one that doesn't exist; the message names the place.
    """
    try:
        content = read_yaml(text)
    except yaml.YAMLError as error:
        raise MappingError(f"{name} is no YAML: {error}", "look for a missing quote or a wrong indent") from None
    if not isinstance(content, dict):
        raise MappingError(f"{name} is empty or no mapping", "start with `language: 1`")
    if content.get("language") != LANGUAGE:
        raise MappingError(f"{name}: language is {content.get('language')!r}", f"write `language: {LANGUAGE}`")
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        raise MappingError(f"{name}: {_first_problem(error)}", "the format is described in docs: sources") from None


def load_mappings(folder: Path) -> dict[str, Mapping]:
    """Return the mappings of a folder by file name, in the order of their names.

    Raises
    ------
    MappingError
        If one is wrong, or two files have the same source name.
    """
    mappings = {path.name: parse_mapping(path.read_text("utf-8"), path.name) for path in sorted(folder.glob("*.yaml"))}
    owners: dict[str, str] = {}
    for name, mapping in mappings.items():
        if mapping.source in owners:
            raise MappingError(
                f"{name} and {owners[mapping.source]} are both called source '{mapping.source}'",
                "give each mapping a source name of its own",
            )
        owners[mapping.source] = name
    return mappings


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _keys_at(problem["loc"][:-1])
        wrong = str(problem["loc"][-1])
        near = get_close_matches(wrong, known, n=1)
        advice = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
        return f"`{place}` is no key of a mapping; {advice}"
    return f"`{place}`: {problem['msg']}"


_MODELS: dict[str, type[BaseModel]] = {
    "format": FormatSpec, "columns": ColumnSpecification, "recorded": Recorded, "filters": Filter, "checks": Check,
    "identity": IdentitySpec, "links": Link, "namespaces": Namespaces, "emit": Emit,
}  # fmt: skip


def _keys_at(place: tuple[int | str, ...]) -> list[str]:
    names = [part for part in place if part in _MODELS]
    model = _MODELS[str(names[-1])] if names else Mapping
    return sorted(model.model_fields)
