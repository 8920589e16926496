"""Which days and amounts a row may speak of: one impossible value must not move the shop's first day, last day, sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from liuke.collect.quality import because
from liuke.collect.sources.expressions import Expression
from liuke.collect.sources.readers import ROW
from liuke.collect.sources.targets import OPERATIONAL, TARGETS

if TYPE_CHECKING:
    from liuke.collect.sources.emission import Emission

FIRST_BIRTH = date(1900, 1, 1)  # nobody who buys today was born before; registers write it for "unknown", so it passes
_DATES = ("registered", "member_since", "birth")  # a day on which a birth is due may lie ahead
_AMOUNTS = ("amount", "amount_minor")


@dataclass(frozen=True)
class PlausibleDays:
    """The bounds of a workspace.

    Parameters
    ----------
    earliest : date
        Nothing that a shop records happened before. By default 1995: there were no web shops before, while 1970-01-01
        and 1899-12-30 are the zeros of computers and spreadsheets.
    ahead_days : int
        So far beyond the moment of loading a day may lie: clocks and zones differ by a day, hardly by more than two.
    """

    earliest: date = date(1995, 1, 1)
    ahead_days: int = 2


@dataclass(frozen=True)
class Bounds:
    """The same for one load: local times of the source's zone."""

    earliest: date
    latest: datetime

    @classmethod
    def of(cls, days: PlausibleDays, loaded_at: datetime, zone: str) -> Bounds:
        """Return the bounds of a load that was begun at an instant (naive UTC).

        Examples
        --------
        >>> Bounds.of(PlausibleDays(), datetime(2026, 3, 1, 20), "Asia/Shanghai").latest
        datetime.datetime(2026, 3, 4, 4, 0)
        """
        local = loaded_at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return cls(days.earliest, local + timedelta(days=days.ahead_days))


@dataclass(frozen=True)
class Objection:
    """What speaks against a value. ``field`` is the column at fault, if it is one column."""

    reason: str
    condition: str
    field: str | None


@dataclass(frozen=True)
class GroupRule:
    """What speaks against a group of rows, none of which is loaded then: against their sum, or the first of them."""

    reason: str
    when: str
    groups: tuple[str, ...]
    condition: str


def row_objections(emissions: Sequence[Emission], bounds: Bounds) -> list[Objection]:
    """Return what speaks against single rows. A value that several tables take is looked at once."""
    takers: dict[tuple[str, str], tuple[list[str], Objection]] = {}
    for emission in emissions:
        for name, value in emission.fields.items():
            if not value.aggregates:
                for found in _objections(emission, name, value, bounds):
                    whens, _ = takers.setdefault((found.reason, found.condition), ([], found))
                    whens.append(emission.when)
    return [
        Objection(
            one.reason, one.condition if "true" in whens else f"({' OR '.join(whens)}) AND {one.condition}", one.field
        )
        for whens, one in takers.values()
    ]


def group_rules(emissions: Sequence[Emission], bounds: Bounds) -> tuple[GroupRule, ...]:
    """Return what speaks against groups of rows."""
    rules: dict[tuple[str, tuple[str, ...]], list[Objection]] = defaultdict(list)
    for emission in emissions:
        for name, value in emission.fields.items():
            if value.aggregates:
                rules[emission.when, emission.groups] += _objections(emission, name, value, bounds)
    return tuple(
        GroupRule(one.reason, when, groups, one.condition) for (when, groups), found in rules.items() for one in found
    )


def _objections(emission: Emission, name: str, value: Expression, bounds: Bounds) -> Iterator[Objection]:
    at_fault = next(iter(value.columns)) if len(value.columns) == 1 else None
    label = at_fault or f"{emission.table}.{name}"
    moment = f"TRY_CAST({value.sql} AS TIMESTAMP)"
    future = Objection(because("in_future", column=label), f"{moment} > TIMESTAMP '{bounds.latest}'", at_fault)
    if emission.table == "order_facts" and name in _AMOUNTS:
        amount = TARGETS[emission.table].fields[name].convert(f"({value.sql})")
        yield Objection(
            because("negative", column=label), f"{amount} < 0{_unless_cancelled(emission, value)}", at_fault
        )
    elif emission.table in OPERATIONAL:  # a refusal counts, whatever its date
        return
    elif name in _DATES or (name == "occurred" and TARGETS[emission.table].timed):
        earliest = FIRST_BIRTH if name == "birth" else bounds.earliest
        yield Objection(
            because("too_early", column=label, day=str(earliest)), f"{moment} < TIMESTAMP '{earliest}'", at_fault
        )
        yield future
    elif name in ("occurred", "recorded"):  # of long ago only says that it has always been known
        yield future


def _unless_cancelled(emission: Emission, amount: Expression) -> str:
    """Return the condition, per row or per group as the amount is, that spares orders whose amount says nothing."""
    fact = emission.fields["fact"]
    if fact.aggregates and not amount.aggregates:
        return ""
    plain = fact.aggregates or not fact.columns or not amount.aggregates or fact.sql in emission.groups
    return f" AND {fact.sql if plain else f'arg_min({fact.sql}, {ROW})'} <> 'cancelled'"
