"""Draw arms once and remember them: the global control group first, then each strategy's own control from the rest.

The draw itself is a pure function (``assignment``); what is stored is the first result, because shares, salts and
merged customers change later and an arm must not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql, sqlite

from liuke.decide.strategies import Allocation, Arm, Kin, NoKin, Traits, entered_before
from liuke.learn.experiments.assignment import arms_at, draw_arms, in_stretch, unit_interval
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.errors import ExperimentError
from liuke.learn.experiments.placing import IDS_PER_QUERY, Place, has_unit, place, places_of, release, remember
from liuke.learn.experiments.tables import assignments
from liuke.learn.experiments.terms import Terms, standing_terms

GLOBAL_EXPERIMENT = "global_control"
OPEN = "open"  # the other arm of the first draw: strategies may treat these customers


class HashAllocator:
    """The ``Allocator`` that strategies ask and the control check that the outbox repeats before sending.

    Parameters
    ----------
    settings
    kin
        Former ids of merged customers: of several assignments of one customer the oldest stands. By default nobody
        was merged.
    """

    def __init__(self, settings: ExperimentSettings, kin: Kin | None = None) -> None:
        self._settings = settings
        self._kin = kin or NoKin()

    def allocate(
        self,
        connection: sa.Connection,
        experiment: str,
        customer_ids: NDArray[np.int64],
        control_share: float,
        on: date,
        *,
        store: bool = True,
        traits: Traits | None = None,
    ) -> Allocation:
        """Return the arms of customers in a strategy, drawing those who have none yet.

        Parameters
        ----------
        experiment
            The strategy's id.
        customer_ids : shape (n_customers,)
            Without repeats.
        control_share
            Share of the customers outside the global control group that stays without contact.
        on
            Shop-local day written beside new assignments.
        store
            False to look only: a rehearsal leaves no trace.
        """
        share = self._settings.global_control_share
        first_shares = {Arm.GLOBAL_CONTROL.value: share, OPEN: 1 - share}
        salt = f"{self._settings.seed}/{GLOBAL_EXPERIMENT}"
        arms, chances = self._arms(connection, GLOBAL_EXPERIMENT, salt, customer_ids, first_shares, on, store)
        free = arms == OPEN
        terms = standing_terms(connection, experiment)
        if terms is None:
            shares = {Arm.CONTROL.value: control_share, Arm.TREATED.value: 1 - control_share}
            salt = f"{self._settings.seed}/{experiment}"
            own = self._arms(connection, experiment, salt, customer_ids[free], shares, on, store)
        else:
            own = self._trial_arms(connection, terms, customer_ids[free], on, store, _some(traits, free))
        arms[free], chances[free] = own
        return Allocation(arms.astype(np.str_), chances)

    def held_out(self, connection: sa.Connection, experiment: str, customer_ids: Collection[int]) -> dict[int, str]:
        """Return those of the customers whom a strategy must not contact, with the arm that says so.

        While a strategy's trial rests or after it was stopped that is everybody (``elsewhere``).
        """
        terms = standing_terms(connection, experiment)
        if terms is not None and not terms.open:
            held = dict.fromkeys(customer_ids, Arm.ELSEWHERE.value)
        else:
            standing = self._standing(connection, terms.experiment if terms else experiment, customer_ids)
            where = _Whereabouts.read(connection, terms, standing) if terms and terms.staged else None
            arms = {i: where.arm_now(i, one) if where else one.arm for i, one in standing.items()}
            held = {i: arm for i, arm in arms.items() if arm != Arm.TREATED.value}
        overall = self._standing(connection, GLOBAL_EXPERIMENT, customer_ids)
        return held | {i: one.arm for i, one in overall.items() if one.arm == Arm.GLOBAL_CONTROL.value}

    def _trial_arms(
        self,
        connection: sa.Connection,
        terms: Terms,
        ids: NDArray[np.int64],
        on: date,
        store: bool,
        traits: Traits | None,
    ) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        """Return the arms of customers outside the global control group by the terms of the standing trial."""
        arms = np.full(len(ids), Arm.ELSEWHERE.value, dtype=object)
        chances = np.ones(len(ids), dtype=np.float64)
        if not terms.open or len(ids) == 0:
            return arms, chances
        known = _columns(terms, traits)
        inside = self._inside(connection, terms, ids, known)
        some, known = ids[inside], {name: values[inside] for name, values in known.items()}
        if terms.plain:
            share = terms.treated_share
            shares = {Arm.CONTROL.value: 1 - share, Arm.TREATED.value: share}
            own = self._arms(connection, terms.experiment, terms.salt, some, shares, on, store)
        else:
            own = self._placed_arms(connection, terms, some, on, store, known)
        arms[inside], chances[inside] = own
        return arms, chances

    def _inside(
        self, connection: sa.Connection, terms: Terms, ids: NDArray[np.int64], known: Mapping[str, NDArray[Any]]
    ) -> NDArray[np.bool_]:
        """Tell who belongs to the trial: its scope, its stretch of the layer, a unit; first come stays."""
        inside = has_unit(terms, len(ids), known)
        if terms.scope is not None:
            allowed = set(terms.scope.values)
            inside &= np.array([str(value) in allowed for value in known[terms.scope.column]], dtype=np.bool_)
        if terms.layer is None:
            return inside
        layer = terms.layer
        mine = in_stretch(self._settings.seed, layer.name, ids, layer.start, layer.end)
        own = self._standing(connection, terms.experiment, ids.tolist())
        rivals = [self._standing(connection, rival, ids.tolist()) for rival in terms.rivals]
        for place_, one in enumerate(ids.tolist()):
            # merged customers may have lain in two stretches: the trial that drew them first keeps them
            firsts = [rival[one].assigned_on for rival in rivals if one in rival]
            if one in own:
                mine[place_] = not firsts or own[one].assigned_on <= min(firsts)
            elif firsts:
                mine[place_] = False
        return inside & mine

    def _placed_arms(
        self,
        connection: sa.Connection,
        terms: Terms,
        ids: NDArray[np.int64],
        on: date,
        store: bool,
        known: Mapping[str, NDArray[Any]],
    ) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        """Draw newcomers at their places; those who have an arm follow the stage as far as they may."""
        standing = self._standing(connection, terms.experiment, ids.tolist())
        fresh = np.array([i not in standing for i in ids.tolist()], dtype=np.bool_)
        newcomers = ids[fresh].tolist()
        places = place(connection, terms, ids[fresh], {name: values[fresh] for name, values in known.items()}, on)
        drawn = arms_at(np.array([one.point for one in places], dtype=np.float64), terms.treated_share)
        pairs = zip(drawn.arms.tolist(), drawn.probabilities.tolist(), strict=True)
        new = dict(zip(newcomers, pairs, strict=True))
        where = _Whereabouts.read(connection, terms, standing)
        if terms.staged:
            where = replace(where, pasts=self._pasts(connection, terms, standing, on))
        released = where.due(standing, on) if terms.staged else {}
        if store and new:
            _insert(connection, terms.experiment, new, on)
            remember(connection, terms.experiment, dict(zip(newcomers, places, strict=True)))
        if store and released:
            where.release(connection, released, standing, on)
        arms = np.empty(len(ids), dtype=object)
        chances = np.empty(len(ids), dtype=np.float64)
        for spot, one in enumerate(ids.tolist()):
            if one in new:
                arms[spot], chances[spot] = new[one]
            elif one in released:
                arms[spot], chances[spot] = Arm.TREATED.value, released[one]
            else:
                arms[spot], chances[spot] = where.again(one, standing[one], on)
        return arms, chances

    def _pasts(
        self, connection: sa.Connection, terms: Terms, standing: Mapping[int, _Standing], on: date
    ) -> dict[int, _Past]:
        """Return what chance has left open of customers who have an arm: when they last entered, and as what."""
        ids = self._kin.of(list(standing))
        listed = sorted({one for known_as in ids.values() for one in known_as})
        entered = entered_before(connection, terms.strategy, listed, (terms.started_on, on))
        found = {}
        for customer, first in standing.items():
            last, chance = first.assigned_on, first.probability
            for one in ids[customer]:
                for day, arm, probability in entered.get(one, ()):
                    last = max(last, day)
                    if day > first.assigned_on and arm == Arm.CONTROL.value:
                        chance *= probability
            found[customer] = _Past(last, chance)
        return found

    def _standing(
        self, connection: sa.Connection, experiment: str, customer_ids: Collection[int]
    ) -> dict[int, _Standing]:
        """Return each customer's oldest assignment under any of its ids; those without one are left out."""
        ids = self._kin.of(customer_ids)
        stored = _stored(connection, experiment, sorted({one for known_as in ids.values() for one in known_as}))
        oldest = {
            customer: min((stored[one] for one in known_as if one in stored), default=None, key=_age)
            for customer, known_as in ids.items()
        }
        return {customer: row for customer, row in oldest.items() if row is not None}

    def _arms(
        self,
        connection: sa.Connection,
        experiment: str,
        salt: str,
        ids: NDArray[np.int64],
        shares: Mapping[str, float],
        on: date,
        store: bool,
    ) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        standing = self._standing(connection, experiment, ids.tolist())
        known = {i: (one.arm, one.probability) for i, one in standing.items()}
        missing = np.array([i for i in ids.tolist() if i not in known], dtype=np.int64)
        drawn = draw_arms(salt, missing, shares)
        pairs = zip(drawn.arms.tolist(), drawn.probabilities.tolist(), strict=True)
        new = dict(zip(missing.tolist(), pairs, strict=True))
        known |= new
        if store and new:
            _insert(connection, experiment, new, on)
            # another host may have been first: its draw stands
            stands = self._standing(connection, experiment, missing.tolist())
            known |= {i: (one.arm, one.probability) for i, one in stands.items()}
        arms = np.array([known[i][0] for i in ids.tolist()], dtype=object)
        return arms, np.array([known[i][1] for i in ids.tolist()], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Standing:
    """The assignment that stands for a customer, and under which id it was drawn."""

    assigned_on: date
    arm: str
    probability: float
    customer_id: int


@dataclass(frozen=True, slots=True)
class _Past:
    """When a customer last entered, and the chance of having been control at every entry until then."""

    last_on: date
    control_chance: float


@dataclass(frozen=True, slots=True)
class _Whereabouts:
    """Points of customers who have an arm, to see whom the present stage reaches."""

    terms: Terms
    places: Mapping[int, Place]
    pasts: Mapping[int, _Past] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: sa.Connection, terms: Terms, standing: Mapping[int, _Standing]) -> _Whereabouts:
        drawn_as = sorted({one.customer_id for one in standing.values()})
        places = places_of(connection, terms.experiment, drawn_as)
        if not terms.seats and terms.unit.by == "customer":  # drawn before the share could change: its hash says where
            lacking = [one for one in drawn_as if one not in places]
            points = unit_interval(terms.salt, np.array(lacking, dtype=np.int64)).tolist()
            places |= {one: Place(one, "", None, point) for one, point in zip(lacking, points, strict=True)}
        return cls(terms, places)

    def arm_now(self, customer: int, standing: _Standing) -> str:
        """Return the arm at the present stage; ``elsewhere`` for those whom a roll-back has left outside."""
        place_ = self.places.get(standing.customer_id)
        if place_ is None:
            return standing.arm
        reached = place_.point >= 1 - self.terms.treated_share
        if standing.arm == Arm.TREATED.value or place_.released_on is not None:
            return Arm.TREATED.value if reached else Arm.ELSEWHERE.value
        return standing.arm

    def again(self, customer: int, standing: _Standing, on: date) -> tuple[str, float]:
        """Return the arm of a customer who had one, and its chance given that: 1 where nothing was left to chance."""
        if not self.terms.staged:
            return standing.arm, standing.probability
        arm = self.arm_now(customer, standing)
        place_ = self.places.get(standing.customer_id)
        open_ = arm == Arm.CONTROL.value and self._settled(customer, on) and place_ is not None
        return arm, min(1.0, (1 - self.terms.treated_share) / self.pasts[customer].control_chance) if open_ else 1.0

    def due(self, standing: Mapping[int, _Standing], on: date) -> dict[int, float]:
        """Return control customers whom the share reaches now that their windows are over.

        The chance of it is given that they were control at every entry until now.
        """
        found = {}
        for customer, one in standing.items():
            place_ = self.places.get(one.customer_id)
            if place_ is None or one.arm != Arm.CONTROL.value or place_.released_on is not None:
                continue
            if self._settled(customer, on) and place_.point >= 1 - self.terms.treated_share:
                found[customer] = 1 - (1 - self.terms.treated_share) / self.pasts[customer].control_chance
        return found

    def _settled(self, customer: int, on: date) -> bool:
        return self.pasts[customer].last_on + timedelta(days=self.terms.settle_days) <= on

    def release(
        self, connection: sa.Connection, released: Mapping[int, float], standing: Mapping[int, _Standing], on: date
    ) -> None:
        """Store that these are reached from now on."""
        drawn_as = [standing[one].customer_id for one in released]
        remember(connection, self.terms.experiment, {one: self.places[one] for one in drawn_as})
        release(connection, self.terms.experiment, drawn_as, on)


