"""Values that cross the door of the segments room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from liuke.understand.tags import Value

Membership = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Frame:
    """What rules are evaluated over: a relation with one row per customer, and the happenings beside it.

    Attributes
    ----------
    as_of : date
        The day at whose 00:00 everything stands.
    relation : str
        SQL relation with `customer_id` and the columns below; called `c` in the query.
    tags, profile : mapping of name to Value
        The column of each tag and each profile field, qualified with `c.`, and the kind of its values.
    happenings : mapping of source to days or None
        Which sources can be read here, and how many days back they reach (None: all history). The engine has a
        relation of each name with the columns of `liuke.understand.tags.SOURCES`.
    facts : str, optional
        A relation in which the facts that events and sequences need were computed before (`customer_id` and a column
        per fact, named as `facts_of` names them); without it the query computes them itself.
    events : collection of str, optional
        The events that there are; None: any may be asked for.
    """

    as_of: dt.date
    relation: str
    tags: Mapping[str, Value]
    profile: Mapping[str, Value]
    happenings: Mapping[str, int | None] = field(default_factory=dict)
    facts: str | None = None
    events: Collection[str] | None = None


@dataclass(frozen=True)
class Overlap:
    """How two sets of customers lie to each other."""

    left: int
    right: int
    both: int

    @property
    def either(self) -> int:
        """Customers in at least one of the two."""
        return self.left + self.right - self.both

    @property
    def jaccard(self) -> float | None:
        """Share of those in either that are in both; None if both are empty."""
        return self.both / self.either if self.either else None


@dataclass(frozen=True)
class Reachable:
    """How many customers of a set may be contacted on a channel, and have an address there."""

    channel: str
    customers: int


@dataclass(frozen=True)
class DayOfSegment:
    """A dynamic segment on one day: how many are in it, came, went since the day before that was computed."""

    segment: str
    version: str
    as_of: dt.date
    customers: int
    entered: int
    left: int
    because: str
