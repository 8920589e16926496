"""Draw arms once and remember them: the global control group first, then each strategy's own control from the rest.

The draw itself is a pure function (``assignment``); what is stored is the first result, because shares, salts and
merged customers change later and an arm must not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql, sqlite

from liuke.decide.strategies import Allocation, Arm, Kin, NoKin, Traits
from liuke.learn.experiments.assignment import draw_arms
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.tables import assignments

GLOBAL_EXPERIMENT = "global_control"
OPEN = "open"  # the other arm of the first draw: strategies may treat these customers
IDS_PER_QUERY = 5_000  # SQLite allows 32,766 variables in a statement, PostgreSQL 65,535


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
        arms, chances = self._arms(connection, GLOBAL_EXPERIMENT, customer_ids, first_shares, on, store)
        free = arms == OPEN
        shares = {Arm.CONTROL.value: control_share, Arm.TREATED.value: 1 - control_share}
        arms[free], chances[free] = self._arms(connection, experiment, customer_ids[free], shares, on, store)
        return Allocation(arms.astype(np.str_), chances)

    def held_out(self, connection: sa.Connection, experiment: str, customer_ids: Collection[int]) -> dict[int, str]:
        """Return those of the customers whom a strategy must not contact, with the arm that says so."""
        own = self._standing(connection, experiment, customer_ids)
        overall = self._standing(connection, GLOBAL_EXPERIMENT, customer_ids)
        held = {i: arm for i, (arm, _) in own.items() if arm == Arm.CONTROL.value}
        return held | {i: arm for i, (arm, _) in overall.items() if arm == Arm.GLOBAL_CONTROL.value}

    def _standing(
        self, connection: sa.Connection, experiment: str, customer_ids: Collection[int]
    ) -> dict[int, tuple[str, float]]:
        """Return each customer's oldest assignment under any of its ids; those without one are left out."""
        ids = self._kin.of(customer_ids)
        stored = _stored(connection, experiment, sorted({one for known_as in ids.values() for one in known_as}))
        oldest = {
            customer: min(((*stored[one], one) for one in known_as if one in stored), default=None)
            for customer, known_as in ids.items()
        }
        return {customer: (row[1], row[2]) for customer, row in oldest.items() if row is not None}

    def _arms(
        self,
        connection: sa.Connection,
        experiment: str,
        ids: NDArray[np.int64],
        shares: Mapping[str, float],
        on: date,
        store: bool,
    ) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
        known = self._standing(connection, experiment, ids.tolist())
        missing = np.array([i for i in ids.tolist() if i not in known], dtype=np.int64)
        drawn = draw_arms(f"{self._settings.seed}/{experiment}", missing, shares)
        new = dict(
            zip(missing.tolist(), zip(drawn.arms.tolist(), drawn.probabilities.tolist(), strict=True), strict=True)
        )
        if store and new:
            _insert(connection, experiment, new, on)
            known |= self._standing(
                connection, experiment, missing.tolist()
            )  # another host may have been first: its draw stands
        else:
            known |= new
        arms = np.array([known[i][0] for i in ids.tolist()], dtype=object)
        return arms, np.array([known[i][1] for i in ids.tolist()], dtype=np.float64)


def export_assignments(connection: sa.Connection) -> pa.Table:
    """Return every stored assignment, shaped like the lake table ``assignments``."""
    columns = assignments.c
    rows = connection.execute(sa.select(assignments).order_by(columns.experiment, columns.customer_id)).all()
    schema = pa.schema(
        [
            ("experiment", pa.string()),
            ("customer_id", pa.int64()),
            ("arm", pa.string()),
            ("probability", pa.float64()),
            ("assigned_on", pa.date32()),
        ]
    )
    return pa.Table.from_pylist([dict(row._mapping) for row in rows], schema=schema)


def _stored(connection: sa.Connection, experiment: str, ids: Sequence[int]) -> dict[int, tuple[date, str, float]]:
    table, found = assignments.c, {}
    for start in range(0, len(ids), IDS_PER_QUERY):
        query = sa.select(table.customer_id, table.assigned_on, table.arm, table.probability).where(
            table.experiment == experiment, table.customer_id.in_(ids[start : start + IDS_PER_QUERY])
        )
        found.update({row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)})
    return found


def _insert(connection: sa.Connection, experiment: str, drawn: Mapping[int, tuple[str, float]], on: date) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(assignments).on_conflict_do_nothing()
    rows = [
        {"experiment": experiment, "customer_id": i, "arm": arm, "probability": chance, "assigned_on": on}
        for i, (arm, chance) in drawn.items()
    ]
    connection.execute(statement, rows)
