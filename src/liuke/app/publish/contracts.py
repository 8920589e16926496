"""Values that cross the door of the publish room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import duckdb

TagKind = Literal["text", "number", "money", "share", "days", "boolean", "date", "list"]
MetricUnit = Literal["share", "count", "money", "days", "number"]


class PublishSource(Protocol):
    """A point in time as `liuke.collect.history` opens it: the views of the contract and its `identity_map`."""

    @property
    def as_of(self) -> date:
        """The shop-local day whose midnight the views stand at."""
        ...

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB connection holding the views."""
        ...


@dataclass(frozen=True, slots=True)
class TagWord:
    """How one tag is named, grouped, filtered and explained."""

    key: str
    family: str
    family_zh: str
    family_en: str
    zh: str
    en: str
    explanation_zh: str
    explanation_en: str
    kind: TagKind = "text"
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # stored value -> (zh, en)
    one_of: tuple[str, ...] | None = None  # every value it can have, where they are a closed set


@dataclass(frozen=True, slots=True)
class MetricWord:
    """How one key figure is named, explained and judged."""

    metric: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    unit: MetricUnit
    better: Literal["up", "down", "neither"] = "neither"


@dataclass(frozen=True, slots=True)
class StrategyWord:
    """How one strategy is named, and what it wants."""

    strategy: str
    zh: str
    en: str
    goal_zh: str = ""
    goal_en: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words for the keys that stand in the tables; order is the order on the page."""

    tags: tuple[TagWord, ...] = ()
    metrics: tuple[MetricWord, ...] = ()
    strategies: tuple[StrategyWord, ...] = ()
    events: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # event -> (zh, en)


@dataclass(frozen=True, slots=True)
class Build:
    """One finished build."""

    build_id: str
    path: Path
    as_of: date
    customers: int
    timeline_rows: int