def _age(standing: _Standing) -> tuple[date, str, int]:
    return standing.assigned_on, standing.arm, standing.customer_id


def _columns(terms: Terms, traits: Traits | None) -> Mapping[str, NDArray[Any]]:
    if not terms.columns:
        return {}
    if traits is None:
        raise ExperimentError(
            f"The trial {terms.trial} draws by {terms.columns[0]}, which was not handed over.",
            hint="Pass `traits` to `allocate`.",
        )
    return traits(terms.columns)


def _some(traits: Traits | None, chosen: NDArray[np.bool_]) -> Traits | None:
    """Return traits of some of the customers."""
    if traits is None:
        return None
    return lambda columns: {name: values[chosen] for name, values in traits(columns).items()}


def _stored(connection: sa.Connection, experiment: str, ids: Sequence[int]) -> dict[int, _Standing]:
    table, found = assignments.c, {}
    for start in range(0, len(ids), IDS_PER_QUERY):
        query = sa.select(table.assigned_on, table.arm, table.probability, table.customer_id).where(
            table.experiment == experiment, table.customer_id.in_(ids[start : start + IDS_PER_QUERY])
        )
        found.update({row.customer_id: _Standing(*row) for row in connection.execute(query)})
    return found


def _insert(connection: sa.Connection, experiment: str, drawn: Mapping[int, tuple[str, float]], on: date) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(assignments).on_conflict_do_nothing()
    rows = [
        {"experiment": experiment, "customer_id": i, "arm": arm, "probability": chance, "assigned_on": on}
        for i, (arm, chance) in drawn.items()
    ]
    connection.execute(statement, rows)
