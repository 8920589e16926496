"""Where does each unit of a staged, stratified or clustered trial stand in [0, 1)? Looked up, or given once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql, sqlite

from liuke.kernel import stable_id
from liuke.learn.experiments.assignment import seat_points, time_block, unit_interval
from liuke.learn.experiments.errors import ExperimentError
from liuke.learn.experiments.tables import trial_units
from liuke.learn.experiments.terms import Terms

IDS_PER_QUERY = 5_000  # SQLite allows 32,766 variables in a statement, PostgreSQL 65,535
MISSING = "–"  # the stratum of customers without a value


@dataclass(frozen=True, slots=True)
class Place:
    """Where one customer stands: unit, stratum, seat (None: the unit's own hash), point, day of release."""

    unit_id: int
    stratum: str
    seat: int | None
    point: float
    released_on: date | None = None


def places_of(connection: sa.Connection, experiment: str, customer_ids: Sequence[int]) -> dict[int, Place]:
    """Return the stored places of customers; those without one are left out."""
    table, found = trial_units.c, {}
    columns = (table.customer_id, table.unit_id, table.stratum, table.seat, table.point, table.released_on)
    for start in range(0, len(customer_ids), IDS_PER_QUERY):
        some = customer_ids[start : start + IDS_PER_QUERY]
        query = sa.select(*columns).where(table.experiment == experiment, table.customer_id.in_(some))
        found.update({row[0]: Place(*row[1:]) for row in connection.execute(query)})
    return found


def place(
    connection: sa.Connection,
    terms: Terms,
    customer_ids: NDArray[np.int64],
    traits: Mapping[str, NDArray[Any]],
    on: date,
) -> list[Place]:
    """Return places for newcomers, in their order; nothing is stored.

    Parameters
    ----------
    customer_ids : shape (n_customers,)
        Without repeats; each has a unit (see ``units``).
    traits
        The columns that the terms name, in the order of the customers.
    """
    unit_ids = units(terms, customer_ids, traits, on)
    if not terms.seats:
        points = unit_interval(terms.salt, unit_ids)
        return [Place(unit, "", None, point) for unit, point in zip(unit_ids.tolist(), points.tolist(), strict=True)]
    strata = _strata(terms, len(customer_ids), traits)
    seated = _seated(connection, terms.experiment, sorted(set(unit_ids.tolist())))
    taken = _taken(connection, terms.experiment)
    order = np.lexsort((unit_ids, unit_interval(f"{terms.salt}/order", unit_ids)))
    for i in order.tolist():  # by hash, so that the order of the list does not matter
        unit = int(unit_ids[i])
        if unit not in seated:
            seat = taken.get(strata[i], 0)
            taken[strata[i]] = seat + 1
            seated[unit] = (strata[i], seat)
    pairs = [seated[unit] for unit in unit_ids.tolist()]
    seats = np.array([seat for _, seat in pairs], dtype=np.int64)
    points = seat_points(terms.salt, [stratum for stratum, _ in pairs], seats, terms.block_size)
    rows = zip(unit_ids.tolist(), pairs, points.tolist(), strict=True)
    return [Place(unit, stratum, seat, point) for unit, (stratum, seat), point in rows]


def units(
    terms: Terms, customer_ids: NDArray[np.int64], traits: Mapping[str, NDArray[Any]], on: date
) -> NDArray[np.int64]:
    """Return the id of the unit that each customer belongs to on a day.

    Raises
    ------
    ExperimentError
        If a customer has no household or region; ask ``has_unit`` first.
    """
    if terms.unit.by == "customer":
        return customer_ids
    if terms.unit.by == "time_block":
        block = time_block(on, terms.started_on, terms.unit.block_days)
        return np.full(len(customer_ids), block, dtype=np.int64)
    names = traits[terms.unit.named_by or ""]
    nameless = [i for i, name in enumerate(names) if name is None]
    if nameless:
        raise ExperimentError(
            f"Customer {customer_ids[nameless[0]]} has no {terms.unit.named_by}, by which the trial draws.",
            hint="Leave such customers out.",
        )
    return np.array([stable_id(f"trial_{terms.unit.by}", str(name)) for name in names], dtype=np.int64)


def has_unit(terms: Terms, n_customers: int, traits: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Tell which customers belong to a unit: without a household or region nobody can be drawn with one."""
    column = terms.unit.named_by
    if column is None:
        return np.ones(n_customers, dtype=np.bool_)
    return np.array([name is not None for name in traits[column]], dtype=np.bool_)


def remember(connection: sa.Connection, experiment: str, places: Mapping[int, Place]) -> None:
    """Store the places of newcomers; a place that is there already stands."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [
        {
            "experiment": experiment,
            "customer_id": customer,
            "unit_id": one.unit_id,
            "stratum": one.stratum,
            "seat": one.seat,
            "point": one.point,
            "released_on": one.released_on,
        }
        for customer, one in places.items()
    ]
    if rows:
        connection.execute(dialect.insert(trial_units).on_conflict_do_nothing(), rows)


def release(connection: sa.Connection, experiment: str, customer_ids: Sequence[int], on: date) -> None:
    """Write down that a larger share has reached control customers whose windows were over."""
    table = trial_units.c
    for start in range(0, len(customer_ids), IDS_PER_QUERY):
        some = customer_ids[start : start + IDS_PER_QUERY]
        chosen = (table.experiment == experiment, table.customer_id.in_(some), table.released_on.is_(None))
        connection.execute(sa.update(trial_units).where(*chosen).values(released_on=on))


def _strata(terms: Terms, n_customers: int, traits: Mapping[str, NDArray[Any]]) -> list[str]:
    if not terms.strata:
        return [""] * n_customers
    columns = [[MISSING if value is None else str(value) for value in traits[name]] for name in terms.strata]
    return [" | ".join(values)[:200] for values in zip(*columns, strict=True)]  # 200: width of the column


def _seated(connection: sa.Connection, experiment: str, unit_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    table, found = trial_units.c, {}
    for start in range(0, len(unit_ids), IDS_PER_QUERY):
        some = unit_ids[start : start + IDS_PER_QUERY]
        query = sa.select(table.unit_id, table.stratum, table.seat).where(
            table.experiment == experiment, table.unit_id.in_(some), table.seat.is_not(None)
        )
        found.update({row[0]: (row[1], row[2]) for row in connection.execute(query.distinct())})
    return found


def _taken(connection: sa.Connection, experiment: str) -> dict[str, int]:
    """Return how many seats of each stratum are taken."""
    table = trial_units.c
    query = sa.select(table.stratum, sa.func.max(table.seat)).where(table.experiment == experiment)
    rows = connection.execute(query.where(table.seat.is_not(None)).group_by(table.stratum))
    return {stratum: last + 1 for stratum, last in rows}
